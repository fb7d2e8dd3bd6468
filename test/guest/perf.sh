# SPDX-License-Identifier: BSD-3-Clause
# dpdk-ioas-perf with a kernel, hugepages, a device and the plugin: it makes the measurements that need them.
# guest: --machine intel-48
# add: app/dpdk-ioas-perf
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
log=/tmp/perf.log

# Printed, not judged: of an emulated machine's times only the ratios are meaningful.
measured() {
	local name=$1 result=$2
	shift 2
	wrong=''
	/share/dpdk-ioas-perf --quick --json /tmp/perf.json "$@" >$log 2>&1 || wrong="status $?;"
	cat $log
	grep -q "$result" /tmp/perf.json || wrong="$wrong no $result;"
	case_end "$name" "$wrong"
}
measured "maps on the kernel" '"pattern": "kernel"' --suite maps
measured "maps with a device" '"pattern": "device"' --suite maps --allow "$1"
measured "EAL with hugepages, no plugin" '"rte_mem_virt2iova, mode PA"' --suite eal -- --no-pci -m 128
measured "EAL with the plugin" '"rte_mem_virt2iova, plugin"' --suite eal -- -d $plugin -a "$1" -m 128
measured "lookups" '"name": "single"' --suite lookup
measured "the tables' memory" '"name": "one replica"' --suite memory
finish
