# SPDX-License-Identifier: BSD-3-Clause
# Without the plugin DPDK works as it always did; with it and no device for it, too, and one line
# says so. Where the plugin finds no kernel interface, stock EAL has the devices.
# guest: --machine intel-39
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"

expect='' refuse='IOAS:'
forward "no plugin, IOVA as PA" --iova-mode=pa
forward "no plugin, IOVA as VA" --iova-mode=va --base-virtaddr=0x100000000

expect='IOAS: backend iommufd cannot be used: /dev/iommu does not exist' refuse=''
mv /dev/iommu /tmp/iommu
forward "plugin, but no iommufd: it uses type1" -d $plugin
mv /tmp/iommu /dev/iommu

# Nobody has any: a virtual device alone.
unbind "$1"
unbind "$2"
timeout 60 dpdk-testpmd -l 0-1 --in-memory --vdev net_null0 --vdev net_null1 -d $plugin -- \
	--total-num-mbufs=4096 --tx-first </dev/null >"$log" 2>&1
status=$?
wrong=''
if [ $status -ne 0 ]; then wrong="exit status $status;"; fi
if [ "$(grep -c IOAS: "$log")" -ne 1 ]; then wrong="$wrong not one line of the plugin;"; fi
grep -q 'IOAS: no device for the plugin' "$log" || wrong="$wrong does not say that it has no device;"
grep -q 'Done' "$log" || wrong="$wrong did not finish;"
case_end "plugin, but no device" "$wrong"
finish
