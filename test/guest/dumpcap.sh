#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Unmodified dpdk-dumpcap with testpmd and the plugin. It is a secondary process and takes no EAL options: the
# log line of the primary tells how to load the plugin into it, and that works.
# usage: dumpcap.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1
tool=$(command -v dpdk-dumpcap) || die "dpdk-dumpcap is not installed: run devtools/setup.sh"
libraries=()
while read -r library; do libraries+=(--add "$library"); done < <(ldd "$tool" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p')

cat >"$dir/script" <<'EOF'
. /lib/guest.sh
bind_vfio $(nics)
testpmd_start -l 0-1 -d $plugin -- -i --total-num-mbufs=4096
testpmd_say set fwd flowgen
testpmd_say start

wrong=''
timeout -s INT 60 /share/dpdk-dumpcap -i 0 -c 20 -w /tmp/without.pcapng >/tmp/without 2>&1 && wrong="it captures;"
how=$(sed -n 's/.*IOAS: .* needs the plugin as well: .*\(LD_PRELOAD=[^ ]*\) for a program that takes no.*/\1/p' "$log" |
	head -n 1)
[ -n "$how" ] || wrong="$wrong no line with what to do;"
[ -z "$wrong" ] || cat /tmp/without
case_end "without the plugin a line says how to load it" "$wrong"

wrong='' rc=0
env $how timeout -s INT 120 /share/dpdk-dumpcap -i 0 -c 20 -w /tmp/with.pcapng >/tmp/with 2>&1 || rc=$?
[ $rc -eq 0 ] || wrong="status $rc;"
[ "$(wc -c </tmp/with.pcapng)" -gt 1000 ] || wrong="$wrong nothing captured;"
[ -z "$wrong" ] || cat /tmp/with
case_end "as the line says it captures" "$wrong"

rc=0
testpmd_say stop
testpmd_end || rc=$?
case_end "testpmd ends well" "$([ $rc -eq 0 ] || echo "status $rc")"
finish
EOF
guest --machine intel-39 --nics e1000e,e1000e --add "$tool" "${libraries[@]}" "$dir/script" 2>"$dir/guest.err"
