# SPDX-License-Identifier: BSD-3-Clause
# A process without permission for the nodes of VFIO and iommufd uses inherited descriptors. A process with
# only the rights of a container uses the group of the nodes.
# build: coverage
# guest: --machine intel-39 --nics e1000e,virtio
# shellcheck shell=dash disable=SC2034 source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
first=$(cdev "$1") second=$(cdev "$2")
container=/dev/vfio/vfio
groups=$(for bdf; do basename "$(readlink "/sys/bus/pci/devices/$bdf/iommu_group")"; done)

# Removes all permissions to open the nodes.
close_nodes() { chmod 0 /dev/iommu $container "$first" "$second"; }

exec 5<>/dev/iommu 6<>"$first" 7<>"$second"
close_nodes
as=dpdk

expect='no permission to open /dev/iommu' refuse='IOAS: backend iommufd,'
export DPDK_IOAS=backend=iommufd
testpmd_start -l 0-1 --in-memory -d $plugin -- -i --total-num-mbufs=4096
testpmd_end && wrong="it works without descriptors;" || wrong=''
grep -q "IOAS: no permission to open /dev/iommu: .*hand in a descriptor" "$log" ||
	wrong="$wrong no line about /dev/iommu;"
case_end "nothing can be opened" "$wrong"
unset expect refuse

start_line='IOAS: backend iommufd, 2 devices'
export DPDK_IOAS="backend=iommufd,fd=/dev/iommu:5,fd=$1:6,fd=$second:7"
forward "iommufd, by address and by node" -d $plugin

# usage: refused NAME PATTERN OPTIONS
refused() {
	local wrong=''
	export DPDK_IOAS="$3"
	if testpmd_start -l 0-1 --in-memory -d $plugin -- -i --total-num-mbufs=4096; then
		# Without an owned device testpmd has the devices of stock EAL, which are none either.
		:
	fi
	testpmd_end || :
	grep -q -e "$2" "$log" || wrong="printed no '$2';"
	if grep -q "IOAS: backend iommufd, 2 devices" "$log"; then wrong="$wrong it has both devices;"; fi
	case_end "$1" "$wrong"
}
refused "not open" "IOAS: descriptor 77 handed in for /dev/iommu is not open" \
	"backend=iommufd,fd=/dev/iommu:77"
refused "of something else" "IOAS: descriptor 6 handed in for /dev/iommu is of something else" \
	"backend=iommufd,fd=/dev/iommu:6"
refused "of another device" "IOAS: descriptor 7 handed in for $1 is of something else" \
	"backend=iommufd,fd=/dev/iommu:5,fd=$1:7,fd=$2:6"
exec 5<&- 6<&- 7<&-

# The same with a container and groups.
as=''
chmod 600 $container
# shellcheck disable=SC2086
set -- $groups
exec 5<>$container 6<>"/dev/vfio/$1" 7<>"/dev/vfio/$2"
close_nodes
as=dpdk
start_line='IOAS: backend type1, 2 devices'
export DPDK_IOAS="backend=type1,fd=$container:5,fd=/dev/vfio/$1:6,fd=/dev/vfio/$2:7"
forward "type1" -d $plugin
exec 5<&- 6<&- 7<&-

# The rights of a container (doc/guides/containers.rst): the nodes, by the group that data/udev.rules assigns;
# no hugetlbfs, and no permission to write to sysfs.
as=''
unset DPDK_IOAS
echo vfio:x:99:dpdk >>/etc/group
chgrp 99 /dev/iommu "$first" "$second"
chmod 660 /dev/iommu "$first" "$second"
if ! umount /dev/hugepages || ! mount -o remount,ro /sys; then
	case_fail "as in a container" "hugetlbfs and sysfs are as they were"
fi
as=dpdk
start_line='IOAS: backend iommufd, 2 devices'
forward "as in a container" --in-memory --no-telemetry -m 128 -d $plugin
finish
