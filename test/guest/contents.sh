#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What stock testpmd sends and forwards is right to the byte, seen from outside the guest: see
# test/guest/apps/frames.c. Then the DMA addresses are made wrong, and the same checks must fail.
# usage: contents.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1
apps=test/guest/apps
frames=$build/$apps/frames
base=$((20000 + $$ * 8 % 20000))
eal="-d /share/librte_bus_ioas.so" backend=iommufd
share='' guest_pid=''
# A guest that waits for us must not wait for ever.
trap 'if [ -n "$guest_pid" ]; then touch "$share"/done.{io,mac,csum}; fi' EXIT

# Boots the guest beside us. The share is $share; the plan is standard input.
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

# Sends numbered packets through an engine; its verdict is in $status, what it said in $share.
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

# The guest's own status, in $guest_status.
end_guest() {
	guest_status=0
	wait "$guest_pid" || guest_status=$?
	guest_pid=''
}

# The stream from NIC 0 to NIC 1 is lcore 1's, the one back lcore 2's.
# usage: capture NIC OPTION...
capture() {
	status=0
	"$frames" capture --src "52:54:00:00:00:0$(($1 + 1))" --dst "02:00:00:00:00:0$1" \
		--multi-flow $((2 - $1)) \
		"${@:2}" "$share/dump/nic$1.pcap" >"$share/capture$1" 2>&1 || status=$?
}

# Everything that must work, on one machine. usage: works MACHINE NICS [GUEST OPTION]...
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
	# What testpmd of another release makes up to send (txonly) has other ports.
	if [ $# -gt 2 ]; then rm -rf "$share/dump"; return; fi
	for nic in 0 1; do
		capture $nic --txonly 200,1514 --segments 64,128,300 --flowgen 60,1514 --numbered --min 2000
		verdict "$name: sent by NIC $nic" $status 0 "$share/capture$nic"
	done
	rm -rf "$share/dump"
}

# The same with false DMA addresses, and what the contents' and the guest's statuses must then be.
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
# The right address, by the same way of changing it: nothing else that it does makes a difference.
breaks intel-39 e1000e,virtio +0 0 0
# Another's memory is mapped: the IOMMU does not see it, only the contents show it.
breaks intel-39 e1000e,e1000e decoy 1 0
breaks intel-48 virtio,virtio neighbour 1 0
# What is not mapped makes faults in the kernel's log, which are guest.sh's status 97.
for machine in intel-39 smmuv3 virtio-iommu; do
	breaks $machine e1000e,virtio +0x4000000000 1 97
done
# QEMU's AMD-Vi stops that too, but logs no event where a table's entry is 0.
breaks amd e1000e,virtio +0x4000000000 1 0
# Nothing reports it on POWER. What lies beyond a window of QEMU's powernv9 is the window once more.
backend=spapr
breaks pseries e1000e,e1000e +0 0 0
breaks pseries e1000e,e1000e +0x4000000000 1 0
breaks powernv9 e1000e,e1000e +0 0 0
breaks powernv9 e1000e,e1000e +0x40000000 1 0
exit $failed
