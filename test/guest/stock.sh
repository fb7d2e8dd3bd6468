# SPDX-License-Identifier: BSD-3-Clause
# Without the plugin DPDK works as it always did; with it and no device for it, too, and one line
# says so.
# guest: --machine intel-39
# shellcheck shell=dash
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"

# shellcheck disable=SC2034
expect='' refuse='IOAS:'
forward "no plugin, IOVA as PA" --iova-mode=pa
forward "no plugin, IOVA as VA" --iova-mode=va --base-virtaddr=0x100000000
finish
