#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the guest's kernel of Debian's own, with iommufd and VFIO's character devices as modules.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/debs.sh"

series=6.12

usage() {
	cat <<EOF
usage: devtools/debian-kernel.sh [-h] [--download | --cached]

Downloads Debian's kernel $series for x86 and unpacks it beside the system, builds iommufd and VFIO with
character devices as modules for it, and prints the path of its image. The file modules beside the image
is an initramfs that loads them. Debian configures its kernels without CONFIG_IOMMUFD, but they export
all that the modules need. Dirty tracking, fault injection and other architectures need a kernel of
devtools/kernel.sh.

The result is kept under \$DPDK_IOAS_CACHE (default ~/.cache/dpdk-ioas), in a folder named after the
version of the packages and a digest of what makes it: the second call only prints the path. The link
kernel/debian-x86-DIGEST names the folder: remove it to get a newer kernel.

  --download  only downloads, which needs no compiler; a later call builds
  --cached    does nothing: status 0 if the result is there
EOF
}

task=build
case ${1-} in
-h | --help) usage; exit 0 ;;
--download | --cached) task=${1#--} ;;
?*) usage >&2; die "unknown option $1" ;;
esac

parts=$top/devtools/kernel/debian
digest=$(cat "$0" "$parts"/* | sha256sum | cut -c1-12)
newest=$cache/kernel/debian-x86-$digest
downloads=$cache/kernel/debian-download-$digest

# What Debian has as modules and the guest needs: virtio-iommu, interrupts for VFIO, the share; and the folders
# that these and what they need are in.
from_debian=(virtio-iommu irqbypass 9pnet_virtio 9p)
folders=(drivers/iommu virt/lib net/9p fs/9p fs/netfs)
built=(iommufd vfio vfio_iommu_type1 vfio-pci-core vfio-pci)

# All names follow from the image's, which is like linux-image-6.12.9+deb12-amd64.
download_all() {
	local image release version
	image=$(newest_package "^linux-image-${series//./\\.}\.[0-9]+(\+[a-z0-9]+)?-amd64\$") || return
	release=${image#linux-image-}
	version=$(package_version "$image")
	rm -f "$work"/*.deb
	download_debs "$work" "$image=$version" "linux-headers-$release=$version" \
		"linux-headers-${release%-amd64}-common=$version" "linux-kbuild-${release%-amd64}=$version" || return
	if [ "$(dpkg-query -W -f '${Version}' linux-source-$series 2>/dev/null)" != "$version" ]; then
		download_debs "$work" "linux-source-$series=$version" || return
	fi
	echo "$release $version" >"$work/release"
}

download() {
	[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] ||
		die "cannot use Debian's kernel: this machine is not amd64, or has no dpkg: add --kernel built"
	(with_progress "download Debian's kernel $series" "$downloads/download.log" with_lists download_all) ||
		die "cannot download Debian's kernel $series: apt has failed: check the network, and that apt" \
			"knows bookworm-security or trixie; or add --kernel built"
	mv "$work"/*.deb "$downloads/"
	mv "$work/release" "$downloads/release"
}

unpack_source() {
	local name=linux-source-$series deb
	local files=("$name/drivers/iommu/iommufd/*" "$name/drivers/iommu/iommu-priv.h" "$name/drivers/vfio/*"
		"$name/lib/interval_tree.c")
	deb=$(echo "$downloads/$name"_*.deb)
	mkdir "$work/source"
	if [ -e "$deb" ]; then
		dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$name.tar.xz"
	else
		cat "/usr/src/$name.tar.xz"
	fi | tar -C "$work/source" --strip-components=2 -xJ --wildcards "${files[@]}"
}

unpack() {
	local deb source
	unpack_source &
	source=$!
	for deb in "$downloads"/linux-{headers,kbuild}-*.deb; do dpkg-deb -x "$deb" "$work/root"; done
	# Thousands of modules would take longer to write and to remove than all else.
	dpkg-deb --fsys-tarfile "$downloads"/linux-image-*.deb | tar -C "$work/root" -x --wildcards './boot/*' \
		'*/modules.builtin' "${folders[@]/#/*/kernel/}"
	wait "$source"
}

