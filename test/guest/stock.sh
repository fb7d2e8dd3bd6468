# SPDX-License-Identifier: BSD-3-Clause
# Without the plugin DPDK works as always. With it and without a device for it, too, and one line says which.
# If the plugin finds no kernel interface, stock EAL has the devices.
# build: coverage
# guest: --machine intel-39
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"

expect='' refuse='IOAS:'
forward "no plugin, IOVA as PA" --iova-mode=pa
forward "no plugin, IOVA as VA" --iova-mode=va --base-virtaddr=0x100000000

expect='IOAS: backend iommufd cannot be used: /dev/iommu does not exist' refuse=''
mv /dev/iommu /tmp/iommu
forward "plugin, but no iommufd: it uses type1" -d $plugin
mv /tmp/iommu /dev/iommu

# No device: virtual ones work as always. Memory is placed for a later device only if no condition prevents
# it; one line says what happens.
unbind "$1"
unbind "$2"
mkdir -p "$XDG_RUNTIME_DIR"
chown dpdk "$XDG_RUNTIME_DIR"
# usage: virtual NAME USER LINE [EAL OPTION]...
virtual() {
	local name=$1 user=$2 line=$3 rc=0 wrong='' command
	shift 3
	command="timeout 120 dpdk-testpmd -l 0-1 --vdev net_null0 --vdev net_null1 -d $plugin $*"
	su "$user" -s /bin/sh -c "$command -- --total-num-mbufs=4096 --tx-first" </dev/null >"$log" 2>&1 ||
		rc=$?
	if [ $rc -ne 0 ]; then wrong="exit status $rc;"; fi
	if [ "$(grep -c IOAS: "$log")" -ne 1 ]; then wrong="$wrong not one line of the plugin;"; fi
	grep -q "$line" "$log" || wrong="$wrong no line '$line';"
	grep -q 'Done' "$log" || wrong="$wrong did not finish;"
	case_end "$name" "$wrong"
}
none='IOAS: no device for the plugin.*, DPDK [0-9.]*$'
virtual "no device" root 'IOAS: backend iommufd, no device yet' --in-memory
virtual "no device, and no PCI" root "$none" --in-memory --no-pci
virtual "no device, IOVA as VA is asked for" root "$none" --in-memory --iova-mode=va
virtual "no device, IOVA as PA is asked for" root "$none" --in-memory --iova-mode=pa
virtual "no device, no huge pages" root "$none" --no-huge -m 256
virtual "no device, a user with type1" dpdk 'IOAS: backend type1, no device yet' --in-memory
chmod 600 /dev/vfio/vfio
virtual "no device, a user without permission" dpdk "$none" --in-memory
finish
