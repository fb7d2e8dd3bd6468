# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for devtools/perf.sh: testpmd with stock EAL (type1, groups) and with the plugin in
# turns, then what dpdk-ioas-perf itself measures here. All of it is in /share/results.json.
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

read -r turns seconds wall quick </share/turns
# Not from the share, which is slow: a program's libraries are part of its start.
mkdir /run/lib
cp /share/librte_bus_ioas.so /share/libioas.so.1 /run/lib
export LD_LIBRARY_PATH=/run/lib
plugin=/run/lib/librte_bus_ioas.so

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"

# What stock EAL can do: 39 bits are too few for virtual addresses.
mode=VA option=--iova-mode=va
if [ "$GUEST_MACHINE" = intel-39 ]; then mode=PA option=--iova-mode=pa; fi

# One turn, "MS PACKETS" in /tmp/NAME. usage: turn stock|plugin
turn() {
	local eal=$option
	if [ "$1" = plugin ]; then eal="-d $plugin"; fi
	# shellcheck disable=SC2086
	env LD_PRELOAD=/usr/libexec/coreutils/libstdbuf.so _STDBUF_O=L /share/testpmd_turn "$seconds" \
		dpdk-testpmd -l 0-1 --in-memory -m 256 $eal -- -i --total-num-mbufs=4096 \
		--disable-link-check --no-lsc-interrupt >"/tmp/$1" 2>"$log" || return
	# Each must have been what it is said to be.
	if [ "$1" = plugin ]; then
		grep -q 'IOAS:.*backend iommufd' "$log"
	else
		! grep -q 'IOAS:' "$log"
	fi
}

# Who comes first changes. The first starts take their pages for the first time: they do not count.
missed=0 n=0
while [ $n -le "$turns" ]; do
	if [ $((n % 2)) -eq 0 ]; then order='stock plugin'; else order='plugin stock'; fi
	n=$((n + 1))
	for who in $order; do
		if ! turn "$who"; then
			tail -n 20 "$log"
			echo "turn $n: testpmd ($who) did not start or moved no packets"
			missed=$((missed + 1))
			continue 2
		fi
	done
	echo "turn $n: stock $(cat /tmp/stock), plugin $(cat /tmp/plugin) (ms, packets/s)"
	if [ $n -gt 1 ]; then
		cat /tmp/stock >>/tmp/stock.all
		cat /tmp/plugin >>/tmp/plugin.all
	fi
done
if [ $missed -gt $((turns / 2)) ] || [ ! -s /tmp/stock.all ]; then
	case_fail "turns" "$missed of $n without a result"
	finish
fi

# usage: result SUITE NAME UNIT COLUMN
result() {
	printf '{ "machine": "%s", "suite": "%s", "name": "%s", "pattern": "%s", "unit": "%s", "samples": [ %s ] }' \
		"$GUEST_MACHINE" "$1" "$2" "$mode" "$3" \
		"$(awk -v c="$4" '{ printf "%s%s", (NR > 1 ? ", " : ""), $c }' "/tmp/$2.all")"
}
if [ "$wall" = yes ]; then clock="the host's clock"; else clock='2 ns an instruction'; fi
cat >/tmp/turns.json <<END
{ "results": [
$(result forward stock pps 2),
$(result forward plugin pps 2),
$(result startup stock ms 1),
$(result startup plugin ms 1) ],
  "notes": [ { "machine": "$GUEST_MACHINE", "suite": "forward", "note": "emulated (QEMU; $clock): only ratios mean anything. testpmd -l 0-1 --in-memory -m 256, $seconds s of io, $(cat /share/nics); stock: type1, IOVA as $mode" } ] }
END

# How the rest is told of the clock.
icount='--icount'
if [ "$wall" = yes ]; then icount=''; fi

# What needs a device, where it says most.
if [ "$GUEST_MACHINE" = intel-48 ]; then
	if [ -n "$quick" ]; then how='--quick'; else how='--rounds 11 --maps 40000'; fi
	# shellcheck disable=SC2086
	/share/dpdk-ioas-perf $how $icount --machine "$GUEST_MACHINE" --suite eal --suite maps --allow "$1" \
		--add /tmp/turns.json --json /share/results.json -- -d "$plugin" -a "$1" -m 128 >"$log" 2>&1
else
	# shellcheck disable=SC2086
	/share/dpdk-ioas-perf $icount --machine "$GUEST_MACHINE" --suite none --add /tmp/turns.json \
		--json /share/results.json >"$log" 2>&1
fi
case_end "measured on $GUEST_MACHINE" "$(test -s /share/results.json || echo "no results;")"
finish
