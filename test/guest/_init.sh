# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the driver and by the tests that run on the host side (those that start with #!).
# shellcheck disable=SC2034,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../../devtools/common.sh"

# Where the plugin, the library and the test programs were built.
build=${DPDK_IOAS_BUILD:-$top/build/gcc}

# The build whose files a guest with these options runs. usage: build_for [GUEST OPTION]...
build_for() {
	local machine=intel-39 release='' arch
	while [ $# -gt 0 ]; do
		case $1 in
		--machine) machine=${2-} ;;
		--dpdk) release=$(other_release "${2-}") ;;
		esac
		shift
	done
	arch=$(arch_of_machine "$machine")
	case $arch${release:+-release} in
	x86) echo "$build" ;;
	x86-release) echo "$top/build/gcc-$release" ;;
	*-release) die "guests with DPDK $release are x86 machines, not $machine" ;;
	*) echo "$top/build/$arch" ;;
	esac
}

case_ok() { echo "PASS $1"; }
case_fail() { echo "FAIL $1: $2"; }

# Says whether what happened is what must happen, with the end of the log and of $share/errors if not;
# then failed=1.
# usage: verdict NAME STATUS WANTED LOG
verdict() {
	if [ "$2" -eq "$3" ]; then
		case_ok "$1"
		return
	fi
	{ tail -n 20 "$4" "$share/errors" || true; } 2>&1 | sed 's/^/  | /'
	case_fail "$1" "status $2 instead of $3; all in $share"
	failed=1
}

# Boots the guest with the plugin and the library in /share. usage: guest [GUEST OPTION]... SCRIPT
guest() {
	local from
	from=$(build_for "$@")
	"$top/devtools/guest.sh" --add "$from/drivers/bus/ioas/librte_bus_ioas.so" \
		--add "$from/lib/ioas/libioas.so.1" "$@"
}
