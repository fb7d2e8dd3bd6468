# SPDX-License-Identifier: BSD-3-Clause
# A device on a VFIO driver that has no character device stays with stock EAL, and a line says so.
# guest: --machine none --nics e1000e,e1000e --cmdline vfio.enable_unsafe_noiommu_mode=1
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
# shellcheck disable=SC2034
expect='IOAS: no device for the plugin.*CONFIG_VFIO_DEVICE_CDEV' refuse='backend iommufd'
forward "device without a cdev" -d $plugin
finish
