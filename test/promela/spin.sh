#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks table.pml with spin, all states of it. The model must be right, and each mutant wrong in
# the claim that is named with it.
set -euo pipefail
model=$(cd "$(dirname "$0")" && pwd)/table.pml

# Name; what must come of it: right, or the claim that must be found wrong; definitions. What is
# wrong shows within 3 calls of the writer.
checks='
model             right
two-readers       right         READERS=2 CALLS=2
halt              right         HALT CALLS=3
weak-publish      MADE          WEAK_PUBLISH
weak-set-iommu    VALID         WEAK_SET
weak-set-data     WROTE         WEAK_SET
weak-entry-junk   MADE          WEAK_ENTRY
weak-entry-data   WROTE         WEAK_ENTRY
weak-word         WROTE         WEAK_WORD
weak-kernel       VALID         WEAK_KERNEL
set-first         VALID         SET_FIRST
unmap-first       VALID         UNMAP_FIRST
unmap-first-gone  GONE          UNMAP_FIRST
one-replica       STAYS         ONE_REPLICA
reuse-detail      MADE          REUSE_DETAIL
split-empty       MADE          SPLIT_EMPTY
split-stays       STAYS         SPLIT_EMPTY
torn              MADE          TORN
reader-waits      HALT          HALT READER_WAITS
entry             NEVER_ENTRY
page              NEVER_PAGE
pages             NEVER_PAGES
empty             NEVER_EMPTY
empty-page        NEVER_EMPTY_PAGE
old               NEVER_OLD
new               NEVER_NEW
stayed            NEVER_STAYED
remapped          NEVER_REMAPPED
apart             NEVER_APART
'

usage() {
	cat <<EOF
usage: test/promela/spin.sh [-h | --list | CHECK...]

Checks the model of the lookup table's protocol, table.pml, with spin. Prints a line PASS or FAIL
for each CHECK, or for all of them; the status is 0 if all pass. --list prints their names.
Needs spin and gcc, and for the largest 400 MB of memory and 10 seconds or so.
EOF
}

# Prints all that the checker says. usage: explore EXPECTED DEFINITION...
explore() {
	local expected=$1 definitions optimise=-O2 end=()
	shift
	definitions=("${@/#/-D}")
	if [ "$expected" != right ]; then
		definitions+=(-DCALLS=3)
		optimise=-O0 # the compiler would take longer than the search
	fi
	# "halt" is claimed by an assertion of its own.
	case $expected in right | HALT) ;; *) definitions+=("-DCLAIMS=$expected") ;; esac
	# A writer that halts does not end where it should.
	case " $* " in *" HALT "*) end=(-E) ;; esac
	cd "$dir"
	rm -f pan*
	spin -a "${definitions[@]}" "$model" &&
		gcc $optimise -w -DSAFETY -DCOLLAPSE -DMEMLIM=2000 -o pan pan.c &&
		./pan -m10000 "${end[@]}"
}

# Prints what is wrong with it, if anything is. usage: judge NAME EXPECTED
judge() {
	local name=$1 expected=$2
	if ! grep -q '^State-vector .* errors: [0-9]' "$dir/answer"; then
		echo "no result: $(tail -n 1 "$dir/answer")"
	elif [ "$expected" != right ]; then
		grep -q '^pan:1: assertion violated' "$dir/answer" || echo "no error found"
	elif ! grep -q '^State-vector .* errors: 0$' "$dir/answer"; then
		grep -m 1 '^pan:1:' "$dir/answer" || echo "an error"
	elif grep -qiE 'search depth too small|not completed|out of memory' "$dir/answer" ||
		! grep -q '^Full statespace search' "$dir/answer"; then
		echo "it did not visit all states"
	elif [ "$name" = model ]; then
		# Nothing may be left out, but the end of the process that goes on for ever.
		awk '/^unreached in/ { where = $NF }
			/, state [0-9]+, / && !(where == "stores" && /"-end-"/) && n++ == 0 {
				first = where " " $1 " " $2 " " $3 " " $4 }
			END { if (n > 0) print n " statements are never reached, first " first }' \
			"$dir/answer"
	fi
}

# usage: check NAME EXPECTED DEFINITION...
check() {
	local name=$1 expected=$2 problem figures
	shift
	(explore "$@") >"$dir/answer" 2>&1 || true
	problem=$(judge "$name" "$expected")
	if [ -n "$problem" ]; then
		cat "$dir/answer" >&2
		echo "FAIL $name: $problem"
		return 1
	fi
	figures=$(sed -nE 's/^ *([0-9]+) states, stored.*/\1 states/p
		s/^State-vector .* depth reached ([0-9]+),.*/depth \1/p
		s/^ *([0-9]+)\.[0-9]*\s+total actual memory usage.*/\1 MB/p' "$dir/answer" | paste -sd,)
	echo "PASS $name: $expected, ${figures//,/, }"
}

case ${1-} in
-h | --help) usage; exit 0 ;;
--list) awk 'NF { print $1 }' <<<"$checks"; exit 0 ;;
-*) usage >&2; exit 2 ;;
esac
if ! command -v spin >/dev/null || ! command -v gcc >/dev/null; then
	echo "FAIL spin: spin or gcc is not installed: run devtools/setup.sh"
	exit 1
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

rc=0
mapfile -t names < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else "$0" --list; fi)
for name in "${names[@]}"; do
	read -ra line < <(awk -v name="$name" '$1 == name' <<<"$checks") || true
	if [ ${#line[@]} -eq 0 ]; then
		echo "FAIL $name: there is no such check"
		rc=1
		continue
	fi
	check "${line[@]}" || rc=1
done
exit $rc
