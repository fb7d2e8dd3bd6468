# SPDX-License-Identifier: BSD-3-Clause
# Packets flow in every kind of memory that testpmd offers for its mbuf pools.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e --pages-2m 1024 --mem 4G
# guest: --machine intel-48 --nics virtio,virtio --pages-2m 1024 --mem 4G
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
for alloc in native anon xmem xmemhuge; do
	forward "root, --mp-alloc=$alloc" -d $plugin -- --mp-alloc=$alloc
done

# With 39 bits stock DPDK cannot do this one: its IOVAs are virtual addresses, and mmap() chooses those of
# memory that is not EAL's.
if [ "$(vtd_bits)" -eq 39 ]; then
	timeout 60 dpdk-testpmd -l 0-1 --iova-mode=va --base-virtaddr=0x100000000 -- \
		--mp-alloc=xmemhuge --total-num-mbufs=4096 </dev/null >"$log" 2>&1
	if grep -q "Cannot set up DMA remapping, error 22" "$log"; then
		case_ok "stock DPDK cannot use xmemhuge here"
	else
		tail -n 40 "$log" | sed 's/^/  | /'
		case_fail "stock DPDK cannot use xmemhuge here" "it did not say so"
	fi
	rm -f /dev/hugepages/rtemap*
fi

# shellcheck disable=SC2046
give_to_user $(nics)
as=dpdk
for alloc in native anon xmem xmemhuge; do
	forward "ordinary user, --mp-alloc=$alloc" -d $plugin -- --mp-alloc=$alloc
done
finish
