#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# devtools/perf.sh, the one command that measures everything: its JSON is complete, its page exists and needs
# no network, and comparisons with it are judged correctly. No time is judged.
# usage: perf-command.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"
dir=$1 share=$1/perf/intel-48 failed=0
perf=$build/app/dpdk-ioas-perf

rc=0
"$top/devtools/perf.sh" --quick --machines intel-48 "$dir/perf" >"$dir/log" 2>&1 || rc=$?
verdict "one command" $rc 0 "$dir/log"
if [ $rc -ne 0 ]; then exit 1; fi

# Every suite, and the results that only the guest has. usage: has MACHINE SUITE NAME
has() {
	python3 - "$dir/perf/results.json" "$@" <<-'END'
		import json, sys
		machine, suite, name = sys.argv[2:]
		root = json.load(open(sys.argv[1]))
		found = [r for r in root["results"] if (r["machine"], r["suite"]) == (machine, suite)
		         and r["name"].startswith(name) and len(r["samples"]) == r["rounds"] > 0]
		known = [e["machine"] for e in [root["environment"]] + root["machines"] if e["kernel"] and
		         e["clock"] == ("instructions" if e["machine"] else "time")]
		sys.exit(not found or machine not in known)
	END
}
missing=''
for what in ',lookup,single' ',eal,single' ',maps,map, chosen' ',memory,one replica' \
	'intel-48,forward,stock' 'intel-48,forward,plugin' 'intel-48,startup,stock' 'intel-48,startup,plugin' \
	'intel-48,maps,map, chosen' 'intel-48,eal,rte_mem_virt2iova, plugin'; do
	IFS=, read -r machine suite name <<<"$what"
	has "$machine" "$suite" "$name" || missing+=" $what"
done
if [ -z "$missing" ]; then case_ok "JSON"; else case_fail "JSON" "missing:$missing"; failed=1; fi

page=$dir/perf/report.html
if grep -q '<svg' "$page" && grep -q 'turn by turn' "$page" && ! grep -qE 'https?:|<script|<link|url\(' "$page"; then
	case_ok "page"
else
	case_fail "page" "pictures are missing, or it names an address: $page"
	failed=1
fi

# The same run with one suite slower. usage: slowed SUITE
slowed() {
	python3 - "$dir/perf/results.json" "$1" >"$dir/slowed.json" <<-'END'
		import json, sys
		root = json.load(open(sys.argv[1]))
		yardsticks = ("floor", "stock", "rte_mem_virt2memseg")
		for r in root["results"]:
		    if r["suite"] == sys.argv[2] and not r["name"].startswith(yardsticks):
		        r["samples"] = [s * 1.2 for s in r["samples"]]
		json.dump(root, sys.stdout)
	END
}
# usage: compared NAME FILE STATUS
compared() {
	rc=0
	"$perf" --compare "$dir/perf/results.json" "$2" >"$dir/compare" 2>&1 || rc=$?
	verdict "$1" $rc "$3" "$dir/compare"
}
compared "the same run is no slower" "$dir/perf/results.json" 0
for suite in lookup eal maps memory; do
	slowed $suite
	compared "$suite 20 % slower" "$dir/slowed.json" 1
	if ! grep -q "^slower: $suite: " "$dir/compare"; then
		case_fail "$suite is named" "$(tail -n 1 "$dir/compare")"
		failed=1
	fi
done
exit $failed
