# SPDX-License-Identifier: BSD-3-Clause
# Demands of the user and the drivers on IOVAs are met, or refused before anything is mapped with one line
# that names the remedy: IOVA=VA, windows, DMA masks, drivers that need IOVA=VA.
# build: coverage
# guest: --machine intel-39 --nics e1000e,virtio
# guest: --machine intel-48 --nics e1000e,virtio
# guest: --machine intel-39 --nics e1000e,virtio --nodes 2
# add: test/guest/apps/iova_check
# add: test/guest/apps/demand.so
# shellcheck shell=dash source=devtools/guest/guest.sh disable=SC2046,SC2086
. /lib/guest.sh

set -- $(nics)
demanding=$1 other=$2
bind_vfio "$@"
give_to_user "$@"
driver='-d /share/demand.so'
whole=$(printf '0x1000-0xfedfffff,0xfef00000-0x%x' $(((1 << $(vtd_bits)) - 1)))
low=0x1000-0xfedfffff,0xfef00000-0xffffffff

mkdir -p "$XDG_RUNTIME_DIR"
chown dpdk "$XDG_RUNTIME_DIR"

# Runs a program. Its status must match ("ends": any), it must print each pattern, and nothing of $refuse.
# usage: run NAME ok|fails|ends PATTERN... -- COMMAND...
run() {
	local name=$1 how=$2 rc=0 wrong='' pattern patterns=''
	shift 2
	while [ "$1" != -- ]; do
		patterns="$patterns$1
"
		shift
	done
	shift
	echo "+ ${DPDK_IOAS-} ${DEMAND-} $*" >&2
	timeout 60 "$@" </dev/null >"$log" 2>&1 || rc=$?
	case $how:$rc in
	ok:0 | ends:0) ;;
	ok:* | fails:0 | *:12[4-9] | *:1[3-9]? | *:2??) wrong="exit status $rc;" ;;
	esac
	while read -r pattern; do
		if [ -n "$pattern" ] && ! grep -q -e "$pattern" "$log"; then
			wrong="$wrong printed no '$pattern';"
		fi
	done <<-END
		$patterns
	END
	if [ -n "${refuse-}" ] && grep -q -e "$refuse" "$log"; then
		wrong="$wrong printed '$(grep -m 1 -e "$refuse" "$log")';"
	fi
	rm -rf /dev/hugepages/rtemap*
	case_end "$name" "$wrong"
}

# Runs iova_check as an ordinary user, for whom no IOVA can be a physical address by chance.
# usage: check NAME HOW PATTERN... -- RANGES EAL-OPTION...
check() {
	local name=$1 how=$2 ranges args=''
	shift 2
	while [ "$1" != -- ]; do args="$args '$1'"; shift; done
	ranges=$2
	shift 2
	eval "run \"\$name\" $how $args -- su dpdk -s /bin/sh -c \
		'ulimit -l unlimited; exec /share/iova_check -l 0 -d $plugin $* -- --ranges $ranges'"
}
testpmd() { echo dpdk-testpmd -l 0-1 --in-memory -d $plugin "$@"; }

# The second node's memory lies beyond the aperture: the memory of the first one is not mapped either.
if [ -e /sys/devices/system/node/node1 ]; then
	export DPDK_IOAS=iova=va
	refuse='IOAS: mapped'
	run "iova=va is checked as a whole" fails "IOAS: address 0x88.* cannot be an IOVA: 0x8000000000" \
		"Cannot probe devices" -- $(testpmd --socket-mem=64,64 --base-virtaddr=0x7800000000 \
		--log-level=bus.ioas:debug)
	unset refuse DPDK_IOAS
	run "a start that fails half-way leaves nothing mapped" fails "IOAS: mapped 64 MiB" \
		"RLIMIT_MEMLOCK is 96 MiB, 128 MiB is needed" "IOAS: unmapped 64 MiB" \
		"Cannot probe devices" -- su dpdk -s /bin/sh -c "ulimit -l 98304; exec $(testpmd \
		--socket-mem=64,64 --log-level=bus.ioas:debug)"
	finish
fi

