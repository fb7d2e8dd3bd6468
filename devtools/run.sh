#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shows the project at work: stock testpmd forwards packets on IOVAs that the kernel chose.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/run.sh [-h] [GUEST OPTION]...
       devtools/run.sh --here [TESTPMD OPTION]...

Installs what is missing (devtools/setup.sh), builds, and runs Debian's dpdk-testpmd with the plugin
between two NICs:

  by default   in an emulated machine with an Intel IOMMU; see devtools/guest.sh --help for other
               machines, NICs and releases of DPDK (--machine smmuv3, --nics virtio,virtio, --dpdk 24.11);
               --gdb: testpmd waits for a debugger
  --here       on this machine's own IOMMU, with the devices that are bound to vfio-pci; the options
               are testpmd's (EAL's, --, its own); default: -i
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
"$top/devtools/setup.sh"

if [ "${1-}" = --here ]; then
	shift
	"$top/devtools/build.sh"
	[ -e /dev/iommu ] || die "this machine has no /dev/iommu: it needs a kernel with CONFIG_IOMMUFD
and CONFIG_VFIO_DEVICE_CDEV, an IOMMU that is switched on, and the module iommufd (modprobe iommufd)"
	cdevs=(/dev/vfio/devices/vfio*)
	[ -e "${cdevs[0]}" ] || die "no device is bound to vfio-pci. For each device:
  echo vfio-pci > /sys/bus/pci/devices/ADDRESS/driver_override
  echo ADDRESS > /sys/bus/pci/devices/ADDRESS/driver/unbind
  echo ADDRESS > /sys/bus/pci/drivers/vfio-pci/bind"
	for file in /dev/iommu "${cdevs[@]}"; do
		if ! [ -r "$file" ] || ! [ -w "$file" ]; then die "no permission: chown $(id -un) $file"; fi
	done
	if [ $# -eq 0 ]; then set -- -- -i; fi
	export LD_LIBRARY_PATH=$build/lib/ioas:$build/drivers/bus/ioas
	set -x
	exec dpdk-testpmd -d librte_bus_ioas.so "$@"
fi

"$top/devtools/build.sh" "$(basename "$(build_for "$@")")"
guest "$@" "$top/devtools/guest/show.sh"
