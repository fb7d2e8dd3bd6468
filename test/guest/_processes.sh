# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for processes.sh. /share/plan has a line for each run with packets: "NAME WHAT USER
# OPTIONS", with OPTIONS for DPDK_IOAS:
#   secondary  symmetric_mp twice; all packets arrive in the secondary's queue. It is killed and started
#              again until the host has seen enough
#   primary    the same, but packets arrive in the primary's queue
#   copy       testpmd does nothing, and a secondary forwards from memory that it has allocated, after one
#              that has freed its memory and one that was killed
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# Whether the host has seen enough, or has ended.
host_is_done() { [ -e "/share/done.$1" ] || [ -e /share/done ]; }

# EAL has a file for each of its pages of 2 MiB, and each is pinned.
eal_pages() { find /dev/hugepages -name 'rtemap_*' | wc -l; }
pages_in_2m=$((2048 / $(awk '/^KernelPageSize/ { print $2; exit }' /proc/self/smaps)))
# shellcheck disable=SC2317 # wait_for calls it
pinned_is_eals() { [ "$(pinned)" -eq $((pages_in_2m * $(eal_pages))) ]; }
# usage: eals_pins WHEN
eals_pins() {
	wait_for 20 pinned_is_eals || wrong="$wrong pinned pages $1: $(pinned), and EAL has $(eal_pages) of 2 MiB;"
}

# usage: symmetric NAME TYPE LCORE QUEUE
symmetric() {
	launch "$1" /share/symmetric_mp -l "$3" -d "$plugin" --log-level=bus.ioas:debug "--proc-type=$2" -- -p 3 \
		--num-procs=2 "--proc-id=$4"
	await "$1" "using queue $4 of each port"
}

# The secondary is killed and started again until the host has seen enough, more than once. It forwards when
# it is killed. If it were allocating, EAL's locks would stay taken, and the primary would wait forever, with
# stock EAL too. Its allocations stay in the heap, with stock EAL too: about 0.15 MiB, so that EAL has a page
# more after some 14 of them.
kill_secondary() {
	local kills=0
	until host_is_done "$1" || [ -n "$wrong" ]; do
		usleep 500000
		end_program secondary 137 KILL
		kills=$((kills + 1))
		echo $kills >"/share/kills.$1"
		eals_pins "after kill $kills"
		symmetric secondary secondary 2 "$2"
	done
}

# usage: two_symmetric NAME QUEUE-OF-PRIMARY QUEUE-OF-SECONDARY
two_symmetric() {
	local name=$1
	if symmetric primary primary 1 "$2"; then
		eals_pins "of the primary"
		if symmetric secondary secondary 2 "$3"; then
			eals_pins "with a secondary"
			touch "/share/ready.$name"
			kill_secondary "$name" "$3"
			end_program secondary 0 INT
			eals_pins "without secondaries"
		fi
		end_program primary 0 INT
	fi
	grep -q 'IOAS: secondary process: memory and devices are the primary' "$programs/secondary" ||
		wrong="$wrong no line of the secondary's;"
	programs_case "$name: processes" primary secondary
}

copies() {
	local name=$1 of_primary pages_of_primary pages where=''
	# On POWER EAL uses the addresses that the kernel gives, and a secondary may not get the same ones.
	if [ "$GUEST_MACHINE" = pseries ]; then where=--base-virtaddr=0x1000000000; fi
	# shellcheck disable=SC2086
	if testpmd_start -l 0-1 -d "$plugin" $where -- -i --total-num-mbufs=4096; then
		of_primary=$(pinned) pages_of_primary=$(eal_pages)
		eals_pins "of the primary"
		launch look /share/secondary -l 3 -d "$plugin" --proc-type=secondary -- look
		await look '^allocated' && [ "$(pinned)" -le "$of_primary" ] &&
			wrong="$wrong nothing more is pinned;"
		end_program look 0 INT
		await look '^freed'
		same_pins "$of_primary" "after a secondary has freed its memory"
		launch killed /share/secondary -l 3 -d "$plugin" --proc-type=secondary -- look
		await killed '^allocated'
		pages=$(eal_pages)
		[ "$pages" -gt "$pages_of_primary" ] || wrong="$wrong EAL has no page more;"
		end_program killed 137 KILL
		eals_pins "after a secondary with memory was killed"
		[ "$(eal_pages)" -eq "$pages" ] || wrong="$wrong EAL has $(eal_pages) pages, and not $pages;"
		launch copy /share/secondary -l 3 -d "$plugin" --proc-type=secondary -- forward
		if await copy '^allocated'; then
			touch "/share/ready.$name"
			wait_for 300 host_is_done "$name" || wrong="$wrong the host has not ended;"
		fi
		end_program copy 0 INT
	else
		wrong="$wrong testpmd did not start;"
	fi
	testpmd_end || wrong="$wrong testpmd ended with status $?;"
	mv "$log" "$programs/testpmd"
	programs_case "$name: processes" testpmd look killed copy
}

# shellcheck disable=SC2046
bind_vfio $(nics)
# shellcheck disable=SC2046
give_to_user $(nics)
# shellcheck disable=SC2046
give_groups_to_user $(nics)
programs_start

while read -r name what user options <&8; do
	export DPDK_IOAS="$options"
	as=$user
	case $what in
	secondary) two_symmetric "$name" 1 0 ;;
	primary) two_symmetric "$name" 0 1 ;;
	copy) copies "$name" ;;
	esac
done 8</share/plan
finish
