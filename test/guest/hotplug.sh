# SPDX-License-Identifier: BSD-3-Clause
# While testpmd runs, a port is closed, detached and attached again; then both ports are, so that no device is
# left for a while. Afterwards packets flow as before.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e
# guest: --machine intel-39 --nics e1000e,virtio --dpdk 25.11
# guest: --machine intel-48 --nics virtio,virtio
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
first=$1 second=$2
model=$(cat "/sys/bus/pci/devices/$second/device")
bind_vfio "$@"

# usage: detach PORT DEVICE
detach() {
	testpmd_say port stop "$1" && testpmd_say port close "$1" &&
		testpmd_say device detach "$2"
}
# usage: attach PORT DEVICE
attach() {
	testpmd_say port attach "$2" && testpmd_say port start "$1"
}
# The freed devices can be unbound and bound again while testpmd runs. usage: free_meanwhile DEVICE...
free_meanwhile() {
	rebind "$@" || return
	if [ -n "$as" ]; then give_to_user "$@"; give_groups_to_user "$@"; fi
}

cycle() {
	local name=$1 wrong='' free round
	shift
	free=$(free_pages)
	if testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096; then
		testpmd_traffic
		wrong=$(testpmd_count)
		for round in 1 2; do
			detach 1 "$second" || wrong="$wrong detach failed;"
			free_meanwhile "$second" ||
				wrong="$wrong round $round: the detached device is still held;"
			attach 1 "$second" || wrong="$wrong attach failed;"
			testpmd_traffic
			wrong="$wrong $(testpmd_count)"
		done
		detach 1 "$second" && detach 0 "$first" || wrong="$wrong detach of both failed;"
		free_meanwhile "$@" || wrong="$wrong a detached device is still held;"
		attach 0 "$first" && attach 1 "$second" || wrong="$wrong attach of both failed;"
		testpmd_traffic
		wrong="$wrong $(testpmd_count)"
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

# EAL starts without a device, but with memory.
late() {
	local name=$1 wrong=''
	shift
	unbind "$first"
	unbind "$second"
	if testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096; then
		free_meanwhile "$@" || wrong="$wrong they cannot be bound;"
		attach 0 "$first" && attach 1 "$second" || wrong="$wrong attach failed;"
		testpmd_traffic
		wrong="$wrong $(testpmd_count)"
	else
		wrong="testpmd did not start;"
	fi
	grep -q 'IOAS: backend [a-z0-9]*, no device yet' "$log" || wrong="$wrong it did not wait;"
	wrong="$wrong $unanswered"
	testpmd_end || wrong="$wrong exit status $?;"
	case_end "$name" "$wrong $(all_is_back)"
}

cycle "root" "$@"
remember
late "the first device is late" "$@"
give_to_user "$@"
give_groups_to_user "$@"
as=dpdk
cycle "ordinary user" "$@"
DPDK_IOAS=isolate=device cycle "ordinary user, isolated" "$@"
export DPDK_IOAS=backend=type1
cycle "ordinary user, type1" "$@"
late "the first device is late, ordinary user, type1" "$@"
finish
