#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the guest's kernel from Debian's linux-source package and keeps it in the cache.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/apt.sh"

newest_suites="trixie-backports sid"

usage() {
	cat <<EOF
usage: devtools/kernel.sh [-h] [ARCH [LINUX]]

Builds a kernel with iommufd and VFIO cdevs for the emulated machine (no Debian kernel has
CONFIG_IOMMUFD) and prints the path of its image. The result is kept under
\$DPDK_IOAS_CACHE (default ~/.cache/dpdk-ioas), in a folder named after the version of the
source package and a digest of what makes it: the second call only prints the path.

  ARCH   x86 (default), arm64, ppc64, or ppc64-powernv: the same with a change of Linux itself, see
         devtools/kernel/patch.ppc64-powernv
  LINUX  6.12 (default): the package that is installed here; newest: the newest linux-source package
         of $newest_suites, downloaded beside the system. Which one that was is kept as
         the link newest-ARCH-DIGEST in the folder kernel of the cache: remove it to have another look.
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
variant=${1:-x86} arch=${variant%%-*} linux=${2:-6.12}
make=(make) needed=(64BIT IOMMUFD VFIO_PCI DETECT_HUNG_TASK)
case $arch in
x86) boot=arch/x86/boot/bzImage needed+=(VFIO_DEVICE_CDEV INTEL_IOMMU INTEL_IOMMU_DEBUGFS) ;;
arm64)
	boot=arch/arm64/boot/Image needed+=(VFIO_DEVICE_CDEV ARM_SMMU_V3 ARM_GIC_V3_ITS VIRTIO_CONSOLE)
	make+=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-) ;;
ppc64)
	# There are no VFIO cdevs beside sPAPR.
	boot=vmlinux needed+=(PPC_64K_PAGES VFIO_IOMMU_SPAPR_TCE HVC_CONSOLE EEH)
	make+=(ARCH=powerpc CROSS_COMPILE=powerpc64le-linux-gnu-) ;;
*) usage >&2; die "no configuration for '$variant'" ;;
esac
fragments=("$top/devtools/kernel/config.common" "$top/devtools/kernel/config.$arch")

# The change that a variant is made with; none for the architecture itself.
patch_of() { if [ "$1" != "$arch" ]; then echo "$top/devtools/kernel/patch.$1"; fi; }
# What is not stock says so.
version_of() { if [ "$1" = "$arch" ]; then echo "$debian"; else echo "$debian+patched"; fi; }
# shellcheck disable=SC2046
digest_of() { cat "${fragments[@]}" $(patch_of "$1") | sha256sum | cut -c1-12; }
image_of() { echo "$cache/kernel/$(version_of "$1")-$1-$(digest_of "$1")/$(basename $boot)"; }
if [ "$variant" != "$arch" ] && [ ! -e "$(patch_of "$variant")" ]; then
	usage >&2
	die "no configuration for '$variant'"
fi

# In the current folder, a tree as a variant that was built before has left it. usage: compile VARIANT
compile() {
	local made dest
	made=$(image_of "$1")
	dest=$(dirname "$made")
	mkdir -p "$dest"
	if [ -n "$(patch_of "$1")" ]; then
		patch -p1 <"$(patch_of "$1")" >"$dest/patch.log" ||
			die "$(patch_of "$1") does not apply, see $dest/patch.log"
	fi
	with_progress "build the guest's kernel $(version_of "$1") for $1" "$dest/build.log" \
		"${make[@]}" -j"$(nproc)" "$(basename $boot)"
	cp .config "$dest/config"
	cp $boot "$made.new"
	mv "$made.new" "$made"
}

# Half of the archive's files are of drivers that no emulated machine has, of documentation and of tests:
# creating them would take longer than unpacking the rest. What the configuration reads stays.
left_out=('*.rst' '*.yaml' '*/boot/dts/*.dts*' '*/tools/testing/*' '*/tools/perf/*')
for folder in drivers/gpu drivers/infiniband drivers/media drivers/net/ethernet drivers/net/wireless \
	drivers/scsi drivers/staging sound; do
	left_out+=("*/$folder/*.[ch]")
done

build() {
	local dest other
	dest=$(dirname "$image")
	mkdir -p "$dest"
	mkdir "$work/linux"
	with_progress "unpack $package $debian" "$dest/unpack.log" \
		tar -C "$work/linux" --strip-components=1 "${left_out[@]/#/--exclude=}" -xf "$archive"
	cd "$work/linux"
	{
		"${make[@]}" tinyconfig
		scripts/kconfig/merge_config.sh -m .config "${fragments[@]}"
		"${make[@]}" olddefconfig
	} >"$dest/config.log" 2>&1 || die "kernel configuration failed, see $dest/config.log"
	# What a fragment asks for and olddefconfig dropped would show much later.
	for option in "${needed[@]}"; do
		grep -q "^CONFIG_$option=y" .config || die "CONFIG_$option could not be set"
	done
	compile "$variant"
	if [ "$variant" != "$arch" ]; then return; fi
	# A variant is the same but for a few files: with the tree at hand it takes seconds.
	for other in "$top/devtools/kernel/patch.$arch"-*; do
		other=${other##*/patch.}
		if [ -e "$top/devtools/kernel/patch.$other" ] && [ ! -e "$(image_of "$other")" ]; then
			compile "$other"
			patch -R -p1 <"$(patch_of "$other")" >/dev/null
		fi
	done
}

download_newest() {
	local newest
	# shellcheck disable=SC2086
	apt_prepare "$(dpkg --print-architecture)" $newest_suites
	newest=$(apt-cache "${apt_options[@]}" search -n '^linux-source-[0-9.]+$' | cut -d' ' -f1 |
		sort -V | tail -n 1)
	[ -n "$newest" ] || die "none of the suites $newest_suites has a linux-source package"
	cd "$work"
	own_apt download "$newest"
}

build_newest() {
	local deb
	with_progress "download the newest linux-source" "$cache/kernel/newest.log" download_newest
	deb=$(echo "$work"/linux-source-*.deb)
	package=$(dpkg-deb -f "$deb" Package) debian=$(dpkg-deb -f "$deb" Version)
	archive=$work/$package.tar.xz image=$(image_of "$variant")
	if [ ! -e "$image" ]; then
		dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" >"$archive"
		build
	fi
	ln -s "$(basename "$(dirname "$image")")" "$newest"
}

case $linux in
newest)
	newest=$cache/kernel/newest-$variant-$(digest_of "$variant")
	make_once "$newest" build_newest
	realpath "$newest/$(basename $boot)" ;;
6.12)
	package=linux-source-6.12 archive=/usr/src/linux-source-6.12.tar.xz
	debian=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) ||
		die "package $package is not installed: run devtools/setup.sh"
	image=$(image_of "$variant")
	make_once "$image" build
	echo "$image" ;;
*) usage >&2; die "no Linux '$linux'" ;;
esac
