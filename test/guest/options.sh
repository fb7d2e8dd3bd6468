# SPDX-License-Identifier: BSD-3-Clause
# Options, and the ways to bind that need no -d, end to end.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"

# EAL's own options select the plugin's devices.
one_device() {
	dpdk-testpmd -l 0-1 --in-memory -m 64 -d $plugin "$2" "$3" -- </dev/null >"$log" 2>&1
	if grep -q "IOAS: backend iommufd, 1 device," "$log" &&
		[ "$(grep -c 'Probe PCI driver' "$log")" -eq 1 ]; then
		case_ok "$1"
	else
		sed 's/^/  | /' "$log"
		case_fail "$1" "not one device"
	fi
}
one_device "-a" -a "$1"
one_device "-b" -b "$1"

export DPDK_IOAS=iova=va
expect='IOAS: backend iommufd.*IOVAs equal to VA' forward "iova=va" -d $plugin
unset DPDK_IOAS
expect='IOAS: backend iommufd.*IOVAs equal to VA' \
	forward "--iova-mode=va" --iova-mode=va -d $plugin
forward "--iova-mode=pa" --iova-mode=pa -d $plugin

export DPDK_IOAS=backend=iommufd,iova=kernel,window=0x10000000-0x1fffffff
expect='mapped .* to IOVA 0x1' refuse='mapped .* to IOVA 0x\([02-9a-f]\|1.\{8\}\)' \
	forward "window" --log-level=bus.ioas:debug -d $plugin
export DPDK_IOAS=window=0x10000000-0x103fffff
expect='IOAS: cannot map 64 MiB .*no free range of IOVAs is that long: use less memory or a larger'
dpdk-testpmd -l 0-1 -m 64 --in-memory -d $plugin -- </dev/null >"$log" 2>&1
if grep -q "$expect" "$log" && grep -q 'Cannot probe devices' "$log"; then
	case_ok "window too small"
else
	sed 's/^/  | /' "$log"
	case_fail "window too small" "no line with the remedy"
fi
unset DPDK_IOAS expect

# The dynamic linker finds the exported functions before EAL's; the plugin is loaded before EAL starts.
export LD_PRELOAD=$plugin
forward "preloaded" -m 64
unset LD_PRELOAD
finish
