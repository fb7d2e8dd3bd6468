# SPDX-License-Identifier: BSD-3-Clause
# Packets flow in both directions between every pair of NIC models, through every IOMMU and backend, and with
# each release of DPDK.
# guest: --machine intel-39 --nics e1000e,e1000e
# guest: --machine intel-39 --nics virtio,virtio
# guest: --machine intel-39 --nics e1000e,virtio
# guest: --machine intel-48 --nics e1000e,e1000e
# guest: --machine intel-48 --nics virtio,virtio
# guest: --machine intel-48 --nics e1000e,virtio
# guest: --machine amd --nics e1000e,e1000e
# guest: --machine amd --nics e1000e,virtio
# guest: --machine amd --nics e1000e,virtio --dpdk 25.11
# guest: --machine virtio-iommu --nics e1000e,virtio
# guest: --machine smmuv3 --nics e1000e,e1000e
# guest: --machine smmuv3 --nics virtio,virtio
# guest: --machine smmuv3 --nics e1000e,virtio
# guest: --machine intel-39 --nics e1000e,virtio --dpdk 24.11
# guest: --machine intel-39 --nics e1000e,virtio --dpdk 25.11
# guest: --machine intel-39 --nics e1000e,virtio --linux newest
# guest: --machine pseries --nics e1000e,e1000e
# guest: --machine powernv9 --nics e1000e,e1000e
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# Packets as root and as an ordinary user, who gets the nodes. usage: both BACKEND GIVE
both() {
	start_line="IOAS: backend $1, .*, IOVAs chosen by the .*, DPDK ${GUEST_DPDK}$"
	export DPDK_IOAS=backend=$1
	bind_again
	as=''
	forward "$1, root" -d $plugin
	bind_again
	# shellcheck disable=SC2046
	$2 $(nics)
	as=dpdk
	forward "$1, ordinary user" -d $plugin
}

bind_again() {
	# shellcheck disable=SC2046
	if ! rebind $(nics); then case_fail "devices are free" "still held"; fi
}

power() {
	expect='IOAS: backend iommufd cannot be used: iommufd cannot translate for devices on POWER' \
		forward "auto" -d $plugin
	both spapr give_groups_to_user
}

if [ "$GUEST_MACHINE" = powernv9 ]; then
	# Stock DPDK gets the window at 0 that it needs. Each run loses some huge pages at its end.
	# shellcheck disable=SC2046
	bind_vfio $(nics)
	wrong='testpmd did not start;'
	if testpmd_start -l 0-1 -- -i --total-num-mbufs=4096; then
		if testpmd_traffic; then wrong=$(testpmd_count); else wrong=$unanswered; fi
	fi
	testpmd_end || wrong="$wrong exit status $?;"
	rm -f /dev/hugepages/rtemap*
	case_end "stock testpmd forwards" "$wrong"
	power
elif [ "$GUEST_MACHINE" = pseries ]; then
	# The same without the plugin.
	# shellcheck disable=SC2046
	bind_vfio $(nics)
	dpdk-testpmd -l 0-1 -- --total-num-mbufs=4096 </dev/null >"$log" 2>&1
	rm -f /dev/hugepages/rtemap*
	wrong=''
	grep -q 'Received unsupported start address 0x800000000000000' "$log" ||
		wrong="no window at 0x800000000000000 was offered;"
	grep -q 'No probed ethernet devices' "$log" || wrong="$wrong it has ports;"
	case_end "stock testpmd finds no port" "$wrong"
	power
else
	both iommufd give_to_user
	both type1 give_groups_to_user

	# On kernels without VFIO cdevs iommufd uses the groups.
	# shellcheck disable=SC2046
	hide_cdevs $(nics)
	start_line='IOAS: backend iommufd'
	export DPDK_IOAS=backend=iommufd
	forward "iommufd, groups, ordinary user" -d $plugin
	# shellcheck disable=SC2046
	show_cdevs $(nics)

	# As with a kernel that has CONFIG_IOMMUFD_VFIO_CONTAINER: iommufd provides the container.
	if [ "$GUEST_MACHINE" = amd ]; then
		mv /dev/vfio/vfio /tmp/vfio
		# shellcheck disable=SC2046
		mknod /dev/vfio/vfio c $(tr : ' ' </sys/class/misc/iommu/dev)
		# shellcheck disable=SC2046
		give_groups_to_user $(nics)
		export DPDK_IOAS=backend=type1
		start_line='IOAS: backend type1'
		expect="IOAS: /dev/vfio/vfio is iommufd's emulation of it" \
			forward "type1, iommufd's emulation, ordinary user" -d $plugin
		rm /dev/vfio/vfio
		mv /tmp/vfio /dev/vfio/vfio
	fi
fi
finish
