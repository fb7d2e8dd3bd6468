#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Compares the library's binary interface with that of the last release.
set -euo pipefail
. "$(dirname "$0")/../test/guest/_init.sh"

usage() {
	cat <<EOF
usage: devtools/abi.sh [--update]

Fails where a program that was linked with the last release of libioas would break, and if a change
that would break it went by unseen. Prints PASS and FAIL lines.
  --update  writes down the interface as it is now, for a release: devtools/abi/libioas.abi
EOF
}

released=$top/devtools/abi/libioas.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The interface as the public header shows it: what lies behind is private. usage: describe LIBRARY OUTPUT
describe() {
	mkdir -p "$work/public"
	cp "$top/lib/ioas/ioas.h" "$work/public"
	abidw --headers-dir "$work/public" --drop-private-types --exported-interfaces-only \
		--drop-undefined-syms --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed \
		--type-id-style hash --out-file "$2" "$1"
}

# usage: compatible LIBRARY
compatible() {
	describe "$1" "$work/now.abi"
	abidiff --no-added-syms --suppressions "$top/devtools/abi/libioas.suppr" "$released" \
		"$work/now.abi" >"$work/report" 2>&1
}

# Compares a library with one line of a file changed. usage: changed NAME yes|no FILE SED-COMMAND
changed() {
	local name=$1 wanted=$2 file=$3 is=no copy=$work/copy
	rm -rf "$copy"
	cp -r "$top/lib/ioas" "$copy"
	sed -i "$4" "$copy/$file"
	if cmp -s "$copy/$file" "$top/lib/ioas/$file"; then
		case_fail "$name" "there is nothing to change by '$4'"
		return
	fi
	gcc -w -g -O0 -fPIC -shared -D_GNU_SOURCE -I"$copy/uapi" "$copy"/*.c \
		-Wl,-soname,libioas.so.1,--version-script="$copy/ioas.map" -lnuma -o "$work/libioas.so"
	if compatible "$work/libioas.so"; then is=yes; fi
	if [ $is = "$wanted" ]; then
		case_ok "$name"
	else
		sed 's/^/  | /' "$work/report"
		case_fail "$name" "compatible: $is"
	fi
}

case ${1-} in
'') ;;
--update) describe "$build/lib/ioas/libioas.so" "$released"; exit ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; die "unknown option $1" ;;
esac

if compatible "$build/lib/ioas/libioas.so"; then
	case_ok "libioas is compatible with the last release"
else
	sed 's/^/  | /' "$work/report"
	case_fail "libioas is compatible with the last release" "see above; doc/guides/contributing.rst"
fi
changed "a member of another type is noticed" no ioas.h \
	'/^struct ioas_info {/,/^}/s/uint64_t maps;/uint32_t maps;/'
changed "a function that is gone is noticed" no ioas.map /ioas_room/d
changed "options may grow" yes ioas.h '/^struct ioas_options {/,/^}/s/^	uint64_t quarantine;/&uint64_t more;/'
