#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Measures all that there is to measure, here and in emulated machines, and reports it.
set -euo pipefail
. "$(dirname "$0")/../test/guest/_init.sh"

usage() {
	cat <<EOF
usage: devtools/perf.sh [OPTION]... [FOLDER]

Installs what is missing (devtools/setup.sh), builds, runs every suite of dpdk-ioas-perf here, and in
emulated machines testpmd with the plugin and with stock EAL (type1) in turns. Leaves in FOLDER (default
build/perf) results.json, report.html (opens without network) and report.txt.

  --quick          few samples of everything: a test of the command, no meaningful figures
  --machines LIST  the emulated machines (default intel-48,intel-39,amd,smmuv3); none: this machine only
  --nics LIST      their NICs (default e1000e,e1000e)
  --turns N        testpmd runs of each kind (default 5; 25 with --wall)
  --seconds N      packets are counted so long in each (default 1)
  --wall           the machines' clocks are this machine's, which should have nothing else to do; by default
                   they count instructions (devtools/guest.sh --count): steady, also where much else is
                   done, and without the cost of emulated devices
  --base REF       measures the git revision REF too, before and after, and compares: the status is 1 if
                   anything is slower by more than the noise, with a line for each
EOF
}

quick='' machines=intel-48,intel-39,amd,smmuv3 nics=e1000e,e1000e turns='' seconds=1 wall='' base=''
options=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--quick) quick=yes; options+=("$1"); shift; continue ;;
	--wall) wall=yes; options+=("$1"); shift; continue ;;
	--machines | --nics | --turns | --seconds | --base) [ $# -ge 2 ] || die "$1 needs a value" ;;
	-*) usage >&2; die "unknown option $1" ;;
	*) break ;;
	esac
	case $1 in
	--machines) machines=$2 ;;
	--nics) nics=$2 ;;
	--turns) turns=$2 ;;
	--seconds) seconds=$2 ;;
	--base) base=$2 ;;
	esac
	if [ "$1" != --base ]; then options+=("$1" "$2"); fi
	shift 2
done
[ $# -le 1 ] || die "more than one folder: $*"
if [ "$machines" = none ]; then machines=''; fi
count=()
if [ -z "$wall" ]; then count=(--count); fi
if [ -z "$turns" ]; then
	if [ -n "$quick" ]; then turns=1; elif [ -n "$wall" ]; then turns=25; else turns=5; fi
fi
mkdir -p "${1:-$top/build/perf}"
out=$(cd "${1:-$top/build/perf}" && pwd)

# Testpmd's turns on a machine. usage: on_guest MACHINE
on_guest() {
	local machine=$1 from dir=$out/$1 rc=0
	from=$(build_for --machine "$machine")
	rm -rf "$dir"
	mkdir -p "$dir"
	echo "$turns $seconds ${wall:-no} $quick" >"$dir/turns"
	echo "$nics" >"$dir/nics"
	say "$turns turns on $machine"
	guest "${count[@]}" --machine "$machine" --nics "$nics" --share "$dir/share" --add "$dir/turns" \
		--add "$dir/nics" --add "$from/app/dpdk-ioas-perf" \
		--add "$from/test/guest/apps/testpmd_turn" \
		--timeout $((600 + turns * 2 * (seconds + 60))) \
		"$top/devtools/perf-guest.sh" >"$dir/output" 2>"$dir/errors" || rc=$?
	if [ $rc -ne 0 ] || [ ! -s "$dir/share/results.json" ]; then
		tail -n 20 "$dir/output" "$dir/errors" >&2
		die "nothing measured on $machine: status $rc; all in $dir"
	fi
}

# A run of another revision, by its own means. usage: measure_base NAME
measure_base() {
	(cd "$out/base" && env -u DPDK_IOAS_BUILD ./devtools/perf.sh "${options[@]}" "$out/$1" >"$out/$1.log" 2>&1) ||
		{ tail -n 20 "$out/$1.log" >&2; die "the run of $base failed: all in $out/$1.log"; }
}

"$top/devtools/setup.sh"
"$top/devtools/build.sh" "$(basename "$build")"
before=()
if [ -n "$base" ]; then
	git -C "$top" worktree remove --force "$out/base" 2>/dev/null || true
	git -C "$top" worktree add --detach "$out/base" "$base" >&2
	if [ -x "$out/base/devtools/perf.sh" ]; then
		measure_base before
		before=("$out/before/results.json")
	else
		say "$base has no devtools/perf.sh: nothing to compare with"
		base=''
	fi
fi

add=()
for machine in ${machines//,/ }; do
	arch=$(arch_of_machine "$machine")
	if [ "$arch" != x86 ]; then "$top/devtools/build.sh" "$arch"; fi
	on_guest "$machine"
	add+=(--add "$out/$machine/share/results.json")
done
how=()
if [ -n "$quick" ]; then how=(--quick); fi
say "this machine"
"$build/app/dpdk-ioas-perf" "${how[@]}" "${add[@]}" --json "$out/results.json" --html "$out/report.html" \
	>"$out/report.txt"
sed -n '/^goals/,$p' "$out/report.txt"
if [ -n "$base" ]; then
	measure_base after
	before+=("$out/after/results.json")
	git -C "$top" worktree remove --force "$out/base"
	"$build/app/dpdk-ioas-perf" --compare "${before[@]}" "$out/results.json" \
		--html "$out/report.html" | tee -a "$out/report.txt"
fi
echo "report: $out/report.html"
