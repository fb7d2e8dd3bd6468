#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Changes the code in one place at a time, and tells which changes no test notices.
set -euo pipefail
. "$(dirname "$0")/common.sh"

least=95

usage() {
	cat <<EOF
usage: devtools/mutate.sh [-h] [--list] [--count N] [--seed SEED] [--file PATH]... [--match REGEX] [--jobs N]

Makes mutants of the code: copies that differ in one place, where a condition is negated, a statement is left
out, "<" is "<=", a constant is one larger, and the like. Each is built with the address sanitizer, and
the unit tests and the inputs of test/fuzz run until one fails: that kills the mutant, as does a test that
does not end. Prints those that survive, and as the last line how many there were of each kind. The status
is 0 if at least $least % of those that compile were killed.

A survivor wants a test. One that behaves as the code does belongs into devtools/mutate/known, with the
reason: then it is left out. devtools/mutate/tests says which tests run first. All happens in copies of the
checkout (build/mutate); uncommitted changes are included.

  --count N      a random choice of this many (default: all, which takes a day)
  --seed SEED    of the choice: the same seed and code make the same choice (default 1)
  --file PATH    of this file (default: all of lib/ioas; of the plugin only those in devtools/mutate/tests can
                 be chosen: guests test it, which takes minutes for each mutant)
  --match REGEX  those whose line, as it is printed, matches this
  --list         prints the mutants and runs nothing
  --jobs N       mutants at a time (default: the number of CPUs)
EOF
}

work=$top/build/mutate
list='' jobs=$(nproc) files=() choice=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--list) list=yes; shift ;;
	--jobs) jobs=${2-}; shift 2 ;;
	--file) files+=("${2-}"); shift 2 ;;
	--count | --seed | --match) choice+=("$1" "${2-}"); shift 2 ;;
	*) usage >&2; die "unknown option $1" ;;
	esac
