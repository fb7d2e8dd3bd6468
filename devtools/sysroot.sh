#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Unpacks Debian packages of another architecture into the cache, to build against and to boot.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/sysroot.sh [-h] ARCH

Downloads packages for ARCH by name, with what they depend on, from the suites that this machine's
apt knows, and unpacks them: libc, DPDK with its drivers, CUnit, busybox. Nothing of the system
changes: apt gets lists, status and cache folders of its own. Prints the path of the root folder;
the file packages beside it lists what was unpacked. It is kept under \$DPDK_IOAS_CACHE (default
~/.cache/dpdk-ioas), in a folder named after the versions that these packages have on this
machine: the second call only prints the path.

  ARCH   arm64 or ppc64
EOF
}

case ${1-} in
-h | --help) usage; exit 0 ;;
arm64) arch=$1 ;;
ppc64) arch=ppc64el ;;
*) usage >&2; die "no packages for '${1-}'" ;;
esac

# libdpdk-dev depends on every driver.
packages=(busybox-static coreutils libc6-dev libcunit1-dev libnuma-dev libjansson-dev libhugetlbfs-dev libdpdk-dev dpdk-dev)
versions=$(installed_versions "${packages[@]}")
digest=$({ echo "$versions"; cat "$0"; } | sha256sum | cut -c1-12)
dest=$cache/sysroot/$arch-dpdk-$(dpdk_version "$versions")-$digest
root=$dest/root

apt() {
	apt-get -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::State="$work" -o Dir::State::lists="$work/lists" \
		-o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
		-o APT::Sandbox::User= "$@"
}

download() {
	mkdir -p "$work"/{lists,cache/archives}/partial
	: >"$work/status"
	# A mirror may lack one index of one suite for a while; what matters is what can be had.
	apt update || apt update || true
	apt install -y --no-install-recommends --download-only "${packages[@]}"
}

unpack() {
	local deb dir
	mkdir -p "$work/root/usr"
	for dir in bin sbin lib; do
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
