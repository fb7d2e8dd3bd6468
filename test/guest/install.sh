#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The files of `meson install` work: a program without DPDK builds with libioas.pc, shared and static; a DPDK
# application without -d builds with dpdk-ioas.pc, which links the plugin before EAL, or statically with
# dpdk-ioas-static.pc.
set -euo pipefail
. "$(dirname "$0")/_init.sh"
dir=$1
root=$dir/root

DESTDIR=$root meson install -C "$build" --no-rebuild >"$dir/install.log"
libdir=$(meson introspect "$build" --buildoptions |
	sed 's/.*"name": "libdir", "value": "\([^"]*\)".*/\1/')
for file in include/ioas.h "$libdir/libioas.so" "$libdir/pkgconfig/libioas.pc" \
	"$libdir/pkgconfig/dpdk-ioas.pc" "$libdir/pkgconfig/dpdk-ioas-static.pc" \
	"$libdir/dpdk-ioas/librte_bus_ioas.so" "$libdir/librte_bus_ioas_static.a" \
	bin/dpdk-ioas-{fault,info,perf} share/man/man1/dpdk-ioas-{fault,info,perf}.1 \
	share/bash-completion/completions/dpdk-ioas-{fault,info,perf} \
	lib/udev/rules.d/60-dpdk-ioas.rules lib/sysusers.d/dpdk-ioas.conf \
	lib/sysctl.d/60-dpdk-ioas.conf etc/security/limits.d/dpdk-ioas.conf; do
	if [ -e "$root/usr/local/$file" ]; then
		case_ok "installed $file"
	else
		case_fail "installed $file" "it is not there"
	fi
done

# As if it were installed there.
sed -i "s|/usr/local|$root/usr/local|g" "$root/usr/local/$libdir"/pkgconfig/*.pc
export PKG_CONFIG_PATH=$root/usr/local/$libdir/pkgconfig

# Builds a program with the command of a guide, with or without this project's libraries and DPDK's.
# usage: guide_builds FOLDER shared|static COMMAND
guide_builds() {
	local name=${3##* -o } kind=static
	name=${name%% *}
	if ! (cd "$1" && eval "${3/#gcc/gcc -Wall -Werror}") 2>"$dir/errors.$name"; then
		case_fail "guide's command for $name" "$(grep -m 1 -E 'error|cannot' "$dir/errors.$name")"
		return
	fi
	if readelf -d "$1/$name" | grep -qE 'NEEDED.*(libioas|librte_)'; then kind=shared; fi
	if [ $kind = "$2" ]; then
		case_ok "guide's command for $name"
	else
		case_fail "guide's command for $name" "the program is $kind"
	fi
}

# The examples.
cp -r "$top/examples" "$dir"
while read -r command; do guide_builds "$dir/examples" shared "$command"; done < <(
	sed -n 's/^    \(gcc .*\)/\1/p' "$top/doc/guides/examples.rst")
for file in "$top"/examples/*.c; do
	grep -q "^    gcc .*$(basename "$file")" "$top/doc/guides/examples.rst" ||
		case_fail "guide" "it does not build $(basename "$file")"
done

# usage: builds NAME OUTPUT COMMAND...
builds() {
	local name=$1 output=$2
	shift 2
	if "$@" -o "$output" 2>"$output.errors"; then
		case_ok "$name"
	else
		case_fail "$name" "$(grep -m 1 error "$output.errors")"
	fi
}

# shellcheck disable=SC2046
builds "libioas.pc, static" "$dir/device-dma-static" gcc -static "$top"/examples/{device_dma,edu}.c \
	$(pkg-config --cflags --static --libs libioas)

# Exactly the functions that the archive replaces.
wrapped=$(pkg-config --libs dpdk-ioas-static | tr ' ' '\n' | sed -n 's/^-Wl,--wrap=//p' | sort)
wanted=$(nm "$root/usr/local/$libdir/librte_bus_ioas_static.a" | sed -n 's/.* T __wrap_//p' | sort -u)
if [ -n "$wanted" ] && [ "$wrapped" = "$wanted" ]; then
	case_ok "dpdk-ioas-static.pc wraps $(wc -l <<<"$wanted") functions"
else
	case_fail "dpdk-ioas-static.pc wraps" "$(diff <(cat <<<"$wanted") <(cat <<<"$wrapped") | tr '\n' ' ')"
fi

dpdk=(gcc -DALLOW_EXPERIMENTAL_API "$top/test/guest/apps/iova_check.c")
# shellcheck disable=SC2046
builds "dpdk-ioas.pc" "$dir/linked" "${dpdk[@]}" \
	$(pkg-config --cflags --libs dpdk-ioas) $(pkg-config --cflags --libs libdpdk) -lrte_bus_pci -lrte_mempool_ring
# Statically, with the drivers of DPDK.
{
	echo '#define ALLOW_EXPERIMENTAL_API'
	cat "$top/test/guest/apps/iova_check.c"
} >"$dir/app.c"
guide_builds "$dir" static "$(sed -n '/^   gcc app\.c/,/[^\\]$/{s/^   //;p}' "$top/doc/guides/getting_started.rst")"
# The guest lacks the libraries that these drivers need.
libraries=()
while read -r library; do libraries+=(--add "$library"); done < <(
	ldd "$dir/app" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p')

cat >"$dir/script" <<'EOF'
. /lib/guest.sh
bind_vfio $(nics)
for kind in linked app; do
	/share/$kind -l 0 -m 64 -- --ranges 0x1000-0xfedfffff,0xfef00000-0x7fffffffff >$log 2>&1
	rc=$?
	if [ $rc -eq 0 ] && grep -q "$start_line" $log && grep -q ^PASSED $log; then
		case_ok "$kind, without -d"
	else
		cat $log
		case_fail "$kind, without -d" "status $rc"
	fi
done
bind_vfio $(edus)
export DPDK_IOAS=window=0x1000-0xfffffff
for command in device-dma "skeleton-pmd -l 0 -m 64 --"; do
	rc=0
	/share/$command $(edus) >$log 2>&1 || rc=$?
	if [ $rc -eq 0 ]; then
		case_ok "guide's ${command%% *} runs"
	else
		cat $log
		case_fail "guide's ${command%% *} runs" "status $rc"
	fi
done
finish
EOF
guest --nics e1000e,e1000e,edu --share "$dir/share" --add "$dir/linked" --add "$dir/app" "${libraries[@]}" \
	--add "$dir/examples/device-dma" --add "$dir/examples/skeleton-pmd" "$dir/script"
