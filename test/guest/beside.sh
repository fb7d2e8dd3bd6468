# SPDX-License-Identifier: BSD-3-Clause
# A device for which no IOMMU translates, in addition to an owned device: it is always refused with a line,
# and the memory of other programs does not change. Without an owned device stock EAL uses it.
# build: coverage
# guest: --machine intel-39 --bare 1 --cmdline vfio.enable_unsafe_noiommu_mode=1
# guest: --machine intel-48 --bare 1 --cmdline vfio.enable_unsafe_noiommu_mode=1 --dpdk 25.11
# add: test/guest/apps/simple_mp
# add: test/guest/apps/take
# shellcheck shell=dash source=devtools/guest/guest.sh disable=SC2046
. /lib/guest.sh

set -- $(nics)
ours=$1 bare=$2
unsafe=/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
line="IOAS: $bare: refused: no IOMMU translates for it"
bind_vfio "$@"
programs_start

# Memory of other programs, which the devices must not write to.
mkdir /tmp/others
mount -t tmpfs -o size=2000m tmpfs /tmp/others
dd if=/dev/zero of=/tmp/others/file bs=1M count=1500 2>/dev/null
others_are_intact() {
	local bytes
	bytes=$(tr -d '\000' </tmp/others/file | wc -c)
	if [ "$bytes" -ne 0 ]; then echo "$bytes bytes of another program's memory have changed;"; fi
}
said() { grep -q -e "$1" "$log" || echo "printed no '$1';"; }

# usage: refused NAME LINE-OF-OURS [EAL OPTION]...
refused() {
	local name=$1 mine=$2 wrong=''
	shift 2
	if testpmd_start -l 0-1 -d $plugin "$@" -- -i --total-num-mbufs=4096; then
		testpmd_say start tx_first
		wrong="$(said "$line") $(said "IOAS: $ours: $mine")"
		testpmd_say port attach "$bare"
		if [ "$(grep -c -e "$line" "$log")" -lt 2 ]; then wrong="$wrong not refused when it comes later;"; fi
	else
		wrong="testpmd did not start;"
	fi
	testpmd_end || wrong="$wrong exit status $?;"
	rm -f /dev/hugepages/rtemap*
	case_end "$name" "$wrong $(others_are_intact)"
}
# These are physical addresses in use.
export DPDK_IOAS=window=0x20000000-0x5fffffff
refused "chosen IOVAs" "chosen IOVAs"
unset DPDK_IOAS
refused "IOVAs equal to addresses" "fixed IOVA=VA" --iova-mode=va

# No device was bound at the start, and VFIO offered none without an IOMMU.
unbind "$ours"
unbind "$bare"
echo N >$unsafe
wrong=''
if testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096; then
	echo Y >$unsafe
	bind_vfio "$bare"
	testpmd_say port attach "$bare"
	wrong="$(said 'no device yet') $(said "$line")"
	bind_vfio "$ours"
	testpmd_say port attach "$ours"
	wrong="$wrong $(said "IOAS: $ours: chosen IOVAs")"
else
	wrong="testpmd did not start;"
fi
testpmd_end || wrong="$wrong exit status $?;"
rm -f /dev/hugepages/rtemap*
case_end "the plugin waits for a device" "$wrong"

# Without an owned device.
echo Y >$unsafe
wrong=''
if testpmd_start -l 0-1 -d $plugin -a "$bare" -- -i --total-num-mbufs=4096; then
	testpmd_say show port summary all
	wrong="$(said 'IOAS: no device for the plugin') $(said 'Number of available ports: 1')"
else
	wrong="testpmd did not start;"
fi
testpmd_end || wrong="$wrong exit status $?;"
rm -f /dev/hugepages/rtemap*
case_end "alone it is stock EAL's" "$wrong"

# DPDK's examples are built for one release.
case $GUEST_DPDK in
22.11.*) ;;
*) finish ;;
esac

wrong=''
launch primary /share/simple_mp -l 0,1 --proc-type=primary -d $plugin -a "$ours"
if await primary "Finished Process Init"; then
	launch with /share/take -l 2 --proc-type=secondary -d $plugin -a "$bare" -- "$bare"
	await with "$line"
	end_program with 1
	launch without /share/take -l 2 --proc-type=secondary -a "$bare" -- "$bare"
	await primary "IOAS: IOMMU group .*: refused: no IOMMU translates for it"
	end_program without 1
	echo quit >"$programs/primary.in"
fi
end_program primary 0
programs_case "secondary processes" primary with without
finish
