# SPDX-License-Identifier: BSD-3-Clause
# Packets flow with a NIC and memory on each of two NUMA nodes, and telemetry reports them.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e --nodes 2
# guest: --machine intel-48 --nics e1000e,virtio --nodes 2 --linux newest
# guest: --machine intel-48 --nics e1000e,virtio --nodes 2 --dpdk 24.11
# add: test/guest/apps/telemetry
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
for node in 0 1; do
	shown=$(cat "/sys/bus/pci/devices/$1/numa_node")
	if [ "$shown" = $node ]; then
		case_ok "NIC $node is on node $node"
	else
		case_fail "NIC $node is on node $node" "it is on node $shown"
	fi
	shift
done

# The trace's events end before EAL's memory goes, which it frees node by node.
forward "grown, traced" -d $plugin '--trace=ioas.*' --trace-dir=/tmp -- --numa
forward "preallocated" -d $plugin --socket-mem=128,128 -- --numa
# shellcheck disable=SC2046
give_to_user $(nics)
as=dpdk
forward "ordinary user, grown" -d $plugin -- --numa
forward "ordinary user, preallocated" -d $plugin --socket-mem=128,128 -- --numa

# usage: telemetry NAME [ARGUMENT]...
telemetry() {
	local name=$1 wrong=''
	shift
	su "${as:-root}" -s /bin/sh -c "ulimit -l 400000; exec /share/telemetry -l 0,2 --socket-mem=64,64 \
		--file-prefix telemetry -d $plugin -- $*" >"$log" 2>&1 || wrong="status $?;"
	rm -f /dev/hugepages/telemetrymap*
	grep -q '^PASSED' "$log" || wrong="$wrong $(grep '^not ok' "$log")"
	case_end "$name" "$wrong"
}
export DPDK_IOAS=quarantine=64M
telemetry "telemetry, ordinary user"
as=''
telemetry "telemetry"
DPDK_IOAS=quarantine=64M,isolate=device telemetry "telemetry, isolated" isolated
DPDK_IOAS=quarantine=64M,backend=type1 telemetry "telemetry, type1"
finish
