# SPDX-License-Identifier: BSD-3-Clause
# A device on a VFIO driver without a translating IOMMU stays with stock EAL, and a line says so.
# build: coverage
# guest: --machine none --nics e1000e,e1000e --cmdline vfio.enable_unsafe_noiommu_mode=1
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
# shellcheck disable=SC2034
expect='IOAS: no device for the plugin.*has an IOMMU' refuse='IOAS: backend'
forward "device without an IOMMU" -d $plugin
finish
