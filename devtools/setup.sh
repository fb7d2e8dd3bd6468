#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs through apt, by name, what building and testing need and this machine lacks.
set -euo pipefail
. "$(dirname "$0")/common.sh"

packages=(
	build-essential git pkg-config meson ninja-build clang
	libdpdk-dev dpdk-dev dpdk-doc libnuma-dev libcunit1-dev libpcap-dev
	# static DPDK asks for it, and libdpdk-dev does not
	libsystemd-dev
	# dpdk-ioas-perf: --json, --plot
	libjansson-dev gnuplot-nox
	# dpdk-ioas-info
	libhugetlbfs-dev
	shellcheck codespell spin valgrind gcovr
	# devtools/docs.sh
	python3-sphinx python3-sphinx-rtd-theme doxygen bash-completion
	# devtools/abi.sh, devtools/deb.sh
	abigail-tools debhelper lintian
	# the tests of traces
	babeltrace2
	# devtools/workflows.py
	python3-yaml
	# devtools/fuzz.sh
	libclang-rt-dev
	# the guest's kernel
	linux-source-6.12 flex bison bc libelf-dev libssl-dev xz-utils cpio kmod
	# the guest
	busybox-static qemu-system-x86
	# the guest with an Arm processor; its userland: devtools/sysroot.sh
	gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm
	# the same with a POWER processor
	gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross qemu-system-ppc
)

case ${1-} in
-h | --help)
	echo "usage: devtools/setup.sh
Installs what is missing of: ${packages[*]}
Uses apt-get (through sudo when not root), and not at all when nothing is missing."
	exit 0 ;;
--list) printf '%s\n' "${packages[@]}"; exit 0 ;;
esac

missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) || status=
	if [ "$status" != "install ok installed" ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

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
unknown=()
for package in "${missing[@]}"; do
	if ! apt-cache show "$package" >/dev/null 2>&1; then unknown+=("$package"); fi
done
if [ ${#unknown[@]} -gt 0 ]; then
	die "apt knows no package ${unknown[*]}. The project is built on Debian 12 with the suites
bookworm and bookworm-security (or bookworm-backports, for linux-source-6.12) in its apt sources."
fi
say "to be installed: ${missing[*]}"
with_progress "install ${#missing[@]} packages" "$cache/apt-install.log" "${as_root[@]}" \
	env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
	-o DPkg::Lock::Timeout=300 "${missing[@]}"
