# SPDX-License-Identifier: BSD-3-Clause
# A device writes to freed memory: without a quarantine it writes into the memory that got the IOVA; with one
# no memory is there, and the fault is explained.
# guest: --machine intel-39 --nics e1000e,e1000e,edu --allow-faults
# guest: --machine amd --nics e1000e,virtio,edu --allow-faults
# guest: --machine smmuv3 --nics e1000e,virtio,edu --allow-faults
# guest: --machine intel-39 --nics e1000e,e1000e,edu --allow-faults --dpdk 25.11
# build: coverage
# add: test/guest/apps/dma_freed
# add: app/dpdk-ioas-fault
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

faults() { dmesg | grep -E 'DMAR: .*fault|AMD-Vi: Event|arm-smmu-v3'; }
# The IOVA that the program has printed under a name.
iova() { sed -n "s/^$1 //p" "$log"; }
# Prints an error if a text has no such line. usage: has TEXT PATTERN
has() { echo "$1" | grep -qE "$2" || echo "no '$2' in '$1';"; }
# Explains a made-up line of the kernel about a device's fault at an IOVA. usage: explained IOVA PREFIX
# [DEVICE]
explained() {
	echo "DMAR: [DMA Write NO_PASID] Request device [${3-00:0c.0}] fault addr $1 [fault reason 0x05] x" |
		/share/dpdk-ioas-fault --input - "--file-prefix=$2"
}

# shellcheck disable=SC2046
bind_vfio $(nics) $(edus)
edu=$(edus)

# shellcheck disable=SC2317
# Queries about IOVAs whose memory the program knows.
questions() {
	has "$(explained "$(iova object)" freed)" \
		'^  mapped now: .* heap socket_0, memzone MP_questions_pool.*, mempool questions_pool, object [0-9]+, byte 100 of it'
	has "$(explained "$(iova zone)" freed)" '^  mapped now: .* memzone questions_zone$'
	has "$(explained "$(iova own)" freed)" "^  mapped now: .*, memory that is not EAL's$"
	has "$(explained "$(iova heap)" freed)" '^  mapped now: .*, external memory, .* heap questions_heap$'
	has "$(explained 0xfee00040 freed)" '^  no IOVA: .* is reserved$'
	# An AMD-Vi's aperture has no end.
	[ "$GUEST_MACHINE" = amd ] || has "$(explained 0x8000000000000000 freed)" \
		'^  no IOVA: 0x[0-9a-f]+-0xf{16} is beyond the aperture$'
	has "$(explained 0x1f000 freed)" '^  nothing is mapped there, nor was lately$'
	has "$(explained 0x1f000 freed 7f:1f.7)" '^  0000:7f:1f.7 is not a device of this application'
	explained 0x1f000 freed "${edu#0000:}" | grep 'is not a device'
	has "$(explained 0x1f000 another)" 'not explained: no DPDK application answers at .*/another/.*--socket'
}

# usage: run NAME HARM FAULT EXPLANATION [MORE]
run() {
	local name=$1 harm=$2 fault=$3 explanation=$4 wrong='' said
	dmesg -c >/dev/null
	rm -f /tmp/go
	: >"$log"
	/share/dma_freed -l 0 -d $plugin --file-prefix freed -- "$edu" /tmp/go >"$log" 2>&1 &
	pid=$!
	wait_for 120 grep -qE '^(done|not ok)' "$log" || wrong="it stands still;"
	grep -qx "$harm" "$log" || wrong="$wrong not '$harm';"
	# QEMU 7.2's AMD-Vi logs nothing if no entry exists: the test makes up the line.
	if [ "$fault" = fault ] && [ "$GUEST_MACHINE" != amd ]; then
		said=$(/share/dpdk-ioas-fault --file-prefix=freed)
		wrong="$wrong $(has "$said" "$edu: DMA write to IOVA $(iova fault | cut -c1-8).* stopped by")"
	else
		if faults; then wrong="$wrong there was a fault;"; fi
		said=$(explained "$(iova fault)" freed)
	fi
	wrong="$wrong $(has "$said" "$explanation")"
	echo "$said"
	if [ $# -gt 4 ]; then wrong="$wrong $($5)"; fi
	touch /tmp/go
	wait $pid || wrong="$wrong status $?;"
	rm -f /dev/hugepages/freedmap*
	case_end "$name" "$wrong"
}

# The case to prevent: the next owner's memory has the device's bytes.
run "no quarantine" harm '' '^  mapped now: address .* heap socket_0'
export DPDK_IOAS=quarantine=64M
was="^  freed memory: 2 MiB at 0x[0-9a-f]+, IOVA 0x[0-9a-f]+-0x[0-9a-f]+, unmapped .* in quarantine"
# SMMUv3's reserved region is another one.
if [ "$GUEST_MACHINE" = smmuv3 ]; then
	run "quarantine" "no harm" fault "$was"
else
	run "quarantine" "no harm" fault "$was" questions
fi
if [ "$GUEST_MACHINE" = intel-39 ]; then
	sleep 6 # the kernel logs ten faults in five seconds
	DPDK_IOAS=quarantine=all,isolate=device run "isolated" "no harm" fault \
		"$was.*\\(the device's own I/O address space\\)"
	DPDK_IOAS=quarantine=64M,backend=type1 run "type1" "no harm" fault "$was"
fi

# usage: refused NAME STATUS LINE ARGUMENT...
refused() {
	local name=$1 wanted=$2 line=$3 rc=0 wrong=''
	shift 3
	/share/dpdk-ioas-fault "$@" >"$log" 2>&1 || rc=$?
	[ $rc -eq "$wanted" ] || wrong="status $rc;"
	case_end "$name" "$wrong $(has "$(cat "$log")" "$line")"
}
refused "--help" 0 '^Usage: dpdk-ioas-fault' --help
refused "wrong option" 2 '^Usage: dpdk-ioas-fault' --prefix
refused "no such file" 1 'cannot open /none: No such file' --input /none
# As in Debian.
echo 1 >/proc/sys/kernel/dmesg_restrict
rc=0
su dpdk -s /bin/sh -c /share/dpdk-ioas-fault >"$log" 2>&1 || rc=$?
wrong=$(has "$(cat "$log")" 'dpdk-ioas-fault: cannot open /dev/kmsg: .*: run as root, or .*dmesg')
[ $rc -eq 1 ] || wrong="$wrong status $rc;"
case_end "no permission" "$wrong"
if [ "$GUEST_MACHINE" = intel-39 ]; then
	testpmd_start -l 0-1 --no-huge -m 64 --no-pci --vdev net_null0 -- -i --total-num-mbufs=2048
	wrong=$(has "$(explained 0x1000 rte)" 'not explained: the application at .* runs without the plugin')
	testpmd_end || wrong="$wrong testpmd: status $?;"
	case_end "an application without the plugin" "$wrong"
fi
finish
