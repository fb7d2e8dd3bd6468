# SPDX-License-Identifier: BSD-3-Clause
# Memory that EAL does not own comes and goes at random on several threads: by calls that slots see, by calls
# that only the kernel sees, and by both. Devices (edu) read the same as the CPU. See
# test/guest/apps/foreign/soak.c.
# guest: --machine intel-39 --nics e1000e,edu,edu,edu,edu,edu,edu --pages-2m 1024 --timeout 3600
# guest: --machine amd --nics e1000e,edu,edu,edu,edu,edu,edu --pages-2m 1024 --timeout 3600
# add: test/guest/apps/foreign
# shellcheck shell=dash source=devtools/guest/guest.sh disable=SC2046,SC2086,SC2317
. /lib/guest.sh

bind_vfio $(nics) $(edus)

# usage: soak WAY STATUS LINE SECONDS
soak() {
	local way=$1 wanted=$2 line=$3 seconds=$4 rc=0 wrong=''
	remember
	/share/foreign -l 0-1 -d "$plugin" -- "$way" soak $(edus) -- "$seconds" >"$log" 2>&1 || rc=$?
	if [ $rc -ne "$wanted" ]; then wrong="status $rc, $(grep -a -m 1 '^WRONG' "$log");"; fi
	grep -q "$line" "$log" || wrong="$wrong no '$line';"
	grep -a '^soak' "$log"
	case_end "$way" "$wrong $(all_is_back)"
}
third=$((GUEST_SOAK / 3))
soak slots 0 '^1 passed' $third
soak kernel 0 '^1 passed' $third
soak both 0 '^1 passed' $third
# Without slots and without the kernel's reports the test finds wrong bytes.
soak none 1 '^WRONG .* WRONG BYTES' 60
finish
