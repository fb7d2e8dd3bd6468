#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# DPDK's unmodified l3fwd routes between two NICs: packets that the host sends in come out of the other NIC
# with time to live, checksum and MAC addresses as a router writes them, and otherwise unchanged. Once with
# shared DPDK and the plugin by -d, once with everything linked statically. In the same machine
# apps/telemetry.c queries the plugin, and babeltrace2 must read the trace of both here. (e1000e only: l3fwd
# demands checksum offloads that virtio does not have.)
# usage: l3fwd.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1
apps=$build/test/guest/apps
base=$((20000 + $$ * 8 % 20000))
share=''
# On exit, releases a guest that waits for this script.
trap 'if [ -n "$share" ]; then touch "$share/done"; fi' EXIT
failed=0

# usage: route NAME STATUS-OF-THE-CONTENTS PROGRAM MACHINE EAL-OPTION...
route() {
	local name=$1 wanted=$2 program=$3 machine=$4 status=0 guest_status=0 pid
	share=$dir/${name// /-}
	if [ ! -x "$apps/$program" ]; then
		echo "SKIP $name: not built, $examples is not there (package dpdk-doc)"
		return
	fi
	rm -rf "$share"
	mkdir -p "$share/trace"
	echo "/share/$program -l 1 ${*:5} -- -p 3 -P '--config=(0,0,1),(1,0,1)' --parse-ptype --no-numa" \
		>"$share/command"
	guest --machine "$machine" --nics e1000e,e1000e --net "udp:$base" --share "$share" \
		--add "$apps/$program" --add "$apps/break_iova.so" --add "$apps/telemetry" "$top/test/guest/_l3fwd.sh" \
		>"$share/output" 2>"$share/errors" &
	pid=$!
	until [ -e "$share/ready" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.2; done
	if [ -e "$share/ready" ]; then
		"$apps/frames" inject --base "$base" --engine l3fwd --wait 60 >"$share/contents" 2>&1 ||
			status=$?
	fi
	touch "$share/done"
	wait $pid || guest_status=$?
	verdict "$name: contents" $status "$wanted" "$share/contents"
	verdict "$name: ends well" $guest_status 0 "$share/output"
}

# Whether babeltrace2 finds the expected events in the traces of the last run: one at a time, because DPDK
# gives them the same UUID. usage: traced NAME
traced() {
	local event session status=0
	for session in "$share"/trace/*; do
		babeltrace2 "$session" >>"$share/events" 2>&1 || status=$?
	done
	verdict "$1: read" $status 0 "$share/events"
	while read -r event; do
		status=0
		grep -qE "$event \}\$" "$share/events" || status=$?
		verdict "$1: $event" $status 0 "$share/events"
	done <<-"END"
		ioas.attach: .*\{ device = "0000:00:04.0", ret = 0
		ioas.map: .*\{ address = 0x[0-9A-F]+, length = 0x[0-9A-F]+, iova = 0x10[0-9A-F]+, fixed = 0x0, ret = 0
		ioas.map: .*\{ address = 0x[0-9A-F]+, length = 0x1000, iova = 0x40000000, fixed = 0x1, ret = 0
		ioas.map: .*\{ address = 0x[0-9A-F]+, length = 0x1000, iova = 0xFEE00000, fixed = 0x1, ret = -22
		ioas.unmap: .*\{ address = 0x[0-9A-F]+, length = 0x1000, ret = 1
		ioas.unmap_iova: .*\{ iova = 0x40000000, length = 0x1000, ret = 1
		ioas.detach: .*\{ device = "0000:00:04.0"
	END
}

# The output of dpdk-telemetry-exporter.py for the last run's answers. usage: exported NAME
exported() {
	local status=0
	python3 "$top/test/usertools/endpoint.py" "$top/usertools/telemetry-endpoints/ioas.py" \
		"$share/told" >"$share/exported" 2>&1 || status=$?
	verdict "$1" $status 0 "$share/exported"
}

plugin="-d /share/librte_bus_ioas.so"
trace=("'--trace=ioas.*'" --trace-dir=/share/trace)
examples=/usr/share/dpdk/examples/l3fwd
for machine in intel-39 intel-48; do
	# shellcheck disable=SC2086
	route "shared $machine" 0 l3fwd $machine $plugin "${trace[@]}"
	traced "trace $machine"
	exported "metrics $machine"
	route "static $machine" 0 l3fwd-static $machine
done
# The same with false DMA addresses (break_iova.c): the contents must show it.
# shellcheck disable=SC2086
route "false addresses" 1 l3fwd intel-39 $plugin -d /share/break_iova.so \
	--mbuf-pool-ops-name=break_iova
exit $failed
