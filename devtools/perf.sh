#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Measures all that there is to measure, here and in emulated machines, and reports it.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# Those that dpdk-ioas-perf has goals for.
known=intel-48,intel-39,amd,smmuv3

usage() {
	cat <<EOF
usage: devtools/perf.sh [OPTION]... [FOLDER]

Installs what is missing (devtools/setup.sh), builds, runs every suite of dpdk-ioas-perf here, and in
emulated machines testpmd with the plugin and with stock EAL (type1) in turns. Leaves in FOLDER (default
build/perf) results.json, report.html (opens without network) and report.txt. The status is 1 if on one of
$known packets or the start-up miss their goals by more than the
noise (dpdk-ioas-perf --goals), with a line for each.

  --quick          few samples of everything: a test of the command, no meaningful figures
  --machines LIST  the emulated machines (default $known); none: this machine only
  --nics LIST      their NICs (default e1000e,e1000e)
  --turns N        testpmd runs of each kind (default 5; 25 with --wall; 1 with --quick). With fewer than 5 no
                   goals are asked for
  --seconds N      packets are counted so long in each (default 1)
  --wall           the machines' clocks are this machine's, which should have nothing else to do; by default
                   they count instructions (devtools/guest.sh --count): steady, also where much else is
                   done, and without the cost of emulated devices
  --base REF       measures the git revision REF too, before and after, and compares: the status is 1 if
                   anything is slower by more than the noise, with a line for each. A commit that this
                   clone does not have, or zeros, as a CI says for a branch that is new, is nothing to
                   compare with
EOF
}

quick='' machines=$known nics=e1000e,e1000e turns='' seconds=1 wall='' base=''
options=()
while [[ ${1-} == -* ]]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--quick | --wall) printf -v "${1#--}" yes; options+=("$1"); shift ;;
	--machines | --nics | --turns | --seconds)
		needs_value "$@"; printf -v "${1#--}" %s "$2"; options+=("$1" "$2"); shift 2 ;;
	--base) needs_value "$@"; base=$2; shift 2 ;;
	*) usage >&2; die "unknown option $1" ;;
	esac
done
[ $# -le 1 ] || die "more than one folder: $*"
if [ "$machines" = none ]; then machines=''; fi
count=()
if [ -z "$wall" ]; then count=(--count); fi
if [ -z "$turns" ]; then
	if [ -n "$quick" ]; then turns=1; elif [ -n "$wall" ]; then turns=25; else turns=5; fi
fi
if [ -n "$base" ]; then git -C "$top" rev-parse --git-dir >/dev/null || die "--base: no repository for git"; fi
# A name that means nothing was mistyped. An id of a commit was not: the branch is new, or it was rewritten.
if [ -n "$base" ] && ! git -C "$top" rev-parse -q --verify "$base^{commit}" >/dev/null; then
	if [[ $base =~ ^0{40,64}$ ]]; then
		say "no base: nothing to compare with"
	elif [[ $base =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ ]]; then
		say "no base: this clone has no commit $base, nothing to compare with"
	else
		die "--base: there is no revision $base"
	fi
	base=''
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

# A run of another revision, by its own means; whether it meets its goals is no matter. usage: measure_base NAME
measure_base() {
	rm -rf "${out:?}/$1"
	(cd "$out/base" && env -u DPDK_IOAS_BUILD ./devtools/perf.sh "${options[@]}" "$out/$1" >"$out/$1.log" 2>&1) ||
		[ -s "$out/$1/results.json" ] ||
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

add=() goals=''
for machine in ${machines//,/ }; do
	arch=$(arch_of_machine "$machine")
	if [ "$arch" != x86 ]; then "$top/devtools/build.sh" "$arch"; fi
	on_guest "$machine"
	add+=(--add "$out/$machine/share/results.json")
	case ,$known, in *,"$machine",*) goals+=,forward:$machine,startup:$machine ;; esac
done
how=() status=0
if [ -n "$quick" ]; then how+=(--quick); fi
if [ -n "$goals" ] && [ "$turns" -ge 5 ]; then how+=(--goals "${goals#,}"); fi
say "this machine"
"$build/app/dpdk-ioas-perf" "${how[@]}" "${add[@]}" --json "$out/results.json" --html "$out/report.html" \
	>"$out/report.txt" || status=$?
[ $status -le 1 ] || exit $status
sed -n '/^goals/,$p' "$out/report.txt"
if [ -n "$base" ]; then
	measure_base after
	before+=("$out/after/results.json")
	git -C "$top" worktree remove --force "$out/base"
	"$build/app/dpdk-ioas-perf" --compare "${before[@]}" "$out/results.json" \
		--html "$out/report.html" | tee -a "$out/report.txt" || status=$?
fi
echo "report: $out/report.html"
exit $status
