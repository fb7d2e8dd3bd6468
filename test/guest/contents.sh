#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Packets that stock testpmd sends and forwards are right to the byte, seen from outside the guest: see
# test/guest/apps/frames.c. Then the DMA addresses are falsified, and the same checks must fail.
# usage: contents.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1
apps=test/guest/apps
frames=$build/$apps/frames
base=$((20000 + $$ * 8 % 20000))
eal="-d /share/librte_bus_ioas.so" backend=iommufd
share='' guest_pid=''
# On exit, releases a guest that waits for this script.
trap 'if [ -n "$guest_pid" ]; then touch "$share"/done.{io,mac,csum}; fi' EXIT

# Boots the guest in the background. The share is $share; the plan is standard input.
# usage: boot NAME MACHINE NICS [GUEST OPTION]...
boot() {
	local from
	from=$(build_for --machine "$2" "${@:4}")
	share=$dir/${1//,/-}
	rm -rf "$share"
	mkdir -p "$share"
	cat >"$share/plan"
	echo "$eal" >"$share/eal"
	echo "$backend" >"$share/backend"
	guest --machine "$2" --nics "$3" --net "udp:$base" --share "$share" --dump "$share/dump" \
		--add "$from/$apps/break_iova.so" "${@:4}" "$top/test/guest/_contents.sh" \
		>"$share/output" 2>"$share/errors" &
	guest_pid=$!
}

guest_runs() { kill -0 "$guest_pid" 2>/dev/null; }

# Sends numbered packets through an engine. Its verdict is in $status, its output in $share.
# usage: inject ENGINE [OPTION]...
inject() {
	local engine=$1
	status=0
	until [ -e "$share/ready.$engine" ]; do
		if ! guest_runs; then status=99; return; fi
		sleep 0.2
	done
	"$frames" inject --base "$base" --engine "$engine" "${@:2}" >"$share/$engine" 2>&1 || status=$?
	touch "$share/done.$engine"
}

# Waits for the guest. Its status is in $guest_status.
end_guest() {
	guest_status=0
	wait "$guest_pid" || guest_status=$?
	guest_pid=''
}

# lcore 1 sends the stream from NIC 0 to NIC 1, lcore 2 the one back.
# usage: capture NIC OPTION...
capture() {
	status=0
	"$frames" capture --src "52:54:00:00:00:0$(($1 + 1))" --dst "02:00:00:00:00:0$1" \
		--multi-flow $((2 - $1)) \
		"${@:2}" "$share/dump/nic$1.pcap" >"$share/capture$1" 2>&1 || status=$?
}

# All checks that must pass, on one machine. usage: works MACHINE NICS [GUEST OPTION]...
works() {
	local name="$*" nic engine
	name="$1 $2 $backend${name#"$1 $2"}"
	boot "${name// /-}" "$@" <<-END
		txonly 200
		txonly 64,128,300
		txonly 1514
		flowgen 64
		flowgen 1518
		io
		mac
		csum
	END
	for engine in io mac csum; do
		inject $engine
		verdict "$name: forwarded by $engine" $status 0 "$share/$engine"
	done
	end_guest
	verdict "$name: testpmd ends well" $guest_status 0 "$share/output"
	# testpmd's txonly of another release uses other ports.
	if [ $# -gt 2 ]; then rm -rf "$share/dump"; return; fi
	for nic in 0 1; do
		capture $nic --txonly 200,1514 --segments 64,128,300 --flowgen 60,1514 --numbered --min 2000
		verdict "$name: sent by NIC $nic" $status 0 "$share/capture$nic"
	done
	rm -rf "$share/dump"
}

# The same with false DMA addresses, and the expected statuses of the contents and of the guest.
# usage: breaks MACHINE NICS KIND CONTENTS GUEST
breaks() {
	local name="$1 $2: DMA address $3" nic
	eal="-d /share/librte_bus_ioas.so -d /share/break_iova.so --mbuf-pool-ops-name=break_iova"
	mkdir -p "$dir"
	echo "$3" >"$dir/break_kind"
	boot "$1-$2-$3" "$1" "$2" --add "$dir/break_kind" <<-END
		txonly 200
		mac
	END
	inject mac --wait 15
	verdict "$name in what is forwarded" $status "$4" "$share/mac"
	end_guest
	verdict "$name: status of the guest" $guest_status "$5" "$share/output"
	for nic in 0 1; do
		capture $nic --txonly 200 --numbered --min 500
		verdict "$name in what NIC $nic sends" $status "$4" "$share/capture$nic"
	done
	rm -rf "$share/dump"
}

failed=0
backend=groups
for machine in intel-39 intel-48; do works $machine e1000e,e1000e; done
backend=type1
for machine in intel-39 intel-48 amd smmuv3; do works $machine e1000e,e1000e; done
backend=iommufd
for machine in intel-39 intel-48 smmuv3; do
	for nics in e1000e,e1000e virtio,virtio e1000e,virtio; do works $machine $nics; done
done
works amd e1000e,e1000e
works amd e1000e,virtio
works virtio-iommu e1000e,e1000e
works intel-39 e1000e,virtio --dpdk 24.11
works intel-39 e1000e,virtio --dpdk 25.11
backend=spapr
for machine in pseries powernv9; do works $machine e1000e,e1000e; done
backend=iommufd
# The right address, written in the same way as the false ones: the method itself has no effect.
breaks intel-39 e1000e,virtio +0 0 0
# The memory of another buffer is mapped: the IOMMU does not notice, and only the contents show it.
breaks intel-39 e1000e,e1000e decoy 1 0
breaks intel-48 virtio,virtio neighbour 1 0
# Unmapped addresses cause faults in the kernel's log, for which guest.sh's status is 97.
for machine in intel-39 smmuv3 virtio-iommu; do
	breaks $machine e1000e,virtio +0x4000000000 1 97
done
# QEMU's AMD-Vi stops that too, but logs no event for a table entry of 0.
breaks amd e1000e,virtio +0x4000000000 1 0
# POWER does not report it. Beyond a window of QEMU's powernv9 the window repeats.
backend=spapr
breaks pseries e1000e,e1000e +0 0 0
breaks pseries e1000e,e1000e +0x4000000000 1 0
breaks powernv9 e1000e,e1000e +0 0 0
breaks powernv9 e1000e,e1000e +0x40000000 1 0
exit $failed
