# SPDX-License-Identifier: BSD-3-Clause
# The examples work as their guide describes, and report wrong use.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e,edu
# guest: --machine smmuv3 --nics e1000e,edu
# add: examples/device-dma
# add: examples/dma-copies
# add: examples/own-memory
# add: examples/external-buffers
# add: examples/skeleton-pmd
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# Runs an example. usage: example NAME STATUS LINE PROGRAM [OPTION]...
example() {
	local name=$1 wanted=$2 line=$3 program=/share/$4 rc=0 wrong=''
	shift 4
	echo "+ $program $*" >&2
	timeout 120 "$program" "$@" >"$log" 2>&1 || rc=$?
	cat "$log"
	[ $rc -eq "$wanted" ] || wrong="status $rc;"
	grep -qE -e "$line" "$log" || wrong="$wrong no '$line';"
	case_end "$name" "$wrong"
}
# A further line that the last example must have printed. usage: printed NAME LINE
printed() {
	if grep -qE -e "$2" "$log"; then case_ok "$1"; else case_fail "$1" "no '$2'"; fi
}

edu=$(edus)
nic=$(nics | head -n 1)
for program in device-dma dma-copies own-memory; do
	example "$program --help" 0 "^usage: $program " $program --help
	example "$program, no device" 2 "^usage: $program " $program
	example "$program, two devices" 2 "^usage: $program " $program "$edu" "$nic"
	example "$program, device that is not there" 1 "^$program: 0000:7f:00.0: no such device: see .dpdk-devbind.py --status" \
		$program 0000:7f:00.0
	example "$program, device that is not bound" 1 \
		"^$program: $edu: bound to no driver, .*dpdk-devbind.py -b vfio-pci $edu" $program "$edu"
done
bind_vfio "$edu" "$nic"
remember
for program in device-dma dma-copies; do
	example "$program, device of another kind" 1 "^$program: $nic: .*QEMU's, -device edu" $program "$nic"
done

# An IOVA that the device reaches.
low='0x[0-9a-f]{4,7} '
example device-dma 0 "^2048 bytes copied by DMA from IOVA $low.* to $low" device-dma "$edu"
example dma-copies 0 "^all bytes are right$" dma-copies "$edu"
printed "dma-copies: a ring that is full" "^10 copies done, the ring was full at times$"
printed "dma-copies: memory that is not mapped" "^a copy of memory that is not mapped: Bad address$"
place="2097152 bytes at 0x[0-9a-f]+, on node 0, in pages of"
example own-memory 0 "^anonymous: $place .* KiB, are at IOVA 0x.*67$" own-memory --node 0 --huge "$edu"
printed "own-memory: memfd" "^memfd: $place .* KiB, are at IOVA 0x.*67$"
printed "own-memory: huge pages" "^memfd of huge pages: $place 2048 KiB, are at IOVA 0x.*00000; .*67$"
printed "own-memory: rollover" "^mapped and unmapped in .*: (0x[0-9a-f]+) 0x.* \\1, where it began$"
example "own-memory, node that is not there" 1 "no memory of node 5: .*/sys/devices/system/node" \
	own-memory -n 5 "$edu"
example "own-memory, wrong option" 2 "^usage: own-memory" own-memory --large "$edu"

# With DPDK: only on VT-d.
if [ "$GUEST_MACHINE" = intel-39 ]; then
	# shellcheck disable=SC2046
	set -- $(nics)
	bind_vfio "$2"
	eal="-l 0 --in-memory -m 64"
	for program in external-buffers skeleton-pmd; do
		example "$program --help" 0 "^usage: $program " $program --help
		# shellcheck disable=SC2086
		example "$program, wrong EAL option" 2 "unrecognized option" $program $eal --no-such-option
	done
	# shellcheck disable=SC2086
	{
		example external-buffers 0 "^100 packets sent .*, contents right$" \
			external-buffers $eal -d $plugin -a "$1" -a "$2"
		printed "external-buffers: the plugin" "$start_line, 2 devices"
		example "external-buffers, stock" 0 "^100 packets sent .*, contents right$" \
			external-buffers $eal --iova-mode=pa -a "$1" -a "$2"
		example "external-buffers, one port" 1 \
			"^external-buffers: two ports are needed, there are 1: .*dpdk-devbind.py -b vfio-pci" \
			external-buffers $eal -d $plugin -a "$1"
		example "skeleton-pmd, no device" 2 "^usage: skeleton-pmd " skeleton-pmd $eal
		example "skeleton-pmd, device that is not bound" 1 \
			"^skeleton-pmd: 0000:00:00.0 cannot be used: .*-b vfio-pci 0000:00:00.0" \
			skeleton-pmd $eal -- 0000:00:00.0
		example "skeleton-pmd, no plugin" 1 "^skeleton-pmd: the plugin is not in use" \
			skeleton-pmd $eal --no-pci -- "$edu"
		example "skeleton-pmd, memory that the device does not reach" 1 "DPDK_IOAS=window=0x1000-0xfffffff" \
			skeleton-pmd $eal -- "$edu"
		export DPDK_IOAS=window=0x1000-0xfffffff
		example "skeleton-pmd, device of another kind" 1 "^skeleton-pmd: $1: .*QEMU's, -device edu" \
			skeleton-pmd $eal -a "$edu" -- "$1"
		example skeleton-pmd 0 "^all packets are right$" skeleton-pmd $eal -- "$edu"
		printed "skeleton-pmd: several segments" "^1155 bytes sent from 6 segments and received$"
	}
fi

wrong=$(all_is_back)
case_end "nothing is left" "$wrong"

echo 0 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
example "own-memory, no huge pages" 1 \
	"^own-memory: memfd of huge pages: Cannot allocate memory: .*dpdk-hugepages.py --setup" \
	own-memory --huge "$edu"
if [ "$GUEST_MACHINE" = intel-39 ]; then
	example "external-buffers, no huge pages" 1 "^external-buffers: huge pages .*dpdk-hugepages.py --setup" \
		external-buffers -l 0 --no-huge -m 64 -d $plugin -a "$1" -a "$2"
fi
finish
