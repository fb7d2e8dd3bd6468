#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds everything, runs every test, ends with one line that counts them.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/test.sh [-h] [--list] [PATTERN [CASE]]

Installs what is missing (devtools/setup.sh), builds with gcc, clang, the sanitizers, for Arm and POWER, and
runs the stress tests alone; then, beside each other, the unit tests, fuzzing (devtools/fuzz.sh), checks of
the documentation and the packages, and the tests of test/guest in emulated machines. At the end is a table
of what ran where (devtools/matrix.sh), and the last line says how many passed and failed; the status is 0
if at least one test ran and none failed. Logs: build/test/all, or build/test/PATTERN.

With PATTERN: only the tests whose name matches it, and what they need. A test has one of these names:

  hotplug      a file of test/guest, on all its machines: devtools/test.sh hotplug, devtools/test.sh 'no-*'
  hotplug-2    the same on one machine, that of its second line "# guest:"
  map-iommufd  a unit test of build/gcc: devtools/test.sh 'map-*'

With CASE: only the cases of unit tests whose name matches it: devtools/test.sh map-iommufd 'all lengths*'.

  --list           prints the names of the tests that match PATTERN, or of all, and runs none

  DPDK_IOAS_JOBS   of these at a time (default 3: on two processors one always waits for something)
  DPDK_IOAS_CHURN  seconds that churn.sh takes on each machine (default 45)
  DPDK_IOAS_SOAK   seconds that foreign-soak.sh takes on each machine (default 45)

A file of test/guest runs in the guest, once for each of its lines "# guest: OPTIONS" (options of
devtools/guest.sh), with the build's files named by its lines "# add: PATH" in /share (PATH may be a
pattern; an Arm guest gets those of build/arm64, a POWER guest those of build/ppc64; with a line
"# build: coverage" an x86 guest gets those of build/coverage when all is run, with "# build: asan" the
plugin of build/asan); a file that
starts with #! runs here, with a folder for its logs as argument. Both print PASS, FAIL and SKIP lines.
EOF
}

only_list=''
case ${1-} in
-h | --help) usage; exit 0 ;;
--list) only_list=yes; shift ;;
-*) usage >&2; die "unknown option $1" ;;
esac
[ $# -le 2 ] || die "more than a pattern and a case: $* (quote what has blanks or *)"
pattern=${1-} case=${2-}
[ -n "$pattern" ] || [ -z "$case" ] || die "of which test? Name it, or '*', before the case"
jobs=${DPDK_IOAS_JOBS:-3}
# A folder for each pattern, so that runs with different ones do not disturb each other.
logs=$top/build/test/${pattern:-all}
results=$logs/results

# Prints the PASS, FAIL and SKIP lines of standard input with a prefix, and keeps them.
collect() {
	{ grep -aE '^(PASS|FAIL|SKIP) ' || true; } | tr -d '\r' |
		sed -E "s|^([A-Z]+) |\1 $1: |" | tee -a "$results"
}

# Prints a line for each test of a build. usage: unit_tests BUILD [OPTION OF MESON TEST]...
unit_tests() {
	local name=$1 rc=0 prefix=() log
	shift
	log=$(mktemp)
	# The thread sanitizer of GCC 12 does not cope with all of the kernel's address randomisation.
	if [ "$name" = tsan ] && setarch -R true 2>/dev/null; then prefix=(setarch -R); fi
	# What one thread does time and again has no races.
	if [ "$name" = tsan ]; then prefix+=(env UNIT_QUICK=1); fi
	"${prefix[@]}" meson test -C "$top/build/$name" --no-rebuild --print-errorlogs "$@" >"$log" 2>&1 || rc=$?
	cat "$log" >&2
	awk '/^ *[0-9]+\/[0-9]+ / {
		# "SUITE / NAME" where there are suites
		test = $3 == "/" ? $4 : $2
		for (i = NF; i > 2; i--)
			if ($i ~ /^(OK|EXPECTEDFAIL)$/) { print "PASS " test; next }
			else if ($i == "SKIP") { print "SKIP " test; next }
			else if ($i ~ /^(FAIL|TIMEOUT|ERROR|UNEXPECTEDPASS|INTERRUPT)$/) {
				print "FAIL " test ": " $i; next }
	}' "$log"
	rm "$log"
	# It returns how many have failed.
	return $((rc != 0))
}

