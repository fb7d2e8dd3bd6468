#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the project into build/NAME of the checkout.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/build.sh [--configure | --no-tests] [NAME]...

Configures (once) and builds with meson in build/NAME, warnings as errors:
  gcc    what devtools/run.sh and the guest tests use (default)
  clang  the same with clang
  debug  gcc without optimisation, to step through it: devtools/guest.sh --gdb
  asan   gcc with the address and undefined behaviour sanitizers
  tsan   gcc with the thread sanitizer
  coverage  gcc, and counts what is executed; see devtools/coverage.sh
  fuzz   clang with libFuzzer, the address and undefined behaviour sanitizers; see devtools/fuzz.sh
  arm64  gcc for Arm, against the packages of devtools/sysroot.sh; what an Arm guest runs
  ppc64  the same for POWER
  gcc-RELEASE  gcc for another release of DPDK (${!dpdk_suites[*]}), against the packages of
         devtools/sysroot.sh; what an x86 guest with that release runs

ccache is used where it is installed (apt-get install ccache).

  --configure  does not compile
  --no-tests   only the plugin, the library, dpdk-ioas-info and dpdk-ioas-fault; a folder that is not
               configured yet needs no packages for tests and manual pages, a later call adds these
EOF
}

compile=yes tests=yes targets=() library=()
case ${1-} in
-h | --help) usage; exit 0 ;;
--configure) compile=''; shift ;;
--no-tests)
	tests='' targets=(drivers/bus/ioas/librte_bus_ioas.so app/dpdk-ioas-info app/dpdk-ioas-fault)
	shift ;;
esac
if [ $# -eq 0 ]; then set -- gcc; fi

# Prints meson's description of another architecture or userland. usage: cross_file ARCH CPU TRIPLET SYSROOT
cross_file() {
	local libc=${release:+", '-B$4/usr/lib/$3'"} launcher=${ccache:+"'$ccache', "}
	cat <<EOF
[binaries]
c = [$launcher'$3-gcc']
ar = '$3-ar'
strip = '$3-strip'
pkgconfig = 'pkg-config'
[properties]
sys_root = '$4'
pkg_config_libdir = ['$4/usr/lib/$3/pkgconfig', '$4/usr/share/pkgconfig']
[built-in options]
c_args = ['--sysroot=$4']
c_link_args = ['--sysroot=$4'$libc]
[host_machine]
system = 'linux'
cpu_family = '$2'
cpu = '$1'
endian = 'little'
EOF
}

# meson takes it by itself only where it chooses the compiler too.
ccache=$(command -v ccache || true)

for name; do
	# $release: of DPDK, where it is not the one here. This machine's compiler has this machine's libc;
	# -B puts that behind the release's own.
	compiler=gcc options=() kind=${name%%-*} man_pages=disabled release=
	if [ "$kind" != "$name" ]; then release=${name#*-}; fi
	case $kind${release:+-release} in
	gcc) options=(-Dstress_seconds=120) man_pages=enabled ;;
	clang) compiler=clang ;;
	debug) options=(-Doptimization=0) ;;
	asan)
		options=(-Db_sanitize='address,undefined' -Db_lundef=false -Doptimization=2
			-Dc_args=-fno-sanitize-recover=undefined) ;;
	arm64 | ppc64) options=(--cross-file "$top/build/$name/cross") ;;
	# The examples that are installed here are of this machine's release.
	gcc-release) options=(--cross-file "$top/build/$name/cross" -Ddpdk_examples=) ;;
	coverage) options=(-Db_coverage=true -Doptimization=1 -Dc_args=-fprofile-update=atomic) ;;
	fuzz)
		compiler=clang
		options=(-Db_sanitize='address,undefined' -Db_lundef=false -Doptimization=2 -Dfuzz=true
			-Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined') ;;
	tsan) options=(-Db_sanitize=thread -Db_lundef=false -Doptimization=2 -Dstress_seconds=120) ;;
	*) usage >&2; die "unknown build $name" ;;
	esac
	dir=$top/build/$name
	mkdir -p "$dir"
	exec 9>"$dir/lock"
	flock 9
	case $kind${release:+-release} in
	gcc-release) cross=(x86_64 x86_64-linux-gnu) arch=x86 ;;
	arm64) cross=(aarch64 aarch64-linux-gnu) arch=arm64 ;;
	ppc64) cross=(ppc64 powerpc64le-linux-gnu) arch=ppc64 ;;
	*) cross=() ;;
	esac
	if [ ${#cross[@]} -gt 0 ]; then
		sysroot=$("$top/devtools/sysroot.sh" "$arch" "$release")
		cross_file "$arch" "${cross[@]}" "$sysroot" >"$dir/cross.new"
		# meson reads it once: with other packages all is configured anew.
		if ! cmp -s "$dir/cross.new" "$dir/cross"; then
			rm -rf "$dir"/{build.ninja,meson-private}
		fi
		mv "$dir/cross.new" "$dir/cross"
	fi
	if [ ! -f "$dir/build.ninja" ]; then
		rm -f "$dir/without-tests"
		options+=("-Dman_pages=$man_pages")
		if [ -z "$tests" ]; then
			: >"$dir/without-tests"
			options+=(-Dtests=false -Dman_pages=disabled)
		fi
		with_progress "configure build/$name" "$dir/setup.log" \
			env CC="${ccache:+$ccache }$compiler" meson setup "$dir" "$top" --werror "${options[@]}"
	elif [ -n "$tests" ] && [ -e "$dir/without-tests" ]; then
		with_progress "add the tests to build/$name" "$dir/setup.log" \
			meson configure "$dir" -Dtests=true -Dman_pages=$man_pages
		rm "$dir/without-tests"
	fi
	# Meson has made the link to the library, whose name has the version.
	if [ -z "$tests" ]; then library=("lib/ioas/$(readlink "$dir/lib/ioas/libioas.so.1")"); fi
	if [ -n "$compile" ]; then
		with_progress "compile build/$name" "$dir/compile.log" ninja -C "$dir" "${targets[@]}" "${library[@]}"
	fi
done
