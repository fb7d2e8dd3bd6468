#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Proves that "frames inject" accepts right packets and detects every kind of damage: "frames reflect"
# replaces the guest. The captures are checked in the same way with files made by hand.
# usage: frames-test.sh FRAMES
set -euo pipefail

frames=$1
dir=$(mktemp -d)
base=$((20000 + $$ % 20000))
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" || true; fi; rm -rf "$dir"' EXIT
failed=0

# inject ENGINE DAMAGE STATUS [ENGINE OF THE REFLECTOR]
inject() {
	local status=0
	"$frames" reflect --base "$base" --engine "${4-$1}" --damage "$2" &
	pid=$!
	timeout 60 "$frames" inject --base "$base" --engine "$1" --wait 2 >"$dir/log" || status=$?
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	pid=
	if [ "$status" -ne "$3" ]; then
		echo "inject $*: status $status"
		cat "$dir/log"
		failed=1
	fi
}

for engine in io mac csum l3fwd; do inject $engine none 0; done
inject mac lose 0
for damage in bit short stale twice zero; do inject mac $damage 1; done
# A guest that does not change the packets is not one that forwards by MAC address.
inject mac none 1 io
inject csum none 1 mac
inject l3fwd none 1 mac

# capture STATUS NAME ARGUMENT...: checks $dir/NAME
capture() {
	local status=0 want=$1 name=$2
	shift 2
	"$frames" capture "$@" "$dir/$name" >"$dir/log" 2>&1 || status=$?
	if [ "$status" -ne "$want" ]; then
		echo "capture $name $*: status $status"
		cat "$dir/log"
		failed=1
	fi
}

header='\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01\0\0\0'
# A packet of 64 bytes from txonly, with its IP checksum computed by hand: the 16-bit words 4500 0032 4011
# c612 0001 c612 0002 add up to 1126a, folded 126b + ..., see RFC 1071.
words=$((0x4500 + 0x0032 + 0x4011 + 0xc612 + 0x0001 + 0xc612 + 0x0002))
while [ $words -gt 65535 ]; do words=$(((words >> 16) + (words & 65535))); done
sum=$(printf '\\x%02x\\x%02x' $(((~words >> 8) & 255)) $((~words & 255)))
record='\0\0\0\0\0\0\0\0\x40\0\0\0\x40\0\0\0'
ether='\x02\0\0\0\0\x01\x52\x54\0\0\0\x02\x08\0'
ip="\\x45\\0\\0\\x32\\0\\0\\0\\0\\x40\\x11$sum"'\xc6\x12\0\x01\xc6\x12\0\x02'
udp='\0\x09\0\x09\0\x1e\0\0'
zero='\0\0\0\0\0\0\0\0\0\0\0'
good="$record$ether$ip$udp$zero$zero"
txonly=(--txonly 64 --src 52:54:00:00:00:02 --dst 02:00:00:00:00:01)
printf '%b' "$header$good$good" >"$dir/good"
capture 0 good "${txonly[@]}" --min 2
capture 3 good "${txonly[@]}" --min 3
capture 1 good --txonly 68 --src 52:54:00:00:00:02 --dst 02:00:00:00:00:01 --min 2
capture 1 good --txonly 64 --src 52:54:00:00:00:03 --dst 02:00:00:00:00:01 --min 2
capture 1 good --flowgen 60 --min 2
# Two packets of the same flow, although the flows must count up.
capture 1 good "${txonly[@]}" --multi-flow 0 --min 2
printf '%b' "$header$good$record$ether${ip/x40/x3f}$udp$zero$zero" >"$dir/ttl"
capture 1 ttl "${txonly[@]}" --min 1
printf '%b' "$header$good$record$ether$ip$udp$zero${zero/%0/x01}" >"$dir/payload"
capture 1 payload "${txonly[@]}" --min 1
printf '%b' "$header$good$record$zero$zero$zero$zero$zero\\0\\0\\0\\0\\0\\0\\0\\0\\0" >"$dir/zero"
capture 1 zero "${txonly[@]}" --min 1
printf '%b' "$header" >"$dir/empty"
capture 3 empty "${txonly[@]}"
printf 'nothing of that kind' >"$dir/other"
capture 2 other "${txonly[@]}"

exit $failed
