# SPDX-License-Identifier: BSD-3-Clause
# Fixed IOVAs of an application's own memory are kept, all others are chosen.
# build: coverage
# guest: --machine intel-39
# guest: --machine intel-39 --dpdk 24.11
# guest: --machine intel-39 --dpdk 25.11
# guest: --machine pseries
# add: test/guest/apps/external_memory
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
pages_are() { [ "$(free_pages)" = "$1" ]; }
# usage: run NAME STATUS LINE EAL-OPTION...
run() {
	local name=$1 wanted=$2 line=$3 rc=0 wrong='' free
	free=$(free_pages)
	shift 3
	/share/external_memory -l 0 --in-memory -m 64 "$@" >"$log" 2>&1 || rc=$?
	if [ $rc -ne "$wanted" ]; then wrong="status $rc;"; fi
	grep -q -e "$line" "$log" || wrong="$wrong no '$line';"
	if ! wait_for 10 pages_are "$free"; then wrong="$wrong huge pages are not free again: $free, then $(free_pages);"; fi
	case_end "$name" "$wrong"
}
if [ "$GUEST_MACHINE" = pseries ]; then
	# The program's fixed IOVAs lie in no DMA window.
	run "chosen IOVAs" 0 '^PASSED' -d "$plugin" -- chosen
	finish
fi
run "the plugin" 0 '^PASSED' -d "$plugin"
run "a stated IOVA that cannot be is logged" 0 \
	'IOAS: cannot map 2 MiB at IOVA 0x1000000000000: 0x8000000000-.* is beyond the aperture' -d "$plugin"
# The same checks detect that stock EAL returns physical addresses.
run "stock EAL fails the checks" 1 '^not ok table: kept in lookups' --iova-mode=pa
finish
