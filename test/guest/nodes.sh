# SPDX-License-Identifier: BSD-3-Clause
# Packets flow with a NIC and memory on each of two NUMA nodes.
# guest: --machine intel-39 --nics e1000e,e1000e --nodes 2
# guest: --machine intel-48 --nics e1000e,virtio --nodes 2
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

forward "grown" -d $plugin -- --numa
forward "preallocated" -d $plugin --socket-mem=128,128 -- --numa
# shellcheck disable=SC2046
give_to_user $(nics)
as=dpdk
forward "ordinary user, grown" -d $plugin -- --numa
forward "ordinary user, preallocated" -d $plugin --socket-mem=128,128 -- --numa
finish
