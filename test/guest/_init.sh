# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the driver and by the tests that run on the host side (those that start with #!).
# shellcheck disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/../../devtools/common.sh"

# Where the plugin, the library and the test programs were built.
build=${DPDK_IOAS_BUILD:-$top/build/gcc}

case_ok() { echo "PASS $1"; }
case_fail() { echo "FAIL $1: $2"; }

# Boots the guest with the plugin and the library in /share. usage: guest [GUEST OPTION]... SCRIPT
guest() {
	"$top/devtools/guest.sh" --add "$build/drivers/bus/ioas/librte_bus_ioas.so" \
		--add "$build/lib/ioas/libioas.so.0" "$@"
}
