#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shows the project at work: stock testpmd forwards packets on IOVAs that the kernel chose.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/steps.sh"

usage() {
	cat <<EOF
usage: devtools/run.sh [-h] [--shell] [GUEST OPTION]...
       devtools/run.sh --here [TESTPMD OPTION]...

Installs the packages that are missing for this (devtools/setup.sh), builds, and runs Debian's dpdk-testpmd
with the plugin between two NICs:

  by default   in an emulated machine with an Intel IOMMU and Debian's own kernel; see devtools/guest.sh
               --help for other machines, NICs and releases of DPDK (--machine smmuv3,
               --nics virtio,virtio, --dpdk 24.11); --gdb: testpmd waits for a debugger
  --shell      stays at testpmd's prompt
  --kernel built  with a kernel that is built for it, which takes minutes once; machines that are not x86
               and --linux need one
  --here       on this machine's own IOMMU, with the devices that are bound to vfio-pci, if dpdk-ioas-info
               finds nothing missing; the options are testpmd's (EAL's, --, its own); default: -i
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac

if [ "${1-}" = --here ]; then
	shift
	"$top/devtools/setup.sh" build
	"$top/devtools/build.sh" --no-tests
	# It knows what the plugin can use: iommufd, by character devices or groups, type1, POWER's windows.
	"$build/app/dpdk-ioas-info" >&2 || die "testpmd cannot run with the plugin here: what is missing, and the" \
		"command that adds it, is above"
	if [ $# -eq 0 ]; then set -- -- -i; fi
	export LD_LIBRARY_PATH=$build/lib/ioas:$build/drivers/bus/ioas
	set -x
	exec dpdk-testpmd -d librte_bus_ioas.so "$@"
fi

shell='' options=()
for option; do
	if [ "$option" = --shell ]; then shell=yes; else options+=("$option"); fi
done

# usage: value_of OPTION DEFAULT
value_of() {
	local option=$1 value=$2 i
	for i in "${!options[@]}"; do
		if [ "${options[i]}" = "$option" ]; then value=${options[i + 1]-}; fi
	done
	echo "$value"
}
has_option() { [ -n "$(value_of "$1" '')" ]; }

machine=$(value_of --machine intel-39) linux=$(value_of --linux 6.12)
arch=$(arch_of_machine "$machine")
if [ "$arch" = x86 ] && ! has_option --linux && ! has_option --kernel; then options+=(--kernel debian); fi
kernel=$(value_of --kernel built)

sets=(build guest)
if [ "$kernel" = built ]; then sets+=(kernel); fi
if [ "$arch" != x86 ]; then sets+=("$arch"); fi
missing=$("$top/devtools/setup.sh" --missing "${sets[@]}")
if [ -n "$missing" ] && [ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null; then
	say "sudo is for apt-get install ${missing//$'\n'/ }"
	sudo -v || die "no packages can be installed without sudo: run devtools/setup.sh ${sets[*]} as root"
fi

logs=$cache/run
job_packages() { "$top/devtools/setup.sh" "${sets[@]}"; }
progress_packages() { apt_progress "$cache/apt-install.log"; }
job_download() { "$top/devtools/debian-kernel.sh" --download; }
job_plugin() { "$top/devtools/build.sh" --no-tests "$(basename "$(build_for "${options[@]}")")"; }
progress_plugin() { ninja_progress "$(build_for "${options[@]}")/compile.log"; }
job_kernel() {
	if [ "$kernel" = debian ]; then
		"$top/devtools/debian-kernel.sh"
	else
		"$top/devtools/kernel.sh" "$(kernel_of_machine "$machine")" "$linux"
	fi
}
# The folder of the newest log is that of the kernel which is being built.
progress_kernel() {
	local log
	# shellcheck disable=SC2012
	log=$(ls -t "$cache"/kernel/*/build.log 2>/dev/null | head -n 1)
	if [ -n "$log" ] && [ "$log" -nt "$logs/kernel.log" ]; then
		if [ "$kernel" = debian ]; then count_progress "$log" 'CC \[M\]' 28; else echo "$(wc -l <"$log") lines"; fi
	fi
}
job_userland() { "$top/devtools/initramfs.sh" "$arch" "$(other_release "$(value_of --dpdk '')")"; }
job_guest() { guest "${options[@]}" "$top/devtools/guest/show.sh"; }

build_jobs=(plugin userland) build_time=10
case $kernel in
debian)
	if "$top/devtools/debian-kernel.sh" --cached; then
		if [ -n "$missing" ]; then add_step "install packages" 60 packages; fi
	elif [ -n "$missing" ]; then
		add_step "install packages, download Debian's kernel" 70 packages download
		build_jobs+=(kernel) build_time=60
	else
		add_step "download Debian's kernel" 15 download
		build_jobs+=(kernel) build_time=60
	fi ;;
*)
	if [ -n "$missing" ]; then add_step "install packages" 60 packages; fi
	build_jobs+=(kernel) ;;
esac
add_step "build" $build_time "${build_jobs[@]}"

if [ -n "$shell" ]; then
	run_steps
	say "the emulated machine boots, which takes half a minute"
	guest "${options[@]}" --interactive "$top/devtools/run/prompt.sh"
elif [[ " ${options[*]} " == *" --gdb "* ]]; then
	run_steps
	guest "${options[@]}" "$top/devtools/guest/show.sh"
else
	add_step "forward packets in the emulated machine" 25 guest
	run_steps
	cat "$logs/guest.log"
	say "run: done in $(duration $SECONDS)"
fi
