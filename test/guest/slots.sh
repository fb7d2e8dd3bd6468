# SPDX-License-Identifier: BSD-3-Clause
# A NIC is removed from its slot and put back, in all possible ways, while packets flow between the others.
# After it is back, it works as before.
# long
# guest: --machine intel-39 --nics e1000e,e1000e,e1000e --slots
# shellcheck shell=dash source=devtools/guest/guest.sh disable=SC2317
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
third=$3
port=$(basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$third")")")

# The file has the answers of QEMU's monitor. The first line that the monitor gets is an echo of its own.
monitor=/dev/ttyS2
stty raw -echo <"$monitor"
cat "$monitor" >/tmp/monitor &
echo >"$monitor"

# A 16-bit word of the configuration space of the slot's port. usage: port_word OFFSET
port_word() { od -An -tu2 -j "$1" -N 2 "/sys/bus/pci/devices/$port/config" | tr -d ' '; }
# usage: set_port_word OFFSET VALUE
set_port_word() {
	# shellcheck disable=SC2059
	printf "\\$(printf %o $(($2 & 255)))\\$(printf %o $(($2 >> 8)))" |
		dd of="/sys/bus/pci/devices/$port/config" bs=2 seek=$(($1 / 2)) conv=notrunc 2>/dev/null
}
# The place of the port's PCI Express capability (10h).
express() {
	local at
	at=$(($(port_word 0x34) & 0xfc))
	while [ $(($(port_word "$at") & 0xff)) -ne 16 ]; do at=$(($(port_word "$at") >> 8)); done
	echo "$at"
}

# The ways: on request, by the button that device_del presses, or by sysfs; or without a request: the device
# is gone when the slot loses power (slot control, 18h: indicator and power off), and the kernel notices when
# the slot has power again (interrupts were off; a change of presence is reported as well, which a slot with a
# button does not need).
by_button() { echo "device_del nic2" >"$monitor"; }
by_sysfs() { echo 1 >"/sys/bus/pci/devices/$third/remove" & }
by_surprise() {
	local at control
	at=$(($(express) + 24))
	control=$(port_word "$at")
	set_port_word "$at" $((control & ~0x30 | 0x700))
	set_port_word "$at" $((control | 8))
}

# QEMU refuses it until the old one has gone for good, a moment after it left the guest.
back_to_slot() {
	echo "device_add e1000e,romfile=,id=nic2,netdev=net2,mac=52:54:00:00:00:03,bus=slot2" >"$monitor"
}
back_by_sysfs() { echo 1 >/sys/bus/pci/rescan; }

third_is_there() { [ -e "/sys/bus/pci/devices/$third" ]; }
third_is_gone() { ! third_is_there; }
pinned_by_testpmd() { awk '/^VmPin/ { print $2 }' "/proc/$testpmd_pid/status"; }

# Counts packets between two ports. usage: flow PORT PORT
flow() {
	local before tries=5
	before=$(received "$1" "$2")
	until wait_for 5 more_received "$1" "$2" "$before"; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ]; then echo "nothing flows between ports $1 and $2;"; return; fi
		testpmd_say stop && testpmd_say start tx_first
	done
}
received() { echo $(($(stat "$1" RX-packets) + $(stat "$2" RX-packets))); }
more_received() {
	testpmd_say show port stats all && [ "$(received "$1" "$2")" -gt $(($3 + 2000)) ]
}

# usage: returned PUT-BACK
returned() {
	local tries
	for tries in 8 7 6 5 4 3 2 1; do
		$1
		wait_for 20 third_is_there && return
		echo "not back, $tries tries left" >&2
	done
	return 1
}

# usage: taken NAME TIMES TAKE PUT-BACK
taken() {
	local name=$1 times=$2 take=$3 put_back=$4 wrong='' pinned round
	if ! testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=8192 --hot-plug --portlist=0,1; then
		wrong="testpmd did not start;"
	fi
	testpmd_say set fwd io
	testpmd_say start tx_first
	wrong="$wrong $(flow 0 1)"
	pinned=$(pinned_by_testpmd)
	for round in $(seq "$times"); do
		$take
		# The e1000e's driver takes a minute for a device that does not answer.
		wait_for 240 third_is_gone || wrong="$wrong round $round: it stays;"
		wrong="$wrong $(flow 0 1)"
		if [ "$(pinned_by_testpmd)" -lt "$pinned" ]; then
			wrong="$wrong pinned before $pinned KiB, after $(pinned_by_testpmd);"
		fi
		returned "$put_back" || wrong="$wrong round $round: it is not back;"
		bind_vfio "$third"
		wrong="$wrong $(flow 0 1)"
		testpmd_say port attach "$third"
		testpmd_say port start 2
		testpmd_say stop
		testpmd_say set portlist 0,2
		testpmd_say start tx_first
		wrong="$wrong $(flow 0 2)"
		testpmd_say stop
		testpmd_say set portlist 0,1
		testpmd_say start tx_first
	done
	grep -q "Port 2 is closed" "$log" || wrong="$wrong testpmd was not told;"
	testpmd_say stop
	wrong="$wrong $unanswered"
	testpmd_end || wrong="$wrong exit status $?;"
	case_end "$name" "$wrong $(all_is_back)"
}

bind_vfio "$@"
remember
taken "asked for by the slot's button" 2 by_button back_to_slot
DPDK_IOAS=isolate=device taken "removed by sysfs, isolated" 1 by_sysfs back_by_sysfs
DPDK_IOAS=backend=type1 taken "asked for by the slot's button, type1" 1 by_button back_to_slot
taken "without a word" 1 by_surprise back_to_slot
finish