compile() {
	local headers=$work/root/usr/src/linux-headers-$release source=$work/source
	# It names the folder that it would be installed in.
	sed -i "s|^include /usr/src|include $work/root/usr/src|" "$headers/Makefile"
	cp "$parts/Kbuild" "$source/Kbuild"
	# The part of lib/interval_tree.c that Debian's kernel is built without, and iommufd needs.
	{
		printf '#include <linux/%s.h>\n' interval_tree interval_tree_generic compiler export
		sed -n '/#ifdef CONFIG_INTERVAL_TREE_SPAN_ITER/,$p' "$source/interval_tree.c" | grep -v EXPORT_SYMBOL
	} >"$source/iommu/iommufd/span.c"
	echo 'iommufd-y += span.o' >>"$source/iommu/iommufd/Makefile"
	# Only VFIO itself and vfio-pci, no drivers of other buses or single devices.
	sed -i '/+= [-a-z0-9]*\/$/ { /VFIO_PCI_CORE/!d }' "$source/vfio/Makefile" "$source/vfio/pci/Makefile"
	# Debug information would take most of the time.
	make -C "$headers" M="$source" -j"$(nproc)" CONFIG_IOMMUFD=m CONFIG_VFIO_DEVICE_CDEV=y \
		CONFIG_DEBUG_INFO= CONFIG_DEBUG_INFO_BTF_MODULES= \
		KCFLAGS="-DCONFIG_IOMMUFD_MODULE=1 -DCONFIG_VFIO_DEVICE_CDEV=1 -DCONFIG_INTERVAL_TREE_SPAN_ITER=1" modules
}

# Adds a module of Debian's to the guest's list, behind those that it needs. usage: add_module NAME
add_module() {
	local name=${1//_/-} file need
	if grep -qx "$name.ko" "$root/modules/order"; then return; fi
	file=$(find "$work/root" -name "${name//-/[-_]}.ko*" -print -quit)
	if [ -z "$file" ]; then
		grep -rq --include=modules.builtin "/${name//-/[-_]}.ko$" "$work/root" && return
		die "$name is not among Debian's modules in ${folders[*]}"
	fi
	case $file in
	*.xz) xz -dc "$file" >"$root/modules/$name.ko" ;;
	*) cp "$file" "$root/modules/$name.ko" ;;
	esac
	for need in $(modinfo -F depends "$root/modules/$name.ko" | tr , ' '); do add_module "$need"; done
	echo "$name.ko" >>"$root/modules/order"
}

pack() {
	local name PATH=$PATH:/sbin:/usr/sbin
	root=$work/initramfs
	mkdir -p "$root/modules"
	: >"$root/modules/order"
	for name in "${from_debian[@]}"; do add_module "$name"; done
	for name in "${built[@]}"; do
		cp "$(find "$work/source" -name "$name.ko")" "$root/modules/"
		echo "$name.ko" >>"$root/modules/order"
	done
	cp "$parts/init.sh" "$root/modules/init"
	chmod 755 "$root/modules/init"
	(cd "$root" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) >"$work/modules"
}

build() {
	local release version dest
	read -r release version <"$downloads/release"
	dest=$cache/kernel/$version-debian-x86-$digest
	mkdir -p "$dest"
	with_progress "unpack Debian's kernel $version" "$dest/unpack.log" unpack
	with_progress "build iommufd and VFIO as modules for it" "$dest/build.log" compile
	with_progress "collect its modules" "$dest/pack.log" pack
	mv "$work/root/boot/config-$release" "$dest/config"
	mv "$work/modules" "$dest/modules"
	mv "$work/root/boot/vmlinuz-$release" "$dest/vmlinuz"
	ln -sfn "$(basename "$dest")" "$newest"
	# These folders hold thousands of files. Their removal can take a minute, so it runs in the background.
	trap - EXIT
	rm -rf "$downloads" "$work" >/dev/null 2>&1 &
}

if [ "$task" = cached ]; then
	[ -e "$newest" ]
	exit
fi
# A shell of its own has a lock and a folder $work of its own.
if [ ! -e "$newest" ]; then (make_once "$downloads/release" download); fi
if [ "$task" = download ]; then exit 0; fi
make_once "$newest" build
realpath "$newest/vmlinuz"
