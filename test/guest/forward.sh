# SPDX-License-Identifier: BSD-3-Clause
# Packets flow both ways between every pair of NIC models, through every IOMMU and backend.
# guest: --machine intel-39 --nics e1000e,e1000e
# guest: --machine intel-39 --nics virtio,virtio
# guest: --machine intel-39 --nics e1000e,virtio
# guest: --machine intel-48 --nics e1000e,e1000e
# guest: --machine intel-48 --nics virtio,virtio
# guest: --machine intel-48 --nics e1000e,virtio
# guest: --machine amd --nics e1000e,e1000e
# guest: --machine amd --nics e1000e,virtio
# guest: --machine virtio-iommu --nics e1000e,virtio
# guest: --machine smmuv3 --nics e1000e,e1000e
# guest: --machine smmuv3 --nics virtio,virtio
# guest: --machine smmuv3 --nics e1000e,virtio
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
forward "root" -d $plugin

# shellcheck disable=SC2046
if rebind $(nics); then case_ok "devices are free again"; else case_fail "devices are free again" "still held"; fi

# shellcheck disable=SC2046
give_to_user $(nics)
as=dpdk
forward "ordinary user" -d $plugin

# shellcheck disable=SC2046
if rebind $(nics); then case_ok "devices are free again"; else case_fail "devices are free again" "still held"; fi

as='' start_line='IOAS: backend type1'
export DPDK_IOAS=backend=type1
forward "type1, root" -d $plugin
# shellcheck disable=SC2046
give_groups_to_user $(nics)
as=dpdk
forward "type1, ordinary user" -d $plugin
finish
