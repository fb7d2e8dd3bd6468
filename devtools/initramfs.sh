#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the guest's userland from files of Debian packages and keeps it in the cache.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/initramfs.sh [-h] [ARCH [RELEASE]]

Makes the initramfs of the emulated machine: busybox, Debian's dpdk-testpmd and dpdk-test, all DPDK
libraries, the drivers that the machine has devices for, and the scripts of devtools/guest. Prints its path.
It is kept under \$DPDK_IOAS_CACHE (default ~/.cache/dpdk-ioas), in a folder named after the
versions of the packages and a digest of the scripts: the second call only prints the path.

  ARCH     x86 (default): the packages that are installed here; arm64, ppc64: those of
           devtools/sysroot.sh
  RELEASE  of DPDK, where it is not the one that is installed here: the packages of
           devtools/sysroot.sh for it (${!dpdk_suites[*]})
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
arch=${1:-x86} release=${2-}

# What is loaded by name at run time; what these need is copied too. EAL loads every driver of its
# plugin folder, so that folder gets only those that these programs are linked with and these.
drivers=(bus_pci bus_vdev mempool_ring mempool_stack net_e1000 net_virtio net_null net_ring)
# QEMU has that device for x86 alone.
if [ "$arch" = x86 ]; then drivers+=(net_vmxnet3); fi

packages=(busybox-static coreutils dpdk-dev libdpdk-dev libc6 libcunit1 libjansson4 libhugetlbfs0)
# $from: the root folder that all is copied from, empty for this machine's own.
case $arch in
x86) triplet=x86_64-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu loader=/lib/ld-linux-aarch64.so.1 ;;
ppc64) triplet=powerpc64le-linux-gnu loader=/lib64/ld64.so.2 ;;
*) usage >&2; die "no userland for '$arch'" ;;
esac
if [ "$arch" = x86 ] && [ -z "$release" ]; then
	from=''
	versions=$(installed_versions "${packages[@]}")
else
	from=$("$top/devtools/sysroot.sh" "$arch" "$release")
	versions=$(grep -E "^($(IFS='|'; echo "${packages[*]}")) " "$from/../packages")
fi
digest=$({ echo "$arch $versions"; cat "$0" "$top"/devtools/guest/*; } | sha256sum | cut -c1-12)
dest=$cache/initramfs/dpdk-$(dpdk_version "$versions")-$arch-$digest
image=$dest/initramfs

# Copies a file and, where the path is a symbolic link, every link on the way to it: a library that
# is present under two inodes is loaded twice, and EAL panics.
copy() {
	local path=$1 target
	while :; do
		# /lib, /lib64 and /bin are links into /usr, and so they are in the guest.
		path=$(realpath "$from$(dirname "$path")")/$(basename "$path")
		path=${path#"$from"}
		if [ -e "$root$path" ] || [ -L "$root$path" ]; then return; fi
		mkdir -p "$root$(dirname "$path")"
		cp -P --preserve=mode "$from$path" "$root$path"
		if [ ! -L "$from$path" ]; then return; fi
		target=$(readlink "$from$path")
		case $target in
		/*) path=$target ;;
		*) path=$(dirname "$path")/$target ;;
		esac
	done
}

# Follows the names that files are linked with: ldd cannot do that for another architecture.
copy_with_libraries() {
	local name dir
	if [ -n "${walked[$1]-}" ]; then return; fi
	walked[$1]=yes
	copy "$1"
	while read -r name; do
		for dir in "$libdir" "/usr/lib/$triplet" ''; do
			if [ -n "$dir" ] && [ -e "$from$dir/$name" ]; then break; fi
		done
		[ -n "$dir" ] || die "$1 needs $name, which is not in $libdir or /usr/lib/$triplet"
		copy_with_libraries "$dir/$name"
	done < <(readelf -d "$from$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

fill() {
	local file driver dir
	mkdir -p "$root"/{proc,sys,dev,tmp,run,root,share,etc,var,usr/bin,usr/sbin,usr/lib,usr/lib64}
	for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
	ln -s ../run "$root/var/run"

	copy /bin/busybox
	/bin/busybox --list | while read -r file; do
		if [ "$file" != busybox ]; then ln -s busybox "$root/usr/bin/$file"; fi
	done

	copy "$loader"
	copy_with_libraries "$testpmd"
	copy_with_libraries "$(dirname "$testpmd")/dpdk-test"
	for file in "$from$libdir"/librte_*.so.??; do
		case $(readlink "$file") in
		*/pmds-* | *pmds-*) ;;
		*) copy "${file#"$from"}" ;;
		esac
	done
	for driver in "${drivers[@]}"; do
		for file in "$from$libdir"/dpdk/pmds-*/librte_"$driver".so*; do
			copy_with_libraries "${file#"$from"}"
		done
		copy "$libdir/librte_$driver.so.$abi"
	done
	# testpmd finds the drivers that it is linked with by its RUNPATH, other programs (and the
	# drivers among themselves) by the links that Debian has beside the libraries.
	for file in "$root$libdir"/dpdk/pmds-*/librte_*.so."$abi"; do
		copy "$libdir/$(basename "$file")"
	done
	copy_with_libraries "/usr/lib/$triplet/libgcc_s.so.1"
	copy_with_libraries "/usr/lib/$triplet/libcunit.so.1"
	copy_with_libraries "/usr/lib/$triplet/libjansson.so.4"
	copy_with_libraries "/usr/lib/$triplet/libhugetlbfs.so.0"
	# Makes the output of programs line-buffered where it is not a terminal.
	copy_with_libraries /usr/libexec/coreutils/libstdbuf.so

	cp "$top/devtools/guest/init" "$root/init"
	cp "$top/devtools/guest/guest.sh" "$root/usr/lib/guest.sh"
	cp "$top/devtools/guest/debug.sh" "$root/usr/bin/debug"
	chmod 755 "$root/init" "$root/usr/bin/debug"
	cat >"$root/etc/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		dpdk:x:1000:1000:dpdk:/tmp:/bin/sh
	END
	printf 'root:x:0:\ndpdk:x:1000:\n' >"$root/etc/group"
	# Of another architecture ldconfig makes no cache; all is in folders that are searched anyway.
	if [ -z "$from" ]; then ldconfig -r "$root"; fi
}

build() {
	PATH=$PATH:/sbin:/usr/sbin
	root=$work/root libdir=/usr/lib/$triplet testpmd=/usr/bin/dpdk-testpmd
	if [ -z "$from" ]; then
		libdir=$(pkg-config --variable=libdir libdpdk)
		testpmd=$(command -v dpdk-testpmd)
	fi
	abi=$(basename "$(readlink -f "$from$libdir/librte_eal.so")")
	abi=${abi#librte_eal.so.} abi=${abi%%.*}
	declare -A walked
	fill
	# Not compressed: the emulated CPU would take longer to unpack it than to read it.
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initramfs"
	mv "$work/initramfs" "$image"
}

make_once "$image" build
echo "$image"