done
if [ ${#files[@]} -eq 0 ]; then
	mapfile -t files < <(cd "$top" && git ls-files 'lib/ioas/*.[ch]' ':!lib/ioas/uapi')
fi
mutants=$top/devtools/mutate/mutants.py
known=$top/devtools/mutate/known

# Copies what differs, with the time of now: ninja must not take a mutant's object for newer.
# usage: copy_checkout FOLDER
copy_checkout() {
	local file
	while read -r file; do
		if [ -f "$top/$file" ] && ! cmp -s "$top/$file" "$1/$file"; then
			mkdir -p "$1/$(dirname "$file")"
			cp --preserve=mode "$top/$file" "$1/$file"
		fi
	done < <(cd "$top" && git ls-files -co --exclude-standard)
}

# The tests of a copy, the best for this file first. usage: tests FOLDER SOURCE
tests() { "$mutants" tests "$1/build" "$top/devtools/mutate/tests" "$2"; }

programs() { tests "$1" none | cut -f2 | sort -u; }

# Makes a copy that mutants are put into, one after the other. usage: prepare FOLDER
prepare() {
	local what=${1#"$top/"} targets
	copy_checkout "$1"
	if [ ! -f "$1/build/build.ninja" ]; then
		with_progress "configure $what" "$1.log" env CC=gcc meson setup "$1/build" "$1" \
			-Dwerror=false -Dwarning_level=0 -Doptimization=1 -Ddebug=false -Dman_pages=disabled \
			-Db_lundef=false -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=undefined
	fi
	# A new test is known once meson has looked at the copy again.
	with_progress "look at $what" "$1.log" ninja -C "$1/build" build.ninja
	mapfile -t targets < <(programs "$1")
	with_progress "compile $what" "$1.log" ninja -C "$1/build" "${targets[@]}"
	if ! grep -q '^drivers/' "$work/list"; then return; fi
	if [ ! -f "$1/plain/build.ninja" ]; then
		with_progress "configure $what for guests" "$1.log" env CC=gcc meson setup "$1/plain" "$1" \
			-Dwerror=false -Dwarning_level=0 -Dman_pages=disabled
	fi
	with_progress "compile $what for guests" "$1.log" ninja -C "$1/plain"
}

# Runs a test, for a limited time, in a copy. usage: run_test FOLDER SECONDS COMMAND
run_test() {
	local tmp=$shm/${1##*/} rc=0
	mkdir -p "$tmp"
	# A mutant may want all memory there is.
	TMPDIR=$tmp UNIT_QUICK=1 ASAN_OPTIONS=hard_rss_limit_mb=3000 timeout -k 1 "$2" sh -c "exec $3" \
		</dev/null >"$1.output" 2>&1 || rc=$?
	rm -rf "$tmp"
	return $rc
}

# Runs a test of test/guest: of those in a machine, on the first that it names. usage: run_guest FOLDER NAME
run_guest() {
	local file=$top/test/guest/$2.sh share=$shm/${1##*/} rc=0 options=() add=() line path
	mkdir -p "$share"
	if grep -q '^#!' "$file"; then
		DPDK_IOAS_BUILD=$1/plain "$file" "$share" </dev/null >"$1.output" 2>&1 || rc=$?
	else
		read -ra options < <(sed -n 's/^# guest: *//p' "$file")
		while read -r line; do
			for path in "$1/plain"/$line; do
				if [ ! -d "$path" ]; then add+=(--add "$path"); fi
			done
		done < <(sed -n 's/^# add: //p' "$file")
		"$top/devtools/guest.sh" --add "$1/plain/drivers/bus/ioas/librte_bus_ioas.so" \
			--add "$1/plain/lib/ioas/libioas.so.1" "${add[@]}" --share "$share" "${options[@]}" \
			"$file" </dev/null >"$1.output" 2>&1 || rc=$?
	fi
	rm -rf "$share"
	[ $rc -eq 0 ] && grep -q '^PASS' "$1.output" && ! grep -q '^FAIL' "$1.output"
}

# The tests must pass without a mutant; how long they take then says when one hangs.
measure() {
	local name command start source rc
	while IFS=$'\t' read -r name command; do
		start=${EPOCHREALTIME/./} rc=0
		case $name in
		guest:*) run_guest "$work/1" "${name#guest:}" || rc=$? ;;
		*) run_test "$work/1" 300 "$command" || rc=$? ;;
		esac
		if [ $rc -ne 0 ]; then
			tail -n 20 "$work/1.output" >&2
			die "$name fails without a mutant, see $work/1.output"
		fi
		printf '%s\t%d\n' "$name" $(((${EPOCHREALTIME/./} - start) / 100000 + 10))
	done < <(cut -f1 "$work/list" | sort -u | while read -r source; do
		tests "$work/1" "$source" | cut -f1,3
	done | sort -u) >"$work/limits"
}

# Runs the mutant that is in a copy; prints its fate. usage: fate FOLDER SOURCE
fate() {
	local name program command built='' targets rc
	while IFS=$'\t' read -r name program command; do
		targets=()
		case $name in
		guest:*)
			if ! ninja -C "$1/plain" drivers/bus/ioas/librte_bus_ioas.so >"$1.log" 2>&1; then
				echo "does not compile"
				return
			fi
			if ! run_guest "$1" "${name#guest:}"; then
				echo "killed by $name"
				return
			fi
			continue ;;
		esac
		if [ -z "$built" ]; then
			built=$program targets=("$program")
		elif [ "$built" != all ] && [ "$program" != "$built" ]; then
			built=all
			mapfile -t targets < <(programs "$1")
		fi
		if [ ${#targets[@]} -gt 0 ] && ! ninja -C "$1/build" "${targets[@]}" >"$1.log" 2>&1; then
			echo "does not compile"
			return
		fi
		rc=0
		run_test "$1" "$(awk -v name="$name" '$1 == name { print $2 }' "$work/limits")" "$command" || rc=$?
		case $rc in
		0) ;;
		124 | 137) echo "killed by time in $name"; return ;;
		*) echo "killed by $name"; return ;;
		esac
	done < <(tests "$1" "$2")
	echo survives
}

# Takes mutants from the list, one after the other. usage: worker FOLDER
worker() {
	local number=0 source index what fate
	while IFS=$'\t' read -r source index what; do
		number=$((number + 1))
		# A mutant belongs to the worker that makes its folder.
		mkdir "$work/taken/$number" 2>/dev/null || continue
		(cd "$work/code" && "$mutants" apply "$source" "$index") >"$1/$source"
		fate=$(fate "$1" "$source")
		cp "$work/code/$source" "$1/$source"
		printf '%d\t%s\t%s\n' "$number" "$fate" "$what" >>"$work/results"
		say "$number of $total: $fate: $what"
	done <"$work/list"
}

if [ -n "$list" ]; then
	cd "$top"
	"$mutants" list --known "$known" "${choice[@]}" "${files[@]}" | cut -f3
	exit
fi
mkdir -p "$work"
exec 9>"$work/lock"
flock -n 9 || die "another devtools/mutate.sh runs in this checkout"
# Mutants are made of this, while the checkout may change.
copy_checkout "$work/code"
(cd "$work/code" && "$mutants" list --known "$known" "${choice[@]}" "${files[@]}") >"$work/list"
total=$(wc -l <"$work/list")
[ "$total" -gt 0 ] || die "there is no such mutant"
shm=$(mktemp -d /dev/shm/mutate.XXXXXX)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$shm"' EXIT
rm -rf "$work/taken" "$work/results"
mkdir "$work/taken"
: >"$work/results"
for ((i = 1; i <= jobs; i++)); do prepare "$work/$i"; done
with_progress "tests without a mutant" "$work/measure.log" measure
for ((i = 1; i <= jobs; i++)); do worker "$work/$i" & done
wait

count() { cut -f2 "$work/results" | grep -c "^$1" || true; }
sort -n "$work/results" | sed -n 's/^[0-9]*\tsurvives\t/SURVIVES /p'
killed=$(count killed) survived=$(count survives)
[ $((killed + survived)) -gt 0 ] || die "none of the mutants compiles, see $work/1.log"
echo "$total mutants: $killed killed ($(count 'killed by time') by time), $survived survived," \
	"$(count 'does not compile') do not compile: $((killed * 100 / (killed + survived))) % killed"
[ $((killed * 100)) -ge $((least * (killed + survived))) ]
