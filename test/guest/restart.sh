# SPDX-License-Identifier: BSD-3-Clause
# DPDK is killed while it works and started again at once: it works, with the old hugepage files present, and
# at the end nothing of the killed processes is left. The same for processes without DPDK, and for devices
# that are attached and detached many times: test/guest/apps/cycles.c.
# guest: --machine intel-39 --nics e1000e,e1000e,edu
# guest: --machine smmuv3 --nics e1000e,virtio,edu
# add: test/guest/apps/cycles
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
give_to_user "$@"
give_groups_to_user "$@"
remember

kill_testpmd() {
	kill -9 "$testpmd_pid"
	exec 9>&-
	wait "$testpmd_pid" 2>/dev/null
}

# usage: restart NAME
restart() {
	local name=$1 wrong='' round
	for round in 1 2; do
		if testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096; then
			testpmd_say set fwd io
			testpmd_say start tx_first
			wait_for 10 both_received || wrong="$wrong round $round: no traffic;"
		else
			wrong="$wrong round $round: testpmd did not start;"
		fi
		if [ "$(pinned)" -le "$pins" ]; then wrong="$wrong nothing is pinned;"; fi
		kill_testpmd
	done
	# As if nothing had happened.
	if testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096; then
		if testpmd_traffic; then wrong="$wrong $(testpmd_count)"; else wrong="$wrong $unanswered"; fi
	else
		wrong="$wrong testpmd did not start;"
	fi
	testpmd_end || wrong="$wrong exit status $?;"
	case_end "$name" "$wrong $(all_is_back)"
}

as=dpdk
for backend in iommufd type1; do
	DPDK_IOAS=backend=$backend restart "$backend"
done
DPDK_IOAS=isolate=device restart "isolated"

# Killed at any moment of its start.
wrong=''
mkfifo /tmp/hold
exec 8<>/tmp/hold
for round in $(seq 1 25); do
	su dpdk -s /bin/sh -c "exec dpdk-testpmd -l 0-1 -d $plugin -- -i --total-num-mbufs=4096" \
		<&8 >"$log" 2>&1 &
	pid=$!
	usleep $((round * 730000 % 4000000))
	kill -9 $pid 2>/dev/null || wrong="$wrong round $round: it had ended;"
	wait $pid 2>/dev/null
done
if ! rebind "$@"; then wrong="$wrong a device is still held;"; fi
case_end "killed 25 times" "$wrong $(all_is_back)"

# usage: cycles NUMBER BACKEND
cycles() {
	local wrong=''
	# shellcheck disable=SC2046
	/share/cycles $(edus) "$@" >"$log" 2>&1 || wrong="status $?, $(grep -a '^not ok' "$log");"
	case_end "$1 cycles, $2" "$wrong $(all_is_back)"
}
# shellcheck disable=SC2046
bind_vfio $(edus)
remember
if [ "$GUEST_MACHINE" = intel-39 ]; then cycles 1000 iommufd; else cycles 100 iommufd; fi
cycles 100 type1
finish
