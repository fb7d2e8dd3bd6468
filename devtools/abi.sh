#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Compares the binary interfaces of the library and of the plugin with those that devtools/abi describes.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/abi.sh [--update]

Fails where a program would break that was linked with libioas, or with the plugin (rte_bus_ioas.h), as
devtools/abi describes them: as they were when --update was run last, at the last release if there is one.
Fails too if a change that would break it went by unseen. Prints PASS and FAIL lines.
  --update  writes down the interfaces as they are now, for a release: devtools/abi/*.abi
EOF
}

described=$top/devtools/abi
suppressions=$described/exported.suppr
libioas=lib/ioas/libioas.so
plugin=drivers/bus/ioas/librte_bus_ioas.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/public"
cp "$top/lib/ioas/ioas.h" "$top/drivers/bus/ioas/rte_bus_ioas.h" "$work/public"

# The interface as the public headers show it: what lies behind is private. usage: describe LIBRARY OUTPUT
describe() {
	abidw --headers-dir "$work/public" --drop-private-types --exported-interfaces-only \
		--drop-undefined-syms --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed \
		--type-id-style hash --suppressions "$suppressions" --out-file "$2" "$1"
}

description_of() { echo "$described/$(basename "$1" .so).abi"; }

# usage: compatible LIBRARY
compatible() {
	describe "$1" "$work/now.abi"
	abidiff --no-added-syms --suppressions "$suppressions" "$(description_of "$1")" "$work/now.abi" \
		>"$work/report" 2>&1
}

# Compares a library with some of its files changed. usage: changed NAME yes|no LIBRARY FILES SED-COMMAND
changed() {
	local name=$1 wanted=$2 library=$work/${3##*/} folder=${3%/*} is=no copy=$work/copy soname sources
	rm -rf "$copy"
	mkdir "$copy"
	(cd "$top" && cp -r --parents lib/ioas drivers/bus/ioas "$copy")
	# shellcheck disable=SC2086
	(cd "$copy/$folder" && sed -i "$5" $4)
	if diff -r "$top/$folder" "$copy/$folder" >"$work/diff"; then
		case_fail "$name" "there is nothing to change by '$5'"
		return
	fi
	sources=("$copy"/lib/ioas/*.c)
	if [ "$3" = $plugin ]; then
		# Programs that are linked statically have it in place of bind_slots.c.
		rm "$copy/$folder/bind_link.c"
		sources+=("$copy/$folder"/*.c)
	fi
	soname=$(readelf -d "$build/$3" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
	# shellcheck disable=SC2046
	gcc -w -g -O0 -fPIC -shared -D_GNU_SOURCE -DALLOW_EXPERIMENTAL_API \
		-DBUS_IOAS_RELEASE='"0"' -I"$copy"/lib/ioas{,/uapi} \
		$(pkg-config --cflags libdpdk) "${sources[@]}" -Wl,-soname,"$soname" \
		-Xlinker --version-script -Xlinker "$copy/$folder"/*.map -lnuma -o "$library"
	if compatible "$library"; then is=yes; fi
	if [ $is = "$wanted" ]; then
		case_ok "$name"
	else
		sed 's/^/  | /' "$work/report"
		case_fail "$name" "compatible: $is"
	fi
}

case ${1-} in
'') ;;
--update)
	for library in $libioas $plugin; do describe "$build/$library" "$(description_of "$library")"; done
	exit ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; die "unknown option $1" ;;
esac

for library in $libioas $plugin; do
	name="$(basename "$library" .so) is compatible with what devtools/abi describes"
	if compatible "$build/$library"; then
		case_ok "$name"
	else
		sed 's/^/  | /' "$work/report"
		case_fail "$name" "see above; doc/guides/contributing.rst"
	fi
done
changed "a member of another type is noticed" no $libioas ioas.h \
	'/^struct ioas_info {/,/^}/s/uint64_t maps;/uint32_t maps;/'
changed "a function that is gone is noticed" no $libioas ioas.map /ioas_room/d
changed "options may grow" yes $libioas ioas.h \
	'/^struct ioas_options {/,/^}/s/^	uint64_t quarantine;/&uint64_t more;/'
changed "a function of the plugin that takes another type is noticed" no $plugin '*.[ch]' \
	's/\(rte_bus_ioas_explain(const char \*device, \)uint64_t/\1uint32_t/'
changed "a function of the plugin that is gone is noticed" no $plugin bus_ioas.map /rte_bus_ioas_table/d
changed "EAL's functions may differ" yes $plugin bus_ioas.map /rte_vfio_enable/d
