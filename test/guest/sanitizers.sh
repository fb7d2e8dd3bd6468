# SPDX-License-Identifier: BSD-3-Clause
# The plugin under the address and undefined behaviour sanitizers, with a real kernel: memory comes and goes,
# devices come and go, isolation, a quarantine.
# guest: --machine intel-39 --pages-2m 1024 --timeout 1200
# build: asan
# add: test/guest/apps/churn
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
# The plugin is loaded into programs without the sanitizers.
export LD_PRELOAD=/share/libasan.so.8 ASAN_OPTIONS=log_path=/tmp/found:exitcode=66

# Prints the errors that the sanitizers have found.
found() {
	cat /tmp/found.* 2>/dev/null
	grep -a -A 20 'runtime error:' "$log"
}
# usage: watched NAME WHAT-IS-WRONG
watched() {
	local wrong=$2
	if [ -n "$(found)" ]; then
		found | head -n 60
		wrong="$wrong a sanitizer has found something;"
	fi
	rm -f /tmp/found.*
	case_end "$1" "$wrong $(all_is_back)"
}

churn() {
	local wrong=''
	/share/churn -l 0-2 -d $plugin -- "$2" >"$log" 2>&1 || wrong="status $?;"
	grep -q '^PASSED' "$log" || wrong="$wrong it did not pass;"
	watched "$1" "$wrong"
}

remember
churn "churn" 20
DPDK_IOAS=isolate=device,quarantine=64M churn "churn, isolated, with a quarantine" 10
DPDK_IOAS=backend=type1 churn "churn, type1" 10

wrong=''
testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096 || wrong="testpmd did not start;"
testpmd_traffic || wrong="$wrong $unanswered"
for command in "port stop 1" "port close 1" "device detach $2" "port attach $2" "port start 1"; do
	# shellcheck disable=SC2086
	testpmd_say $command || wrong="$wrong $unanswered"
done
testpmd_traffic || wrong="$wrong $unanswered"
wrong="$wrong $(testpmd_count)"
testpmd_end || wrong="$wrong exit status $?;"
watched "a port goes and comes" "$wrong"
finish
