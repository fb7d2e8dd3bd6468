#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs through apt, by name, what building and testing need and this machine lacks.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# What is needed for what.
declare -A sets=(
	# the project without its tests
	[build]="build-essential git pkg-config meson ninja-build libdpdk-dev dpdk-dev libnuma-dev libjansson-dev
		libhugetlbfs-dev"
	# the guest: QEMU, its userland, the modules for Debian's kernel
	[guest]="busybox-static qemu-system-x86 libcunit1 libelf-dev xz-utils cpio kmod"
	# a kernel that is built for it
	[kernel]="linux-source-6.12 flex bison bc libelf-dev libssl-dev xz-utils cpio kmod"
	# the guest with an Arm processor; its userland: devtools/sysroot.sh
	[arm64]="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm"
	# the same with a POWER processor
	[ppc64]="gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross qemu-system-ppc"
	# the tests: unit tests, examples of DPDK, what static DPDK asks for and libdpdk-dev does not
	[tests]="clang libcunit1-dev dpdk-doc libpcap-dev libsystemd-dev shellcheck codespell spin valgrind gcovr
		babeltrace2 python3-yaml gnuplot-nox"
	# devtools/docs.sh
	[docs]="python3-sphinx python3-sphinx-rtd-theme doxygen bash-completion"
	# devtools/abi.sh, devtools/deb.sh, devtools/fuzz.sh
	[release]="abigail-tools debhelper lintian libclang-rt-dev"
)

usage() {
	cat <<EOF
usage: devtools/setup.sh [-h] [--list | --missing] [SET]...

Installs what is missing of these sets of packages, by default of all. Uses apt-get (through sudo when not
root), and not at all when nothing is missing.

$(for set in "${!sets[@]}"; do echo "  $set: ${sets[$set]}" | tr -s '\n\t' '  '; echo; done | sort | grep .)

  --list     prints the names of the packages
  --missing  prints the names of those that are missing, and installs nothing
EOF
}

task=install
case ${1-} in
-h | --help) usage; exit 0 ;;
--list | --missing) task=${1#--}; shift ;;
esac
if [ $# -eq 0 ]; then set -- "${!sets[@]}"; fi
packages=()
for set; do
	[ -n "${sets[$set]-}" ] || { usage >&2; die "unknown set $set"; }
	read -rd '' -a words <<<"${sets[$set]}" || true
	packages+=("${words[@]}")
done
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
if [ "$task" = list ]; then
	printf '%s\n' "${packages[@]}"
	exit 0
fi

missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) || status=
	if [ "$status" != "install ok installed" ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if [ "$task" = missing ]; then
	printf '%s\n' "${missing[@]}"
	exit 0
fi

command -v apt-get >/dev/null ||
	die "this is not Debian or one like it; install these by hand: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null ||
		die "these packages are missing; install them as root: apt-get install ${missing[*]}"
	as_root=(sudo)
fi

mkdir -p "$cache"
with_progress "apt-get update" "$cache/apt-update.log" "${as_root[@]}" apt-get update
known=$(apt-cache show "${missing[@]}" 2>/dev/null | awk '$1 == "Package:" { print $2 }' | sort -u)
mapfile -t unknown < <(printf '%s\n' "${missing[@]}" | grep -vxF -e "$known")
if [ ${#unknown[@]} -gt 0 ]; then
	die "apt knows no package ${unknown[*]}. The project is built on Debian 12 with the suites
bookworm and bookworm-security (or bookworm-backports, for linux-source-6.12) in its apt sources."
fi
say "to be installed: ${missing[*]}"
with_progress "install ${#missing[@]} packages" "$cache/apt-install.log" "${as_root[@]}" \
	env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
	-o DPkg::Lock::Timeout=300 "${missing[@]}"
