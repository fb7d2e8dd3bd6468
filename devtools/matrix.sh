#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shows the results of devtools/test.sh as a table: what ran on which machine, and how it went.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/matrix.sh [-h] FOLDER

Prints a line for each machine, kernel, backend and release of DPDK: how many cases passed, failed and
were skipped, by the files results and runs that devtools/test.sh leaves in FOLDER (build/test/all).
Where a case names no backend it is the one that the library chooses on that machine, "auto". What needs
no guest ("here") is counted by the build, or by what else the unit tests are run with.
EOF
}

case ${1-} in
-h | --help) usage; exit 0 ;;
'') usage >&2; die "which folder?" ;;
esac

# The version of the newest Linux, from the name of its folder.
newest=
if grep -q -- '--linux newest' "$1/runs"; then
	newest=$(basename "$(dirname "$("$top/devtools/kernel.sh" x86 newest)")")
fi
installed=$(dpdk_version "$(installed_versions dpdk-dev)")

table() {
	awk -F'\t' -v here="$(cut -d. -f1,2 <<<"$installed")" -v newest="${newest%%-*}" '
	function option(options, name, default,    word, n, i) {
		n = split(options, word, " ")
		for (i = 1; i < n; i++) if (word[i] == name) return word[i + 1]
		return default
	}
	FILENAME ~ /runs$/ { options[$1] = $3; next }
	{
		split($0, part, ": ")
		name = part[1]
		sub(/^[A-Z]+ /, "", name)
		# Tests on this machine name the machines that they boot.
		given = options[name]
		if (given == "" && match(part[2], machines)) given = "--machine " part[2]
		if (given == "") {
			row = "here\t-\t" (sub(/^(unit|stress) /, "", name) ? name : "-") "\t-"
		} else {
			row = option(given, "--machine", "intel-39")
			linux = option(given, "--linux", "6.12")
			backend = "auto"
			if (match(part[2], /.*(iommufd|groups|type1|spapr)/)) {
				backend = substr(part[2], 1, RLENGTH)
				sub(/.*[^a-z0-9]/, "", backend)
			}
			row = row "\t" (linux == "newest" ? newest : linux) "\t" backend
			row = row "\t" option(given, "--dpdk", here)
		}
		rows[row] = 1
		count[row, substr($0, 1, 4)]++
	}
	END {
		for (row in rows)
			printf "%s\t%d\t%d\t%d\n", row, count[row, "PASS"], count[row, "FAIL"], count[row, "SKIP"]
	}' machines='^(intel-39|intel-48|amd|virtio-iommu|smmuv3|pseries|powernv9) ' "$@"
}

{
	printf 'machine\tLinux\tbackend\tDPDK\tpassed\tfailed\tskipped\n'
	table "$1/runs" "$1/results" | LC_ALL=C sort
} | awk -F'\t' '{ printf "%-13s %-8s %-10s %-6s %7s %7s %7s\n", $1, $2, $3, $4, $5, $6, $7 }'
