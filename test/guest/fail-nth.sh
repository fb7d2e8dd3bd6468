# SPDX-License-Identifier: BSD-3-Clause
# Every allocation that the kernel makes for a call of the library fails once (fail_nth.c).
# guest: --machine intel-39 --nics e1000e,e1000e --timeout 200
# add: test/guest/apps/fail_nth
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
# Without call traces in the log.
find /sys/kernel/debug -path '*fail*/verbose' -exec sh -c 'echo 0 >"$1"' _ {} \;

# The kernel adds up the counts of its CPUs every second.
# shellcheck disable=SC2317
nothing_pinned() { [ "$(pinned)" -eq "$pins" ]; }

# usage: sweep NAME BACKEND
sweep() {
	local rc=0 wrong=''
	pins=$(pinned)
	/share/fail_nth "$2" "$bdf" >"$log" 2>&1 || rc=$?
	cat "$log"
	[ $rc -eq 0 ] || wrong="status $rc, $(grep -m 1 '^not ok' "$log");"
	[ "$(grep -c 'allocations failed' "$log")" -eq 8 ] || wrong="$wrong not 8 calls;"
	if ! wait_for 10 nothing_pinned; then wrong="$wrong pages pinned before $pins, after $(pinned);"; fi
	if ! rebind "$bdf"; then wrong="$wrong the device is still held;"; fi
	case_end "$1" "$wrong"
}
bdf=$1
sweep iommufd iommufd
sweep type1 type1
hide_cdevs "$1"
sweep "groups on iommufd" iommufd
finish
