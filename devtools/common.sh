# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of devtools/ and test/guest/: where things are kept, how they are said.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${DPDK_IOAS_CACHE:-${XDG_CACHE_HOME:-~/.cache}/dpdk-ioas}

# Where the plugin, the library and the test programs were built.
build=${DPDK_IOAS_BUILD:-$top/build/gcc}

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Ends a script whose option lacks its value. usage: needs_value "$@"
needs_value() { [ -n "${2-}" ] || die "$1 needs a value"; }

# The results that devtools/test.sh counts.
case_ok() { echo "PASS $1"; }
case_fail() { echo "FAIL $1: $2"; }

# Prints "PACKAGE VERSION" for each of these Debian packages.
installed_versions() {
	local package
	for package; do
		dpkg-query -W -f '${Package} ${Version}\n' "$package" 2>/dev/null ||
			die "package $package is not installed: run devtools/setup.sh"
	done
}

# DPDK's release, from such lines.
dpdk_version() { awk '$1 == "dpdk-dev" { sub(/-.*/, "", $2); print $2 }' <<<"$1"; }

# The suites of Debian that have the releases of DPDK which the plugin knows.
declare -A dpdk_suites=([22.11]=bookworm [24.11]=trixie [25.11]=sid)

suite_of_dpdk() {
	[ -n "${dpdk_suites[$1]-}" ] ||
		die "DPDK $1 is not installed here, and no suite is known that has it: only ${!dpdk_suites[*]}"
	echo "${dpdk_suites[$1]}"
}

# Prints the release unless it is the one that is installed here.
other_release() {
	case $(dpdk_version "$(installed_versions dpdk-dev)"). in
	"${1:+$1.}"*) ;;
	*)
		suite_of_dpdk "$1" >/dev/null
		echo "$1" ;;
	esac
}

# The architecture of a machine of devtools/guest.sh.
arch_of_machine() {
	case $1 in
	intel-39 | intel-48 | amd | virtio-iommu | none) echo x86 ;;
	smmuv3) echo arm64 ;;
	pseries | powernv9) echo ppc64 ;;
	*) die "unknown machine $1" ;;
	esac
}

# Its kernel, as devtools/kernel.sh names it.
kernel_of_machine() {
	if [ "$1" = powernv9 ]; then echo ppc64-powernv; else arch_of_machine "$1"; fi
}

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

# Boots the guest with the plugin and the library in /share. usage: guest [GUEST OPTION]... SCRIPT
guest() {
	local from
	from=$(build_for "$@")
	"$top/devtools/guest.sh" --add "$from/drivers/bus/ioas/librte_bus_ioas.so" \
		--add "$from/lib/ioas/libioas.so.1" "$@"
}

# Has a command make a file or folder of the cache that is not there yet: one process at a time, who
# waited finds it. The command puts it in place when it is whole; the folder $work is its own until
# the script ends. Not behind || or in a condition, where bash would go on after an error.
# usage: make_once RESULT COMMAND...
make_once() {
	local result=$1 dest
	shift
	if [ -e "$result" ]; then return; fi
	dest=$(dirname "$result")
	mkdir -p "$dest"
	exec 9>"$dest/lock"
	flock 9
	if [ -e "$result" ]; then return; fi
	work=$(mktemp -d "$(dirname "$dest")/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	"$@"
}

# Runs a command that prints much and takes long: its output goes to a log, a line of progress
# (elapsed time, lines of output) to the terminal or, every 30 s, to a plain log.
# usage: with_progress "what" LOGFILE COMMAND...
with_progress() {
	local what=$1 log=$2 start=$SECONDS step=30 pid rc=0
	shift 2
	if [ -t 2 ]; then step=1; fi
	"$@" </dev/null >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if [ $(((SECONDS - start) % step)) -eq 0 ]; then
			if [ -t 2 ]; then printf '\r' >&2; fi
			printf '%s: %d s, %d lines of output' "$what" $((SECONDS - start)) \
				"$(wc -l <"$log")" >&2
			if [ ! -t 2 ]; then printf '\n' >&2; fi
		fi
	done
	wait "$pid" || rc=$?
	if [ -t 2 ]; then printf '\r\033[K' >&2; fi
	if [ $rc -ne 0 ]; then
		tail -n 30 "$log" >&2
		die "$what failed with status $rc (whole output: $log)"
	fi
	say "$what: done in $((SECONDS - start)) s"
}
