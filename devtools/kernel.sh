#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the guest's kernel from Debian's linux-source package and keeps it in the cache.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/kernel.sh [-h] [ARCH]

Builds a kernel with iommufd and VFIO cdevs for the emulated machine (no Debian kernel has
CONFIG_IOMMUFD) and prints the path of its image. The result is kept under
\$DPDK_IOAS_CACHE (default ~/.cache/dpdk-ioas), in a folder named after the version of the
source package and a digest of what makes it: the second call only prints the path.

  ARCH   x86 (default), arm64, ppc64, or ppc64-powernv: the same with a change of Linux itself, see
         devtools/kernel/patch.ppc64-powernv
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
variant=${1:-x86} arch=${variant%%-*}
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
package=linux-source-6.12
debian=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) ||
	die "package $package is not installed: run devtools/setup.sh"

# The change that a variant is made with; none for the architecture itself.
patch_of() { if [ "$1" != "$arch" ]; then echo "$top/devtools/kernel/patch.$1"; fi; }
# What is not stock says so.
version_of() { if [ "$1" = "$arch" ]; then echo "$debian"; else echo "$debian+patched"; fi; }
image_of() {
	local digest
	# shellcheck disable=SC2046
	digest=$(cat "${fragments[@]}" $(patch_of "$1") | sha256sum | cut -c1-12)
	echo "$cache/kernel/$(version_of "$1")-$1-$digest/$(basename $boot)"
}
if [ "$variant" != "$arch" ] && [ ! -e "$(patch_of "$variant")" ]; then
	usage >&2
	die "no configuration for '$variant'"
fi
image=$(image_of "$variant")

# In the tree that $work is, as it was left by a variant that was built before. usage: compile VARIANT
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

build() {
	local dest other
	dest=$(dirname "$image")
	with_progress "unpack $package $debian" "$dest/unpack.log" \
		tar -C "$work" --strip-components=1 -xf "/usr/src/$package.tar.xz"
	cd "$work"
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

make_once "$image" build
echo "$image"
