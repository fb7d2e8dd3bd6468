# SPDX-License-Identifier: BSD-3-Clause
# With neighbours that do not check EAL's mode, EAL gets the mode that is right for all, or the plugin stays
# out, or EAL ends with a line.
# build: coverage
# guest: --machine intel-39
# add: test/guest/apps/librte_crypto_caam_jr.so
# add: test/guest/apps/librte_dma_idxd.so
# add: test/guest/apps/simple_mp
# add: test/guest/apps/take
# shellcheck shell=dash source=devtools/guest/guest.sh disable=SC2046,SC2086
. /lib/guest.sh

set -- $(nics)
bind_vfio "$@"
programs_start

# Runs testpmd. Its status must be 0 (ok), or another (ends). It must print each pattern, and nothing of
# $refuse.
# usage: run NAME ok|ends PATTERN... -- EAL-OPTION...
run() {
	local name=$1 how=$2 rc=0 wrong='' patterns='' pattern
	shift 2
	while [ "$1" != -- ]; do
		patterns="$patterns$1
"
		shift
	done
	shift
	timeout 60 dpdk-testpmd -l 0-1 --in-memory -m 64 "$@" </dev/null >"$log" 2>&1 || rc=$?
	case $how:$rc in
	ok:0) ;;
	ok:* | ends:0 | ends:124) wrong="exit status $rc;" ;;
	esac
	while read -r pattern; do
		if [ -n "$pattern" ] && ! grep -q -e "$pattern" "$log"; then wrong="$wrong printed no '$pattern';"; fi
	done <<-END
		$patterns
	END
	if [ -n "${refuse-}" ] && grep -q -e "$refuse" "$log"; then
		wrong="$wrong printed '$(grep -m 1 -e "$refuse" "$log")';"
	fi
	case_end "$name" "$wrong"
}

refuse='IOAS:.*refused'

# Work queues of Intel's DSA, as their kernel driver shows them: they use virtual addresses of the process.
mkdir -p /tmp/dsa /tmp/sys/wq0.0 /tmp/sys/dsa0
dd if=/dev/zero of=/tmp/dsa/wq0.0 bs=4096 count=1 2>/dev/null
echo user >/tmp/sys/wq0.0/type
echo dpdk_a >/tmp/sys/wq0.0/name
echo 16 >/tmp/sys/wq0.0/size
echo 64 >/tmp/sys/wq0.0/max_batch_size
echo 0 >/tmp/sys/dsa0/numa_node
export DSA_DEV_PATH=/tmp/dsa DSA_SYSFS_PATH=/tmp/sys
idxd='-d /share/librte_dma_idxd.so'
run "a bus that needs addresses" ok 'IOAS: the bus dsa takes IOVAs for addresses: they are equal to addresses' \
	"EAL: Selected IOVA mode 'VA'" "IOAS: $1: fixed IOVA=VA" -- $idxd -d $plugin
run "a bus that needs addresses, --iova-mode=pa" ends \
	'IOAS: the bus dsa takes IOVAs for addresses, which chosen ones are not: start without it, or with' \
	'Cannot probe devices' -- $idxd -d $plugin --iova-mode=pa
DPDK_IOAS=iova=kernel run "a bus that needs addresses, iova=kernel" ends \
	'IOAS: the bus dsa takes IOVAs for addresses, which chosen ones are not: start without it, or with' \
	'Cannot probe devices' -- $idxd -d $plugin
unset DSA_DEV_PATH DSA_SYSFS_PATH
run "without it" ok "EAL: Selected IOVA mode 'PA'" "IOAS: $1: chosen IOVAs" -- -d $plugin

# KNI's kernel module.
touch /dev/kni
run "a kernel module that needs addresses" ok \
	"IOAS: KNI's kernel module takes IOVAs for addresses: they are equal to addresses" \
	"EAL: Selected IOVA mode 'VA'" "IOAS: $1: fixed IOVA=VA" -- -d $plugin
rm /dev/kni

# A virtual device whose hardware, which is missing here, uses physical addresses.
caam='-d /share/librte_crypto_caam_jr.so --vdev crypto_caam_jr0'
stays='IOAS: crypto_caam_jr takes IOVAs for physical addresses: DPDK continues without the plugin'
refuse="IOAS: $1"
run "a device that takes physical addresses" ok "$stays" 'start without crypto_caam_jr to have kernel-chosen IOVAs' \
	'EAL: Probe PCI driver: net_e1000_em' -- $caam -d $plugin
DPDK_IOAS=isolate=device run "a device that takes physical addresses, isolated" ends "$stays" \
	'IOAS: isolate=device is not supported here' -- $caam -d $plugin
unset refuse

# A device of uio that has I/O ports needs no registers.
wrong=''
launch with /share/take -l 0 --in-memory -m 64 -a "$1" -d $plugin -- ports
await with 'IOAS: I/O ports are refused'
end_program with 1
programs_case "I/O ports" with

# The primary determines the mode, which may be wrong for a secondary's neighbours.
launch primary /share/simple_mp -l 0,1 --proc-type=primary -d $plugin -a "$1"
if await primary "Finished Process Init"; then
	touch /dev/kni
	launch secondary /share/take -l 2 --proc-type=secondary -d $plugin -a "$1" -- "$1"
	await secondary "IOAS: KNI's kernel module takes IOVAs for addresses, which chosen ones are not"
	end_program secondary 2
	rm /dev/kni
	echo quit >"$programs/primary.in"
fi
end_program primary 0
programs_case "a secondary process" primary secondary
finish
