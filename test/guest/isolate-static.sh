# SPDX-License-Identifier: BSD-3-Clause
# A static program: the plugin replaces its mmap() and munmap() (--wrap), also when the plugin's own library
# calls them. More than a GiB in one piece, one device without a driver, a space for each device.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e,edu --mem 5G --pages-2m 1600
# add: test/guest/apps/l3fwd-static
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics) $(edus)

# usage: static NAME PATTERN
static() {
	local name=$1 rc=0 wrong=''
	/share/l3fwd-static -l 1 -m 2300 --in-memory -- -p 3 -P '--config=(0,0,1),(1,0,1)' --parse-ptype \
		--no-numa >"$log" 2>&1 &
	pid=$!
	wait_for 60 grep -q "entering main loop" "$log" || wrong="no main loop;"
	kill -INT $pid
	wait_for 60 ended || { wrong="$wrong it does not end;"; kill -9 $pid; }
	wait $pid || rc=$?
	[ $rc -eq 0 ] || wrong="$wrong status $rc;"
	grep -q "$2.* 2[0-9]* MiB in" "$log" || wrong="$wrong no '$2' with memory;"
	case_end "$name" "$wrong"
}
# shellcheck disable=SC2317
ended() { ! kill -0 $pid 2>/dev/null; }

static "all in one space" "backend iommufd, 3 devices, aperture"
DPDK_IOAS=isolate=device static "a space each" "backend iommufd, 3 devices in a space each, aperture"
DPDK_IOAS=backend=type1 static "type1" "backend type1, 3 devices, aperture"
finish
