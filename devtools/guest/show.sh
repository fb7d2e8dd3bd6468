# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for devtools/run.sh: packets both ways, shown and counted.
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096 && testpmd_traffic
rc=$?
testpmd_end || rc=$?
wrong=$(testpmd_count)

# All that it said when it started, and the last counters.
sed "/$prompt/,\$d" "$log"
awk '/NIC statistics for port/ { on = 1; if ($6 == 0) block = "" }
	on && NF > 0 && !/Throughput|pps/ { block = block $0 "\n" }
	/^ *#+ *$/ { on = 0 }
	END { printf "%s", block }' "$log"
if [ $rc -ne 0 ] || [ -n "$wrong" ] || ! grep -q "$start_line" "$log"; then
	tail -n 40 "$log"
	echo "run: failed (status $rc) $wrong"
	exit 1
fi
echo "run: port 0 received $(stat 0 RX-packets) packets, port 1 $(stat 1 RX-packets), no errors"
