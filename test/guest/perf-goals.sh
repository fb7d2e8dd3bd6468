#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The status of devtools/perf.sh: with goals that are met and that are not, and with runs to compare. In a
# separate repository with invented machines: they measure $FORWARD and $STARTUP times the value of stock EAL.
# usage: perf-goals.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"
share=$1 failed=0
unset DPDK_IOAS_BUILD
export PERF=$build/app/dpdk-ioas-perf FORWARD=1 STARTUP=0.97

repository=$(mktemp -d)
trap 'rm -rf "$repository"' EXIT
log=$repository/log
mkdir "$repository/devtools"
cp "$top/devtools/perf.sh" "$top/devtools/common.sh" "$repository/devtools/"
cat >"$repository/devtools/setup.sh" <<-'END'
	#!/bin/sh
END
cat >"$repository/devtools/build.sh" <<-'END'
	#!/bin/sh
	# This machine measures nothing.
	app=$(dirname "$0")/../build/gcc/app
	mkdir -p "$app"
	printf '#!/bin/sh\nexec "$PERF" --suite none "$@"\n' >"$app/dpdk-ioas-perf"
	chmod +x "$app/dpdk-ioas-perf"
END
cat >"$repository/devtools/guest.sh" <<-'END'
	#!/usr/bin/env python3
	import json, os, sys
	options = dict(zip(sys.argv, sys.argv[1:]))
	machine = options["--machine"]
	results = []
	for suite, unit in (("forward", "pps"), ("startup", "ms")):
	    ratio = os.environ[suite.upper()]
	    for name, times in (("stock", 1), ("plugin", float(ratio or 0))):
	        if times:
	            results.append({
	                "machine": machine, "suite": suite, "name": name, "unit": unit,
	                "pattern": "PA" if machine == "intel-39" else "VA",
	                "samples": [(1000 + turn) * times for turn in range(5)]})
	os.makedirs(options["--share"], exist_ok=True)
	with open(options["--share"] + "/results.json", "w") as file:
	    json.dump({"environment": {"machine": machine}, "results": results}, file)
END
chmod +x "$repository"/devtools/*.sh
git() { command git -C "$repository" -c user.name=test -c user.email=test "$@"; }
git init -q
git add .
git commit -q -m "made up"

# usage: runs NAME STATUS LINE COUNT [OPTION]...: a line of its output matches this many times
runs() {
	local name=$1 status=$2 line=$3 count=$4 rc=0 found
	shift 4
	"$repository/devtools/perf.sh" "$@" "$repository/out" >"$log" 2>&1 || rc=$?
	cp "$log" "$share/log"
	verdict "$name" $rc "$status" "$log"
	found=$(grep -cE -- "$line" "$log") || true
	if [ "$found" -ne "$count" ]; then
		sed 's/^/  | /' "$log"
		case_fail "$name: lines" "'$line' $found times, not $count"
		failed=1
	fi
}

missed='^dpdk-ioas-perf: goal not met: testpmd'\''s '
runs "goals that are met" 0 "$missed" 0
# These are of each machine that is emulated by default: of Intel, of AMD and of Arm.
judged=$(python3 - "$repository/out/results.json" <<-'END'
	import json, sys
	for goal in json.load(open(sys.argv[1]))["goals"]:
	    if goal["verdict"] == "met" and goal["goal"].startswith("testpmd's "):
	        print(goal["goal"].split(", ")[-1])
END
)
for machine in intel-48 intel-39 amd smmuv3; do
	if [ "$(grep -c "^$machine (" <<<"$judged")" -eq 2 ]; then
		case_ok "both goals on $machine"
	else
		case_fail "both goals on $machine" "met are: ${judged//$'\n'/, }"
		failed=1
	fi
done

FORWARD=0.95 runs "packets on all machines" 1 "${missed}packets .*, wanted >= 0.98: missed by 3.1 %" 4
for said in '^report: ' 'intel-48 \(VA\) .* NOT MET$'; do
	grep -qE "$said" "$log" || { case_fail "the report is there" "no line '$said'"; failed=1; }
done
STARTUP=1.05 runs "start-up on one machine" 1 "${missed}start-up time, .*amd .* <= 1: missed by 5 %" 1 --machines amd
FORWARD='' runs "packets that were not measured" 1 "${missed}packets .*: not measured" 1 --machines amd
FORWARD=0.95 runs "few turns" 0 "$missed" 0 --turns 4
FORWARD=0.95 runs "a quick run" 0 "$missed" 0 --quick
FORWARD=0.95 runs "a machine without goals" 0 "$missed" 0 --machines virtio-iommu

at=(--machines intel-48 --base)
runs "a base" 0 '^compared 4 results: ' 1 "${at[@]}" HEAD
FORWARD=0.95 runs "a base that misses goals as well" 1 '^compared 4 results: ' 1 "${at[@]}" HEAD
runs "no commit before" 0 '^no base: nothing to compare with$' 1 "${at[@]}" "$(printf '%040d' 0)"
unknown=$(printf '1f%.0s' {1..20})
runs "a commit that is not here" 0 "^no base: this clone has no commit $unknown, " 1 "${at[@]}" "$unknown"
runs "a branch that is not here" 1 '^error: --base: there is no revision mian$' 1 "${at[@]}" mian
runs "half an id that is not here" 1 '^error: --base: there is no revision 1f1f1f1$' 1 "${at[@]}" 1f1f1f1
runs "an empty base" 1 '^error: --base needs a value$' 1 "${at[@]}" ''
mv "$repository/.git" "$repository/gone"
runs "no clone" 1 '^error: --base: no repository for git$' 1 "${at[@]}" "$unknown"
exit $failed
