#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# devtools/guest.sh and its cases fail whenever a guest run must fail.
# usage: checks.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"
dir=$1

# Boots a script given as text. usage: boots NAME STATUS PATTERN TEXT [GUEST-OPTION]...
# The run must end with STATUS and print each line of PATTERN.
boots() {
	local name=$1 status=$2 patterns=$3 rc=0 pattern missing=''
	printf '%s\n' "$4" >"$dir/script"
	shift 4
	guest "$@" "$dir/script" >"$dir/out" 2>&1 || rc=$?
	while read -r pattern; do
		grep -q -e "$pattern" "$dir/out" || missing+=" no '$pattern'"
	done <<<"$patterns"
	if [ $rc -ne "$status" ]; then
		case_fail "$name" "status $rc, not $status"
	elif [ -n "$missing" ]; then
		case_fail "$name" "${missing# }"
	else
		case_ok "$name"
		return
	fi
	cat "$dir/out"
}

boots "the script's status" 3 "in the guest" 'echo "in the guest"; exit 3'
boots "an IOMMU fault fails" 97 "DMAR: DRHD: handling fault status reg 2" \
	'echo "DMAR: DRHD: handling fault status reg 2" >/dev/kmsg'
boots "a kernel warning fails" 97 "WARNING: CPU" 'echo "WARNING: CPU: 0 PID: 1 at x" >/dev/kmsg'
for event in "event 0x10 received:" "event: F_TRANSLATION client: 0000:00:04.0"; do
	boots "an SMMU's $event fails" 97 "arm-smmu-v3 .*$event" \
		"echo 'arm-smmu-v3 9050000.smmuv3: $event' >/dev/kmsg" --machine smmuv3
done
boots "AMD-Vi's IO_PAGE_FAULT fails" 97 "AMD-Vi: Event logged .IO_PAGE_FAULT" \
	"echo 'vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x1]' >/dev/kmsg" \
	--machine amd
boots "virtio-iommu's fault fails" 97 "virtio_iommu .*page fault from EP32" \
	"echo 'virtio_iommu virtio0: page fault from EP32 at 0x1000 [R--]' >/dev/kmsg" \
	--machine virtio-iommu
power_events="EEH: Recovering PHB#1-PE#0
EEH: Frozen PHB#1-PE#0 detected
EEH: PE#0 (PCI 0001:00:00.0): not actionable
EEH: This PCI device has failed 1 times in the last hour
pnv_eeh_get_pe_state: Failure -5 getting PHB#1-PE0 state
PHB4 PHB#1 Diag-data
iommu_tce: tce_iommu_build_v2 failed ioba=800000000000000
tce_buildmulti_pSeriesLP: plpar_tce_put failed"
boots "each of POWER's errors fails" 97 "$power_events" \
	"while read -r event; do echo \"\$event\" >/dev/kmsg; done <<'END'
$power_events
END" --machine pseries
boots "unit tests that cannot run" 1 "FAIL sequences-amd: status 127" \
	"$(cat "$(dirname "$0")/unit.sh")" --machine smmuv3
boots "faults can be allowed" 0 "DMAR: DRHD" \
	'echo "DMAR: DRHD: handling fault status reg 2" >/dev/kmsg' --allow-faults
boots "a guest that hangs" 99 "no end after 20 s" 'sleep 1000' --timeout 20
boots "a guest that does not come up" 99 "booted once again" true --timeout 20 --cmdline rdinit=/bin/cat
# QEMU crashes twice after the guest has booted. usage: crash SHARE
crash() {
	local pid
	for _ in 1 2; do
		until [ -e "$1/started" ]; do sleep 0.2; done
		for pid in $(pgrep -f "path=$1,"); do
			case $(cat "/proc/$pid/comm") in qemu*) kill -SEGV "$pid" ;; esac
		done
		while [ -e "$1/started" ]; do sleep 0.2; done
	done
}
crash "$dir/crashes" &
boots "a QEMU that crashes" 99 "QEMU crashed: booted once again
QEMU ended with status 139" 'sleep 1000' --share "$dir/crashes" --timeout 100
kill %1 2>/dev/null || true
boots "a guest that dies" 99 "ended without a status" 'poweroff -f'
# shellcheck disable=SC2016
boots "packets that do not arrive" 1 \
	"FAIL alone: .*port 0 sent 32, port 1 received 0 and missed 0; .*no 'IOAS" \
	'. /lib/guest.sh; bind_vfio $(nics); forward alone --iova-mode=pa; finish' --net udp:40900
# shellcheck disable=SC2016
boots "pages that stay taken" 1 "FAIL holder: huge pages free before" '. /lib/guest.sh
bind_vfio $(nics)
testpmd_end() { echo quit >&9; exec 9>&-; wait_for 30 testpmd_ended; fallocate -l 2M /dev/hugepages/x; }
forward holder -d $plugin
finish'
# shellcheck disable=SC2016
boots "a device that stays taken" 1 "FAIL holder: still held" '. /lib/guest.sh
set -- $(nics)
bind_vfio "$@"
testpmd_start -l 0-1 -d $plugin -- -i
rebind "$@" || case_fail holder "still held"
testpmd_end
finish'
boots "a DPDK that is not there" 1 "DPDK 1.2 is not installed here, and no suite is known" 'true' --dpdk 1.2