# One boot. usage: in_guest NAME FILE GUEST-OPTION...
in_guest() {
	local name=$1 file=$2 dir=$logs/$1 rc=0 started=$SECONDS build=$build from files path add=()
	shift 2
	mkdir -p "$dir/share"
	if [ -z "$pattern" ] && grep -q '^# build: coverage$' "$file"; then build=$top/build/coverage; fi
	if grep -q '^# build: asan$' "$file"; then
		build=$top/build/asan
		for path in libasan.so.8 libubsan.so.1 libstdc++.so.6; do
			add+=(--add "$(gcc -print-file-name=$path)")
		done
	fi
	from=$(build_for "$@")
	if [ "$from" = "$top/build/coverage" ]; then
		mkdir -p "$dir/share/gcov"
		chmod 1777 "$dir/share/gcov"
	fi
	while read -r files; do
		for path in "$from"/$files; do
			# A build with sanitizers has no programs for guests.
			[ -e "$path" ] || path=$top/build/gcc/${path#"$from/"}
			if [ ! -d "$path" ]; then add+=(--add "$path"); fi
		done
	done < <(sed -n 's/^# add: //p' "$file")
	guest --share "$dir/share" --cmdline "GUEST_CHURN=${DPDK_IOAS_CHURN:-45}" \
		--cmdline "GUEST_SOAK=${DPDK_IOAS_SOAK:-45}" "${add[@]}" "$@" \
		"$file" >"$dir/printed" 2>"$dir/errors" || rc=$?
	# What a guest that was booted once again has printed before does not count.
	awk '/^guest: booted once again/ { n = 0; next } { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }' "$dir/printed" >"$dir/output"
	report "$name" "$dir" $rc
}

on_host() {
	mkdir -p "$logs/$1"
	check "$1" env DPDK_IOAS_BUILD="$build" "$2" "$logs/$1"
}

# Something that prints PASS and FAIL lines. usage: check NAME COMMAND...
check() {
	local name=$1 dir=$logs/${1// /-} rc=0 started=$SECONDS
	shift
	mkdir -p "$dir"
	"$@" >"$dir/output" 2>"$dir/errors" || rc=$?
	report "$name" "$dir" $rc
}

# What the run of a file printed becomes results. A run that fails without saying why, or that
# says nothing, is a failure.
report() {
	local name=$1 dir=$2 rc=$3 took=$((SECONDS - started))
	{
		cat "$dir/output"
		if [ "$rc" -ne 0 ] && ! { [ "$rc" -eq 1 ] && grep -q '^FAIL' "$dir/output"; }; then
			echo "FAIL run: status $rc, $(tail -n 1 "$dir/errors")"
		elif ! grep -qE '^(PASS|FAIL|SKIP)' "$dir/output"; then
			echo "FAIL run: no results"
		fi
	} >"$dir/report"
	{
		flock 8
		if grep -q '^FAIL' "$dir/report"; then
			say "---- $name: what it printed (all: $dir)"
			tail -n 80 "$dir/output" >&2
			tail -n 30 "$dir/errors" >&2
		fi
		collect "$name" <"$dir/report"
		say "$name took $took s"
	} 8>"$logs/lock"
}

# Whether the pattern asks for a test with one of these names. usage: wanted NAME...
wanted() {
	local name
	for name; do
		# shellcheck disable=SC2053
		if [ -z "$pattern" ] || [[ $name == $pattern ]]; then return; fi
	done
	return 1
}

# Lists the runs of guest tests that the pattern asks for: name, file, options of the guest.
list() {
	local file name line n
	for file in "$top"/test/guest/[!_]*.sh; do
		name=$(basename "$file" .sh)
		n=0
		while read -r line; do
			n=$((n + 1))
			if wanted "$name" "$name-$n"; then printf '%s\t%s\t%s\n' "$name-$n" "$file" "$line"; fi
		done < <(sed -n 's/^# guest: *//p' "$file")
		# Without such a line it runs on this machine.
		if [ $n -eq 0 ] && wanted "$name"; then printf '%s\t%s\t\n' "$name" "$file"; fi
	done
}

# Whether a unit test has a case that is asked for.
has_case() {
	local file=$top/test/unit/test_$1.c name
	if [ -z "$case" ]; then return; fi
	# "map-iommufd" is test_map.c with a backend.
	if [ ! -e "$file" ]; then file=$top/test/unit/test_${1%-*}.c; fi
	if [ ! -e "$file" ]; then return 1; fi
	while read -r name; do
		# shellcheck disable=SC2053
		if [[ $name == $case ]]; then return; fi
	done < <(sed -nE 's/^.*\{ "([^"]+)", \w+ \}.*$/\1/p' "$file")
	return 1
}

# Lists the unit tests that the pattern and the case ask for.
list_units() {
	local name
	"$top/devtools/build.sh" --configure gcc
	while read -r name; do
		if wanted "$name" && has_case "$name"; then echo "$name"; fi
	done < <(meson test -C "$top/build/gcc" --no-rebuild --list 2>/dev/null | awk '{ print $NF }')
}

# One of the machines that the runs boot for each kernel, and for each release of DPDK that is not the
# one that is installed here: MACHINE [RELEASE].
machines() {
	local machine release file options asked
	if [ ! -s "$logs/runs" ]; then return; fi
	# A test that runs here boots the machines that it names.
	asked=$(while IFS=$'\t' read -r _ file options; do
		if [ -n "$options" ]; then echo "$options"; else cat "$file"; fi
	done <"$logs/runs")
	echo intel-39
	for machine in smmuv3 pseries powernv9; do
		if grep -qw $machine <<<"$asked"; then echo $machine; fi
	done
	# shellcheck disable=SC2154
	for release in "${!dpdk_suites[@]}"; do
		release=$(other_release "$release")
		if [ -z "$release" ]; then continue; fi
		if grep -q -- "--dpdk $release" <<<"$asked"; then echo "intel-39 $release"; fi
	done
}

# What takes minutes on a new machine: a call of devtools/ each. The kernel of a variant comes with that of
# its architecture.
needs() {
	local machine release arch
	while read -r machine release; do
		arch=$(arch_of_machine "$machine")
		echo "kernel.sh $arch"
		if [ "$arch" != x86 ] || [ -n "$release" ]; then echo "sysroot.sh $arch $release"; fi
	done < <(machines)
	if grep -q -- '--linux newest' "$logs/runs"; then echo "kernel.sh x86 newest"; fi
}

# Has something run beside the others, so many at a time. usage: start NAME COMMAND...
expected=() # the names whose results must be there in the end
start() {
	local name=$1
	shift
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
	expected+=("$name")
	"$@" &
}

finish() {
	local name
	wait
	for name in "${expected[@]}"; do
		if ! grep -q "^[A-Z]* $name: " "$results"; then
			echo "FAIL run: it left no result" | collect "$name"
		fi
	done
}

# What takes the time of ten guests comes first: what runs on this machine, and files with a line "# long".
long_first() {
	local name file options
	while IFS=$'\t' read -r name file options; do
		if [ -z "$options" ] || grep -q '^# long$' "$file"; then printf 0; else printf 1; fi
		printf '\t%s\t%s\t%s\n' "$name" "$file" "$options"
	done | sort -s -n -k 1,1 | cut -f2-
}

guest_tests() {
	local all name file options n=0
	mapfile -t all < <(long_first <"$logs/runs")
	for run in "${all[@]}"; do
		IFS=$'\t' read -r name file options <<<"$run"
		n=$((n + 1))
		if [ -n "$options" ]; then
			# shellcheck disable=SC2086
			start "$name" in_guest "$name" "$file" $options
		else
			start "$name" on_host "$name" "$file"
		fi
		say "guest test $n of ${#all[@]}: $name $options"
	done
}

# A check that prints what is wrong. usage: lint_check NAME COMMAND...
lint_check() {
	local name=$1
	shift
	say "lint: $name"
	if (cd "$top" && "$@") >&2; then
		echo "PASS $name"
	else
		echo "FAIL $name: see above"
	fi | collect lint
}

lint() {
	# shellcheck disable=SC2046
	lint_check shellcheck shellcheck -x .ci/run devtools/guest/init $(cd "$top" && find devtools test -name '*.sh')
	lint_check codespell codespell
	lint_check "workflow files" sh -c 'devtools/workflows.py .github/workflows/*.yml .gitlab-ci.yml'
	lint_check structure devtools/structure.py
	lint_check "devtools/mutate/known has mutants only" sh -c \
		'devtools/mutate/mutants.py list --check --known devtools/mutate/known lib/ioas/*.[ch]'
}

"$top/devtools/setup.sh"
runs='' units=()
if [ -z "$case" ]; then runs=$(list); fi
if [ -n "$pattern$only_list" ]; then
	mapfile -t units < <(list_units)
	[ -n "$runs${units[*]}" ] ||
		die "no test matches \"$pattern\"${case:+ and has a case \"$case\"}: devtools/test.sh --list prints all names"
fi
if [ -n "$only_list" ]; then
	{ cut -f1,3 <<<"$runs"; printf '%s\n' "${units[@]}"; } | sed '/^$/d'
	exit
fi
rm -rf "$logs"
mkdir -p "$logs"
: >"$results"
printf '%s' "${runs:+$runs$'\n'}" >"$logs/runs"

# Downloads and linking leave a processor idle.
(cd "$top/devtools" && needs | sort -u | xargs -P "$jobs" -I{} sh -c './{} >/dev/null')
if [ -z "$pattern" ]; then
	lint
	"$top/devtools/build.sh" gcc clang asan tsan coverage fuzz
else
	"$top/devtools/build.sh" gcc
	if cut -f2 "$logs/runs" | sort -u | xargs -r grep -l '^# build: asan$' | grep -q .; then
		"$top/devtools/build.sh" asan
	fi
fi
while read -r machine release; do
	arch=$(arch_of_machine "$machine")
	from=$(build_for --machine "$machine" --dpdk "$release")
	if [ "$from" != "$build" ]; then "$top/devtools/build.sh" "$(basename "$from")"; fi
	"$top/devtools/kernel.sh" "$(kernel_of_machine "$machine")" >/dev/null
	"$top/devtools/initramfs.sh" "$arch" "$release" >/dev/null
done < <(machines)

if [ -z "$pattern" ]; then
	say "stress tests"
	for name in gcc tsan; do start "stress $name" check "stress $name" unit_tests $name --suite stress; done
	wait
	say "unit tests, documentation, packages, fuzzing"
	for name in tsan gcc; do
		start "unit $name" check "unit $name" unit_tests $name --num-processes 1 --no-suite stress
	done
	start "unit asan" check "unit asan" unit_tests asan --num-processes 1
	start "unit valgrind" check "unit valgrind" unit_tests gcc --num-processes 1 --setup valgrind
	for name in docs abi deb; do start $name check $name "$top/devtools/$name.sh"; done
	start fuzz check fuzz "$top/devtools/fuzz.sh" --jobs 1
elif [ ${#units[@]} -gt 0 ]; then
	if [ -n "$case" ]; then export UNIT_CASE=$case; fi
	start "unit gcc" check "unit gcc" unit_tests gcc "${units[@]}"
fi
guest_tests
finish
if [ -z "$pattern" ]; then
	say "coverage"
	if "$top/devtools/coverage.sh" "$logs" >"$logs/coverage"; then
		echo "PASS coverage"
	else
		echo "FAIL coverage: too many lines that no test executes, see above"
	fi | collect coverage
	cat "$logs/coverage" >&2
fi

count() { grep -c "^$1 " "$results" || true; }
passed=$(count PASS) failed=$(count FAIL) skipped=$(count SKIP)
if [ "$failed" -gt 0 ]; then
	say "failed:"
	grep '^FAIL ' "$results" >&2
fi
"$top/devtools/matrix.sh" "$logs"
line="$passed passed, $failed failed"
if [ "$skipped" -gt 0 ]; then line+=", $skipped skipped"; fi
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
