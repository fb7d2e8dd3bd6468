#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Several DPDK processes share ports and memory: DPDK's unmodified example symmetric_mp, and a secondary that
# sends from its own memory. The host sends packets in and checks those that come back
# (test/guest/apps/frames.c), also while a process is killed.
# usage: processes.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1
base=$((20000 + $$ * 8 % 20000))
share='' guest_pid='' failed=0
# On exit, releases a guest that waits for this script.
trap 'if [ -n "$guest_pid" ]; then touch "$share/done"; fi' EXIT

# Sends packets and judges those that come back. usage: packets NAME WHAT
packets() {
	local name=$1 status=0 options=()
	# A killed process loses some packets, and those that wait for the next process are late.
	if [ "$2" = secondary ]; then options=(--loss 5); fi
	if [ "$2" != copy ]; then options+=(--count "$count"); fi
	until [ -e "$share/ready.$name" ]; do
		kill -0 "$guest_pid" 2>/dev/null || return 0
		sleep 0.2
	done
	"$build/test/guest/apps/frames" inject --base "$base" --engine io "${options[@]}" \
		>"$share/contents.$name" 2>&1 || status=$?
	if [ "$2" != copy ] && [ ! -e "$share/kills.$name" ]; then
		echo "no process was killed meanwhile" >>"$share/contents.$name"
		status=98
	fi
	touch "$share/done.$name"
	verdict "$machine $name: contents" $status 0 "$share/contents.$name"
}

# Boots a guest and executes the plan on standard input. usage: processes MACHINE NICS
processes() {
	local machine=$1 from name what status=0
	from=$(build_for --machine "$machine")/test/guest/apps
	share=$dir/$machine-${2//,/-}
	rm -rf "$share"
	mkdir -p "$share"
	cat >"$share/plan"
	guest --machine "$machine" --nics "$2" --net "udp:$base" --share "$share" --timeout 1200 \
		--add "$from/symmetric_mp" --add "$from/secondary" \
		"$top/test/guest/_processes.sh" >"$share/output" 2>"$share/errors" &
	guest_pid=$!
	while read -r name what _; do packets "$name" "$what"; done <"$share/plan"
	wait $guest_pid || status=$?
	guest_pid=''
	grep -aE '^(PASS|FAIL|SKIP) ' "$share/output" | tr -d '\r' | sed "s/ / $machine /" || true
	verdict "$machine $2: ends well" $status 0 "$share/output"
}

count=20000
processes intel-39 vmxnet3,vmxnet3 <<-END
	iommufd secondary root
	iommufd-swapped primary root
	type1 secondary dpdk backend=type1
	isolated secondary dpdk isolate=device
	copy copy dpdk
END
processes smmuv3 e1000e,virtio <<<"copy copy dpdk"
processes pseries e1000e,e1000e <<<"copy copy root"
exit $failed
