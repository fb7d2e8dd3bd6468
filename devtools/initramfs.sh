#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the guest's userland from files of installed Debian packages and keeps it in the cache.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/initramfs.sh [-h]

Makes the initramfs of the emulated machine: busybox, Debian's dpdk-testpmd, all DPDK libraries,
the drivers that the machine has devices for, and the scripts of devtools/guest. Prints its path.
It is kept under \$DPDK_IOAS_CACHE (default ~/.cache/dpdk-ioas), in a folder named after the
versions of the packages and a digest of the scripts: the second call only prints the path.
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac

# What is loaded by name at run time; what these need is found with ldd. EAL loads every driver of
# its plugin folder, so that folder gets only those that testpmd is linked with and these.
drivers=(bus_pci bus_vdev mempool_ring mempool_stack net_e1000 net_virtio net_null net_ring)

packages=(busybox-static coreutils dpdk-dev libdpdk-dev libc6 libcunit1 libjansson4)
versions=$(for package in "${packages[@]}"; do
	dpkg-query -W -f '${Package} ${Version}\n' "$package" ||
		die "package $package is not installed: run devtools/setup.sh"
done)
dpdk=$(awk '$1 == "dpdk-dev" { sub(/-.*/, "", $2); print $2 }' <<<"$versions")
digest=$({ echo "$versions"; cat "$0" "$top"/devtools/guest/*; } | sha256sum | cut -c1-12)
dest=$cache/initramfs/dpdk-$dpdk-$digest
image=$dest/initramfs

# Copies a file and, where the path is a symbolic link, every link on the way to it: a library that
# is present under two inodes is loaded twice, and EAL panics.
copy() {
	local path=$1 target
	while :; do
		# /lib, /lib64 and /bin are links into /usr, and so they are in the guest.
		path=$(realpath "$(dirname "$path")")/$(basename "$path")
		if [ -e "$root$path" ] || [ -L "$root$path" ]; then return; fi
		mkdir -p "$root$(dirname "$path")"
		cp -P --preserve=mode "$path" "$root$path"
		if [ ! -L "$path" ]; then return; fi
		target=$(readlink "$path")
		case $target in
		/*) path=$target ;;
		*) path=$(dirname "$path")/$target ;;
		esac
	done
}

copy_with_libraries() {
	local library
	copy "$1"
	while read -r library; do
		copy "$library"
	done < <(ldd "$1" 2>/dev/null | grep -o '/[^ ]*')
}

fill() {
	local libdir file driver dir
	mkdir -p "$root"/{proc,sys,dev,tmp,run,root,share,etc,var,usr/bin,usr/sbin,usr/lib,usr/lib64}
	for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
	ln -s ../run "$root/var/run"

	cp /bin/busybox "$root/usr/bin/busybox"
	/bin/busybox --list | while read -r file; do
		if [ "$file" != busybox ]; then ln -s busybox "$root/usr/bin/$file"; fi
	done

	libdir=$(pkg-config --variable=libdir libdpdk)
	copy_with_libraries "$(command -v dpdk-testpmd)"
	for file in "$libdir"/librte_*.so.??; do
		case $(readlink "$file") in
		*/pmds-* | *pmds-*) ;;
		*) copy "$file" ;;
		esac
	done
	for driver in "${drivers[@]}"; do
		for file in "$libdir"/dpdk/pmds-*/librte_"$driver".so*; do
			copy_with_libraries "$file"
		done
		copy "$libdir/librte_$driver.so.$abi"
	done
	# testpmd finds the drivers that it is linked with by its RUNPATH, other programs (and the
	# drivers among themselves) by the links that Debian has beside the libraries.
	for file in "$root$libdir"/dpdk/pmds-*/librte_*.so."$abi"; do
		copy "$libdir/$(basename "$file")"
	done
	copy_with_libraries "$libdir/libgcc_s.so.1"
	copy_with_libraries "$libdir/libcunit.so.1"
	copy_with_libraries "$libdir/libjansson.so.4"
	# Makes the output of programs line-buffered where it is not a terminal.
	copy_with_libraries /usr/libexec/coreutils/libstdbuf.so

	cp "$top/devtools/guest/init" "$root/init"
	cp "$top/devtools/guest/guest.sh" "$root/usr/lib/guest.sh"
	chmod 755 "$root/init"
	cat >"$root/etc/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		dpdk:x:1000:1000:dpdk:/tmp:/bin/sh
	END
	printf 'root:x:0:\ndpdk:x:1000:\n' >"$root/etc/group"
	ldconfig -r "$root"
}

if [ ! -f "$image" ]; then
	PATH=$PATH:/sbin:/usr/sbin
	mkdir -p "$dest"
	exec 9>"$dest/lock"
	flock 9
	if [ ! -f "$image" ]; then
		work=$(mktemp -d "$cache/initramfs/build.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		root=$work/root
		abi=$(basename "$(readlink -f "$(pkg-config --variable=libdir libdpdk)/librte_eal.so")")
		abi=${abi#librte_eal.so.} abi=${abi%%.*}
		fill
		# Not compressed: the emulated CPU would take longer to unpack it than to read it.
		(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initramfs"
		mv "$work/initramfs" "$image"
	fi
fi
echo "$image"
