# SPDX-License-Identifier: BSD-3-Clause
# A machine without hugepages gets a line with the remedy before EAL stops.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e --pages-2m 0
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
if dpdk-testpmd -l 0-1 --in-memory -d $plugin -- </dev/null >"$log" 2>&1; then
	case_fail "no hugepages" "exit status 0"
elif ! grep -q "IOAS: no hugepages are reserved: run .dpdk-hugepages.py --setup" "$log"; then
	sed 's/^/  | /' "$log"
	case_fail "no hugepages" "no line with the remedy"
else
	case_ok "no hugepages"
fi
# Not an error with --no-huge.
refuse="no hugepages are reserved" forward "no hugepages, --no-huge" --no-huge -m 128 -d $plugin
# Pages that the kernel creates on demand work as well.
echo 256 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages
mkdir -p /dev/hugepages
mount -t hugetlbfs nodev /dev/hugepages
refuse="no hugepages are reserved" forward "hugepages on demand" -m 128 -d $plugin
finish
