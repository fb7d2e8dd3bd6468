# SPDX-License-Identifier: BSD-3-Clause
# Each device has its own I/O address space: packets flow, memory of all devices is pinned once, and a device
# cannot access the memory of another one.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e,edu,edu --allow-faults
# guest: --machine amd --nics e1000e,virtio,edu,edu --allow-faults
# guest: --machine smmuv3 --nics e1000e,virtio,edu,edu --allow-faults
# add: test/guest/apps/dma_reach
# add: test/guest/apps/external_memory
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

faults() { dmesg | grep -E 'DMAR: .*fault|AMD-Vi: Event|arm-smmu-v3 .*event'; }

export DPDK_IOAS=isolate=device
start_line='IOAS: backend iommufd, 2 devices in a space each, aperture'
# shellcheck disable=SC2046
bind_vfio $(nics)
forward "root" -d $plugin
expect='IOAS: .*: fixed IOVA=VA, an I/O address space of its own' \
	forward "fixed IOVAs" -d $plugin --iova-mode=va --base-virtaddr=0x1000000000
# shellcheck disable=SC2046
give_to_user $(nics)
as=dpdk
forward "ordinary user" -d $plugin
if [ "$GUEST_MACHINE" = intel-39 ]; then
	# shellcheck disable=SC2046
	hide_cdevs $(nics)
	# shellcheck disable=SC2046
	give_groups_to_user $(nics)
	forward "groups" -d $plugin
	# shellcheck disable=SC2046
	show_cdevs $(nics)
fi
as=''

# DPDK does not start if devices cannot be isolated.
refused() {
	local name=$1 line=$2 rc=0 wrong=''
	timeout 60 su "${as:-root}" -s /bin/sh -c \
		"exec dpdk-testpmd -l 0-1 --in-memory --file-prefix refused -d $plugin -- --total-num-mbufs=4096" \
		</dev/null >"$log" 2>&1 || rc=$?
	[ $rc -ne 0 ] || wrong="exit status 0;"
	grep -q -e "$line" "$log" || wrong="$wrong no '$line';"
	case_end "$name" "$wrong"
}
DPDK_IOAS=isolate=device,backend=type1 \
	refused "not with type1" "IOAS: backend type1 has no further .*: use backend iommufd"
# shellcheck disable=SC2046
for bdf in $(nics); do chown root "$(cdev "$bdf")"; done
as=dpdk refused "not without permission" \
	"IOAS: no device could be attached; DPDK does not run without isolate=device"
# shellcheck disable=SC2046
give_to_user $(nics)
DPDK_IOAS=isolate=all refused "no such isolation" "IOAS: DPDK_IOAS: isolate=all: use none or device"

# With devices that no driver takes, which are given back.
# shellcheck disable=SC2046
bind_vfio $(edus)
start_line='IOAS: backend iommufd, 4 devices in a space each, aperture'
forward "devices without a driver" -d $plugin

# The application maps memory for one device: its fixed IOVAs are usable with VT-d.
stated() {
	/share/external_memory -l 0 --in-memory -m 64 -d $plugin -- isolated >"$log" 2>&1
}
if [ "$GUEST_MACHINE" = intel-39 ]; then
	wrong=''
	stated || wrong="status $?;"
	grep -q '^PASSED' "$log" || wrong="$wrong no PASSED;"
	case_end "stated IOVAs of one device" "$wrong"
	# The same checks detect that devices share a space by default.
	wrong=''
	if DPDK_IOAS='' stated; then wrong="status 0;"; fi
	grep -q "^not ok isolated: the second's" "$log" || wrong="$wrong the second device has its own;"
	case_end "not isolated by default" "$wrong"
fi
if faults; then case_fail "no fault until here" "the kernel's log has one"; fi

# 64 MiB are mapped for both, and 32 MiB more for one and then the other: not twice 64.
rc=0 wrong=''
# shellcheck disable=SC2046
give_to_user $(edus)
# shellcheck disable=SC2046
su dpdk -s /bin/sh -c "ulimit -l 100000; exec /share/dma_reach $(edus | tr '\n' ' ')" >"$log" 2>&1 || rc=$?
cat "$log"
[ $rc -eq 0 ] || wrong="status $rc, $(grep '^not ok' "$log");"
[ "$(grep -c '^ok' "$log")" -eq 13 ] || wrong="$wrong not 13 checks;"
# QEMU 7.2's AMD-Vi logs nothing if no entry exists.
if [ "$GUEST_MACHINE" != amd ]; then
	sed -n 's/^fault 0x//p' "$log" >/tmp/iovas
	while read -r iova; do
		dmesg | grep -E 'DMAR: .*fault|arm-smmu-v3' | grep -q "$iova" ||
			wrong="$wrong no fault at 0x$iova in the kernel's log;"
	done </tmp/iovas
fi
faults | head -n 12
case_end "DMA beyond one's own space" "$wrong"
finish
