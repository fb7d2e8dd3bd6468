#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fuzzes the targets of test/fuzz with libFuzzer.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/fuzz.sh [-h] [--merge] [--jobs N] [TARGET]...

Builds with libFuzzer and sanitizers (devtools/build.sh fuzz) and runs each target of test/fuzz (default:
all) beside each other. They start from test/fuzz/corpus/TARGET; what they find beyond
it is kept in build/fuzz/found/TARGET for the next run. Prints a PASS or FAIL line for each; the input
that ends a target is put into test/fuzz/corpus/TARGET, where every build tests it from then on.

  --merge           does not fuzz, but rewrites the corpora: the fewest inputs that reach all that those of
                    the corpus and the found ones do, and those of the name fixed-*, which showed a fault
  --jobs N          so many at a time (default: as many as there are CPUs)
  DPDK_IOAS_FUZZ    seconds for each target (default 60)
EOF
}

merge='' jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--merge) merge=yes; shift ;;
	--jobs) jobs=${2-}; shift 2 ;;
	-*) usage >&2; die "unknown option $1" ;;
	*) break ;;
	esac
done

"$top/devtools/build.sh" fuzz
dir=$top/build/fuzz
corpus=$top/test/fuzz/corpus
# The model of the kernel makes a sysfs for each input: not on a disk.
export TMPDIR=/dev/shm
if [ $# -eq 0 ]; then
	for file in "$dir"/test/fuzz/fuzz-*; do
		if [ -f "$file" ]; then set -- "$@" "${file##*/fuzz-}"; fi
	done
fi

fuzz() {
	local target=$1 rc=0 log=$dir/$1.log
	mkdir -p "$dir/found/$target"
	"$dir/test/fuzz/fuzz-$target" -max_total_time="${DPDK_IOAS_FUZZ:-60}" -timeout=60 \
		-print_final_stats=1 -artifact_prefix="$corpus/$target/" "$dir/found/$target" \
		"$corpus/$target" >"$log" 2>&1 || rc=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
	if [ $rc -ne 0 ]; then
		tail -n 40 "$log" >&2
		echo "FAIL $target: status $rc after ${runs:-no} inputs, see $log"
	elif [ "${runs:-0}" -lt 100 ]; then
		echo "FAIL $target: only ${runs:-no} inputs in ${DPDK_IOAS_FUZZ:-60} s, see $log"
	else
		say "$target: $runs inputs"
		echo "PASS $target"
	fi
}

merge() {
	local target=$1
	mkdir -p "$dir/found/$target"
	rm -rf "$dir/merged"
	mkdir "$dir/merged"
	# Code that is reached counts, not how often: tens of files, not hundreds.
	"$dir/test/fuzz/fuzz-$target" -set_cover_merge=1 -use_counters=0 "$dir/merged" "$corpus/$target" \
		"$dir/found/$target" >"$dir/$target.log" 2>&1
	find "$corpus/$target" -type f ! -name 'fixed-*' -delete
	cp "$dir/merged"/* "$corpus/$target/"
	say "$target: $(find "$corpus/$target" -type f | wc -l) inputs"
}

if [ -n "$merge" ]; then
	for target; do merge "$target"; done
	exit
fi
{
	for target; do
		while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
		fuzz "$target" &
	done
	wait
} | tee "$dir/results"
[ "$(grep -c '^PASS' "$dir/results")" -eq $# ]
