#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Unpacks Debian packages that are not this machine's into the cache, to build against and to boot.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

usage() {
	cat <<EOF
usage: devtools/sysroot.sh [-h] ARCH [RELEASE]

Downloads packages by name, with what they depend on, and unpacks them: libc, DPDK with its
drivers, CUnit, busybox; with RELEASE also DPDK's tools and Python. Nothing of the system changes: apt gets lists, status and cache folders of
its own. Prints the path of the root folder; the file packages beside it lists what was unpacked. It
is kept under \$DPDK_IOAS_CACHE (default ~/.cache/dpdk-ioas): the second call only prints the path.

  ARCH     x86, arm64 or ppc64
  RELEASE  a release of DPDK that is not this machine's: ${!dpdk_suites[*]}; all packages are those of
           the Debian suite that has it. Remove the folder to get newer ones.
           By default the release that is installed here, for another ARCH, from the suites that this
           machine's apt knows, in a folder named after the versions of the packages here.
EOF
}

case ${1-} in
-h | --help) usage; exit 0 ;;
x86) arch=amd64 ;;
arm64) arch=$1 ;;
ppc64) arch=ppc64el ;;
*) usage >&2; die "no packages for '${1-}'" ;;
esac
release=${2-}

# libdpdk-dev depends on every driver.
packages=(busybox-static coreutils libc6-dev libcunit1-dev libnuma-dev libjansson-dev libhugetlbfs-dev libdpdk-dev dpdk-dev)
# The tools that ask an application by telemetry, and the Python that runs them.
if [ -n "$release" ]; then packages+=(dpdk); fi
digest=$(cat "$0" "$top/devtools/apt.sh" | sha256sum | cut -c1-12)
if [ -n "$release" ]; then
	suites=("$(suite_of_dpdk "$release")")
	dest=$cache/sysroot/$arch-dpdk-$release-${suites[0]}-$digest
elif [ "$1" = x86 ]; then
	usage >&2
	die "the packages for x86 are installed here"
else
	suites=()
	versions=$(installed_versions "${packages[@]}")
	digest=$(echo "$versions $digest" | sha256sum | cut -c1-12)
	dest=$cache/sysroot/$arch-dpdk-$(dpdk_version "$versions")-$digest
fi
root=$dest/root

download() {
	apt_prepare "$arch" "${suites[@]}"
	own_apt install -y --no-install-recommends --download-only "${packages[@]}"
}

unpack() {
	local deb dir
	mkdir -p "$work/root/usr"
	for dir in bin sbin lib lib64; do
		mkdir "$work/root/usr/$dir"
		ln -s "usr/$dir" "$work/root/$dir"
	done
	for deb in "$work"/cache/archives/*.deb; do
		# pkg-config's files are all that is wanted of usr/share.
		dpkg-deb --fsys-tarfile "$deb" | tar -C "$work/root" -x --no-same-owner \
			--keep-directory-symlink --exclude='./usr/share/[!p]*'
		# shellcheck disable=SC2016
		dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >>"$work/packages"
	done
}

build() {
	with_progress "download packages for $arch" "$dest/download.log" download
	with_progress "unpack packages for $arch" "$dest/unpack.log" unpack
	mv "$work/packages" "$dest/packages"
	mv "$work/root" "$root"
}

make_once "$root" build
realpath "$root"