# ---- windows: every IOVA that DPDK returns lies inside ----

export DPDK_IOAS=window=0x10000000-0x4fffffff
check "window of 1 GiB" ok '^PASSED' -- 0x10000000-0x4fffffff
export DPDK_IOAS=window=0x1000000000-0x3fffffffff
check "window with room for reservations" ok '^PASSED' 'kept IOVAs' -- \
	0x1000000000-0x3fffffffff --log-level=bus.ioas:debug
check "window, preallocated" ok '^PASSED' -- 0x1000000000-0x3fffffffff -m 600
export DPDK_IOAS=window=0x1000000000000-0x1000fffffffff
check "window outside the aperture" fails \
	'IOAS: window 0x1000000000000-0x1000fffffffff has no IOVA that the devices can use: choose' \
	'Cannot probe devices' -- "$whole"
export DPDK_IOAS=window=0xfee00000-0xfeefffff
check "window in a reserved region" fails 'has no IOVA that the devices can use: choose one' -- \
	"$whole"

# ---- IOVA=VA: refused as a whole, and the remedy in the line works ----

export DPDK_IOAS=iova=va
refuse='IOAS: mapped'
if [ "$(vtd_bits)" -eq 39 ]; then
	run "iova=va beyond the aperture" fails \
		"IOAS: address 0x80.* cannot be an IOVA: 0x8000000000-0xffffffffffffffff is beyond" \
		"use iova=kernel without --iova-mode=va, or --base-virtaddr=0x" "Cannot probe devices" \
		-- $(testpmd -m 64 --base-virtaddr=0x8000000000 --log-level=bus.ioas:debug)
	base=$(sed -n 's/.*or --base-virtaddr=//p' "$log")
	unset refuse
	run "iova=va with the base that was named" ok "IOAS: $other: fixed IOVA=VA" \
		"IOVAs equal to VA" -- $(testpmd -m 64 --base-virtaddr="${base:-none}")
	export DPDK_IOAS=iova=kernel
	run "iova=kernel at the same addresses" ok "IOAS: $other: chosen IOVAs" \
		-- $(testpmd -m 64 --base-virtaddr=0x8000000000)
	# The PCI bus sets VT-d's width as a mask before IOVAs exist.
	check "iova=kernel there, legacy memory" ok '^PASSED' -- "$whole" --legacy-mem \
		--base-virtaddr=0x8000000000
	export DPDK_IOAS=
	run "memory that EAL does not place" ok \
		"IOAS: address 0x7f.* cannot be an IOVA: .*use iova=kernel without --iova-mode=va$" \
		-- $(testpmd --iova-mode=va) -- --mp-alloc=xmemhuge
fi
export DPDK_IOAS=iova=va
refuse='IOAS: mapped'
run "iova=va across a reserved region" fails \
	"IOAS: address 0xfee00000 cannot be an IOVA: 0xfee00000-0xfeefffff is reserved: use iova=kernel" \
	"or --base-virtaddr=0x100000000" "Cannot probe devices" \
	-- $(testpmd -m 600 --base-virtaddr=0xf0000000 --log-level=bus.ioas:debug)
unset refuse
run "iova=va, growth into a reserved region" fails \
	"IOAS: address 0xfee00000 cannot be an IOVA" "or --base-virtaddr=0x100000000" \
	"mbuf pool .*Cannot allocate memory" \
	-- $(testpmd -m 64 --base-virtaddr=0xf0000000) -- --total-num-mbufs=131072
if [ "$(grep -c "cannot be an IOVA" "$log")" -eq 1 ]; then
	case_ok "one line for it"
else
	case_fail "one line for it" "$(grep -c "cannot be an IOVA" "$log") lines"
fi
export DPDK_IOAS=iova=va,window=0x10000000-0x4fffffff
run "iova=va and a window" ok "IOAS: window= has no effect" -- $(testpmd -m 64)
export DPDK_IOAS=iova=va,quarantine=64M
run "iova=va and a quarantine" ok "IOAS: quarantine= has no effect" -- $(testpmd -m 64)
unset DPDK_IOAS

# ---- DMA masks ----

