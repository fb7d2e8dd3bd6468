#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Tells which lines and branches of lib/ and drivers/ the tests execute.
set -euo pipefail
. "$(dirname "$0")/common.sh"

least=95

usage() {
	cat <<EOF
usage: devtools/coverage.sh [-h] [FOLDER]

Runs the unit tests of build/coverage (devtools/build.sh coverage), adds what guests have counted below
FOLDER (default: build/test), and prints for each file of lib/ and drivers/ how much was executed and
which lines were not. Fails if that is less than $least % of the lines.

Guests count where they run that build: the guest tests with a line "# build: coverage" when
devtools/test.sh runs all, others with DPDK_IOAS_BUILD=build/coverage. A program that is killed counts for
nothing.
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
folder=${1:-$top/build/test}
dir=$top/build/coverage
"$top/devtools/build.sh" coverage

# Each guest has a copy of the build's folders: they are added up one by one.
find "$dir" -name '*.gcda' -delete
with_progress "unit tests of build/coverage" "$dir/test.log" \
	env UNIT_QUICK=1 meson test -C "$dir" --no-rebuild --suite unit --suite fuzz
sum=$dir/sum next=$dir/next guests=0
rm -rf "$sum"
mkdir "$sum"
(cd "$dir" && find . -path ./sum -prune -o -name '*.gcda' -exec cp --parents -t "$sum" {} +)
while read -r counts; do
	gcov-tool merge -o "$next" "$sum" "$counts" >>"$dir/merge.log" 2>&1 ||
		die "cannot add $counts, see $dir/merge.log"
	rm -rf "$sum"
	mv "$next" "$sum"
	guests=$((guests + 1))
done < <(find "$folder" -type d -path "*/gcov/*$dir" 2>/dev/null)
cp -r "$sum"/. "$dir"
rm -rf "$sum"

say "unit tests, and $guests folders of guests"
gcovr -r "$top" --object-directory "$dir" --filter "$top/lib/" --filter "$top/drivers/" --print-summary \
	--fail-under-line $least
