#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What `meson install` puts in place serves: a program without DPDK by libioas.pc, and a DPDK
# application that is linked with the plugin before EAL by dpdk-ioas.pc, with no -d.
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
	bin/dpdk-ioas-perf; do
	if [ -e "$root/usr/local/$file" ]; then
		case_ok "installed $file"
	else
		case_fail "installed $file" "it is not there"
	fi
done

# As though it were installed there.
sed -i "s|/usr/local|$root/usr/local|g" "$root/usr/local/$libdir"/pkgconfig/*.pc
export PKG_CONFIG_PATH=$root/usr/local/$libdir/pkgconfig

# The examples, by the very commands of their guide.
cp -r "$top/examples" "$dir"
while read -r command; do
	name=${command##* -o } name=${name%% *}
	if (cd "$dir/examples" && eval "${command/#gcc/gcc -Wall -Werror}") 2>"$dir/errors.$name" &&
		readelf -d "$dir/examples/$name" | grep -qE 'NEEDED.*(libioas|librte_eal)'; then
		case_ok "guide's command for $name"
	else
		case_fail "guide's command for $name" "$(head -n 1 "$dir/errors.$name")"
	fi
done < <(sed -n 's/^    \(gcc .*\)/\1/p' "$top/doc/guides/examples.rst")
for file in "$top"/examples/*.c; do
	grep -q "^    gcc .*$(basename "$file")" "$top/doc/guides/examples.rst" ||
		case_fail "guide" "it does not build $(basename "$file")"
done

# shellcheck disable=SC2046
gcc -DALLOW_EXPERIMENTAL_API "$top/test/guest/apps/iova_check.c" -o "$dir/linked" \
	$(pkg-config --cflags --libs dpdk-ioas libdpdk) -lrte_bus_pci -lrte_mempool_ring
cat >"$dir/script" <<'EOF'
. /lib/guest.sh
bind_vfio $(nics)
/share/linked -l 0 -m 64 -- --ranges 0x1000-0xfedfffff,0xfef00000-0x7fffffffff >$log 2>&1
rc=$?
if [ $rc -eq 0 ] && grep -q "$start_line" $log && grep -q ^PASSED $log; then
	case_ok "linked before EAL"
else
	cat $log
	case_fail "linked before EAL" "status $rc"
fi
finish
EOF
guest --share "$dir/share" --add "$dir/linked" "$dir/script"
