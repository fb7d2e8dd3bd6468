# SPDX-License-Identifier: BSD-3-Clause
# Every IOVA that DPDK returns is one that the kernel chose: test/guest/apps/iova_check.c queries it by every
# function, and compares it with the IOMMU's page tables.
# guest: --machine intel-39 --nics e1000e,virtio
# guest: --machine intel-48 --nics virtio,e1000e
# guest: --machine intel-39 --nics e1000e,e1000e --nodes 2 --pages-2m 768
# guest: --machine intel-48 --nics e1000e,e1000e --pages-1g 3 --pages-2m 16 --mem 5G
# guest: --machine intel-48 --nics e1000e,virtio --dpdk 24.11
# guest: --machine intel-39 --nics e1000e,virtio --dpdk 25.11
# add: test/guest/apps/iova_check
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
# shellcheck disable=SC2046
give_to_user $(nics)
mkdir -p "$XDG_RUNTIME_DIR"
chown dpdk "$XDG_RUNTIME_DIR"

ranges=$(printf '0x1000-0xfedfffff,0xfef00000-0x%x' $(((1 << $(vtd_bits)) - 1)))
devices=$(for bdf in $(nics); do echo "--device $bdf"; done | tr '\n' ' ')
large=$(cat /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages 2>/dev/null || echo 0)
truth="--phys --kernel --ranges $ranges $devices"
if [ "$large" -gt 0 ]; then truth="$truth --expect-1g"; fi

# Runs the program. usage: check NAME EAL-OPTIONS OPTIONS; $user: as this user; $status: expected status
# (default 0); $line: expected output; $refuse: forbidden output.
check() {
	local name=$1 free rc=0 wrong='' command
	free=$(free_pages)
	command="/share/iova_check -l 0 $2 -- $3"
	echo "+ $command" >&2
	if [ -n "${user-}" ]; then
		su "$user" -s /bin/sh -c "ulimit -l ${limit-unlimited}; exec $command" >"$log" 2>&1 || rc=$?
	else
		sh -c "$command" >"$log" 2>&1 || rc=$?
	fi
	if [ $rc -ne "${status-0}" ]; then wrong="status $rc, $(grep '^not ok' "$log" | head -n 1);"; fi
	if [ -n "${line-}" ] && ! grep -q -e "$line" "$log"; then wrong="$wrong no line '$line';"; fi
	if grep -q -e "${refuse-IOAS: cannot}" "$log"; then
		wrong="$wrong printed '$(grep -m 1 -e "${refuse-IOAS: cannot}" "$log")';"
	fi
	rm -rf /dev/hugepages/rtemap* /dev/hugepages1G/rtemap*
	if [ "$(free_pages)" != "$free" ]; then
		wrong="$wrong huge pages free before $free, after $(free_pages);"
	fi
	if [ -z "$wrong" ]; then
		case_ok "$name"
	else
		tail -n 70 "$log" | sed 's/^/  | /'
		case_fail "$name" "$wrong"
	fi
}

# With pages of 1 GiB memory cannot grow by megabytes.
grow=--expect-growth
if [ "$large" -gt 0 ]; then grow=''; fi
line='^PASSED'

check "root" "-d $plugin" "$truth $grow"
check "preallocated" "-d $plugin -m 600" "$truth"
check "legacy memory" "-d $plugin --legacy-mem" "$truth"
DPDK_IOAS=backend=type1 check "type1" "-d $plugin" "$truth $grow"
user=dpdk check "ordinary user" "-d $plugin" "--ranges $ranges $devices $grow"
if [ "$large" -gt 0 ]; then finish; fi
check "in memory" "-d $plugin --in-memory" "$truth $grow"
check "single file" "-d $plugin --single-file-segments" "$truth $grow"
check "match allocations" "-d $plugin --match-allocations" "$truth"
refuse='IOAS: cannot unmap'
user=dpdk limit=400000 check "cannot be mapped" "-d $plugin -m 64" "--ranges $ranges --memlock"
unset refuse

# The checks themselves: each must detect its error.
status=1
line='^not ok memseg-iova: .*is the physical address'
check "sees physical addresses" "--iova-mode=pa" "$truth"
line='^not ok memseg-iova: .*is the virtual address'
check "sees virtual addresses" "--iova-mode=va --base-virtaddr=0x100000000" "$truth"
line='^not ok memseg-iova: .*outside the ranges'
check "sees a wrong range" "-d $plugin" "--ranges 0x1000-0x1fffff"
sees() {
	line="^not ok $2:" check "sees a false $1" "-d $plugin" "$truth --break $1"
}
sees memseg memseg-same
sees overlap memseg-alone
sees memzone memzone-iova
sees malloc malloc-iova
sees contiguous contiguous-64-MiB
sees object mempool-object
sees mbuf mbuf
sees kernel kernel-memory
sees stale kernel-nothing-else
finish
