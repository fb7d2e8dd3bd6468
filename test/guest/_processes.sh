# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for processes.sh. /share/plan has a line for each time that packets go through, as
# "NAME WHAT USER OPTIONS", OPTIONS for DPDK_IOAS:
#   secondary  symmetric_mp twice; all packets arrive in the secondary's queue. It is killed and started
#              again until the host has seen enough
#   primary    the same, and they arrive in the primary's
#   copy       testpmd does nothing, and a secondary forwards out of memory that it has allocated
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# Whether the host has seen enough, or has gone.
host_is_done() { [ -e "/share/done.$1" ] || [ -e /share/done ]; }

# usage: symmetric NAME TYPE LCORE QUEUE
symmetric() {
	launch "$1" /share/symmetric_mp -l "$3" -d "$plugin" --log-level=bus.ioas:debug "--proc-type=$2" -- -p 3 \
		--num-procs=2 "--proc-id=$4"
	await "$1" "using queue $4 of each port"
}

# The secondary is killed and started again until the host has seen enough, which is more than once.
kill_secondary() {
	local rounds=0
	until host_is_done "$1" || [ -n "$wrong" ]; do
		usleep 500000
		end_program secondary 137 KILL
		rounds=$((rounds + 1))
		echo $rounds >"/share/kills.$1"
		# The pages of the primary, and of nobody else.
		same_pins "$2" "after a secondary was killed"
		symmetric secondary secondary 2 "$3"
	done
}

# usage: two_symmetric NAME QUEUE-OF-PRIMARY QUEUE-OF-SECONDARY
two_symmetric() {
	local name=$1 of_primary
	if symmetric primary primary 1 "$2"; then
		of_primary=$(pinned)
		if symmetric secondary secondary 2 "$3"; then
			same_pins "$of_primary" "with a secondary"
			touch "/share/ready.$name"
			kill_secondary "$name" "$of_primary" "$3"
			end_program secondary 0 INT
			same_pins "$of_primary" "without secondaries"
		fi
		end_program primary 0 INT
	fi
	grep -q 'IOAS: secondary process: memory and devices are the primary' "$programs/secondary" ||
		wrong="$wrong no line of the secondary's;"
	programs_case "$name: processes" primary secondary
}

copies() {
	local name=$1 of_primary where=''
	# On POWER EAL takes whatever addresses the kernel gives, and a secondary may not get the same.
	if [ "$GUEST_MACHINE" = pseries ]; then where=--base-virtaddr=0x1000000000; fi
	# shellcheck disable=SC2086
	if testpmd_start -l 0-1 -d "$plugin" $where -- -i --total-num-mbufs=4096; then
		of_primary=$(pinned)
		launch look /share/secondary -l 3 -d "$plugin" --proc-type=secondary -- look
		await look '^allocated' && [ "$(pinned)" -le "$of_primary" ] &&
			wrong="$wrong nothing more is pinned;"
		end_program look 0 INT
		await look '^freed'
		same_pins "$of_primary" "after a secondary has freed its memory"
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
	programs_case "$name: processes" testpmd look copy
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