# The driver sets a real mask: stock EAL refuses it if IOVAs are addresses.
export DEMAND=early=32
run "stock EAL keeps to a mask" fails "exceeding limits of current DMA mask" -- \
	/share/iova_check -l 0 --iova-mode=va $driver -- --ranges $low
check "mask set early" ok '^PASSED' -- $low $driver
check "mask set early, legacy memory" ok '^PASSED' -- $low $driver --legacy-mem
check "mask set early, preallocated" ok '^PASSED' -- $low $driver -m 600
export DPDK_IOAS=window=0x100000000-0x1ffffffff
check "mask below the window" fails 'IOAS: a driver limits DMA addresses to 0xffffffff: start with' \
	'DPDK_IOAS=window=0x1000-0xffffffff' -- $low $driver
export DPDK_IOAS=iova=va
run "mask set early, iova=va" fails \
	"IOAS: address 0x1.* cannot be an IOVA: 0x100000000-.* is above what a driver's DMA mask" \
	"use iova=kernel" -- $(testpmd -m 64 $driver)
unset DPDK_IOAS

export DEMAND=check=40
check "mask that is met" ok '^PASSED' 'demand: mask of 40 bits: 0' -- "$whole" $driver
export DEMAND=check=32
check "mask that is not met" ok 'demand: mask of 32 bits: 1' \
	'cannot confine IOVAs to 0x0-0xffffffff: memory is mapped at' \
	'IOAS: a driver limits DMA addresses to 0xffffffff: start with DPDK_IOAS=window=0x1000-0xff*$' \
	'^PASSED' -- "$whole" $driver
export DPDK_IOAS=window=0x1000-0xffffffff
check "mask that is met in a window" ok '^PASSED' 'demand: mask of 32 bits: 0' -- $low $driver
export DPDK_IOAS=window=0x1000-0x1ffffffff DEMAND=check=33
check "a wider window and mask" ok '^PASSED' 'demand: mask of 33 bits: 0' -- \
	0x1000-0xfedfffff,0xfef00000-0x1ffffffff $driver
unset DPDK_IOAS
export DPDK_IOAS=iova=va DEMAND=check=40
run "mask that is met, iova=va" ok 'demand: mask of 40 bits: 0' -- $(testpmd -m 64 $driver)
export DEMAND=check=32
run "mask that is not met, iova=va" ok 'demand: mask of 32 bits: 1' \
	'start with DPDK_IOAS=window=0x1000-0xff* and without iova=va' -- $(testpmd -m 64 $driver)
unset DPDK_IOAS
export DEMAND=set=32
check "mask set when memory is mapped" fails \
	'IOAS: a driver limits DMA addresses to 0xffffffff: start with DPDK_IOAS=window=0x1000-0xff*$' \
	'exceeding limits of current DMA mask' -- "$whole" $driver
unset DEMAND

# ---- a verdict for each device ----

check "chosen IOVAs" ok '^PASSED' "IOAS: $demanding: chosen IOVAs" "IOAS: $other: chosen IOVAs" -- \
	"$whole"
export DEMAND=va
refuse='demand: probed'
check "refused beside others" ok '^PASSED' 'a driver for these devices demands IOVAs equal to' \
	"IOAS: $demanding: no driver took it, or its driver was refused.*DPDK_IOAS=iova=va" \
	"IOAS: $other: chosen IOVAs" -- "$whole" $driver
echo Y >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
run "refused alone, where VFIO may do without an IOMMU" ends 'a driver for these devices demands IOVAs' \
	-- $(testpmd -m 64 $driver -a "$demanding")
echo N >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
run "refused alone" ends 'a driver for these devices demands IOVAs equal to' \
	"EAL: Requested device $demanding cannot be used" "IOAS: $demanding: no driver took it" \
	-- $(testpmd -m 64 $driver -a "$demanding")
unset refuse
export DPDK_IOAS=iova=va
run "fixed IOVA=VA for all" ok 'demand: probed' "IOAS: $demanding: fixed IOVA=VA" \
	"IOAS: $other: fixed IOVA=VA" -- $(testpmd -m 64 $driver)
finish
