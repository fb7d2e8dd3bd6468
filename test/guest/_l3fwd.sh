# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for l3fwd.sh: runs /share/command until the host reports that it has seen enough. If the
# command leaves a trace, then the program telemetry does so as well.
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
free=$(free_pages)
rc=0
echo "+ $(cat /share/command)" >&2
sh -c "exec $(cat /share/command)" >"$log" 2>&1 &
pid=$!
if wait_for 60 grep -q "entering main loop" "$log"; then
	touch /share/ready
	wait_for 200 test -e /share/done || rc=2
	kill -INT $pid
fi
wait $pid || rc=$?
cat "$log"
if ! grep -q -e "$start_line" "$log"; then echo "no line of the plugin's"; rc=3; fi
if grep -q -e --trace= /share/command; then
	DPDK_IOAS=quarantine=64M /share/telemetry -l 1 -m 64 -d "$plugin" '--trace=ioas.*' \
		--trace-dir=/share/trace >/share/told 2>&1 || { rc=5; cat /share/told; }
fi
rm -rf /dev/hugepages/rtemap*
if [ "$(free_pages)" != "$free" ]; then echo "huge pages free: $free, then $(free_pages)"; rc=4; fi
exit $rc
