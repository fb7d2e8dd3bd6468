# SPDX-License-Identifier: BSD-3-Clause
# A port is closed, detached and attached again while testpmd runs, and packets flow as before.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e
# guest: --machine intel-48 --nics virtio,virtio
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
second=$2
model=$(cat "/sys/bus/pci/devices/$second/device")
bind_vfio "$@"

detach() {
	testpmd_say port stop 1 && testpmd_say port close 1 &&
		testpmd_say device detach "$second"
}
attach() {
	testpmd_say port attach "$second" && testpmd_say port start 1
}
# The freed device can be unbound and bound again while testpmd holds the other one.
free_meanwhile() { rebind "$second"; }

cycle() {
	local name=$1 wrong='' free round
	free=$(free_pages)
	if testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096; then
		testpmd_traffic
		wrong=$(testpmd_count)
		for round in 1 2 3; do
			detach || wrong="$wrong detach failed;"
			free_meanwhile || wrong="$wrong round $round: the detached device is still held;"
			if [ -n "$as" ]; then give_to_user "$second"; give_groups_to_user "$second"; fi
			attach || wrong="$wrong attach failed;"
			testpmd_traffic
			wrong="$wrong $(testpmd_count)"
		done
	else
		wrong="testpmd did not start;"
	fi
	# The e1000e raises one for the link of each port that is started.
	if [ "$model" = 0x10d3 ] && [ "$(grep -c 'link state change event' "$log")" -lt 5 ]; then
		wrong="$wrong no link state interrupts;"
	fi
	wrong="$wrong $unanswered"
	testpmd_end || wrong="$wrong exit status $?;"
	rm -f /dev/hugepages/rtemap*
	if [ "$(free_pages)" != "$free" ]; then
		wrong="$wrong huge pages free before $free, after $(free_pages);"
	fi
	case_end "$name" "$wrong"
}

cycle "root"
give_to_user "$@"
give_groups_to_user "$@"
as=dpdk
cycle "ordinary user"
DPDK_IOAS=isolate=device cycle "ordinary user, isolated"
export DPDK_IOAS=backend=type1
cycle "ordinary user, type1"
finish
