#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds Debian's packages from a copy of the checkout, and looks at what is in them. Prints PASS and
# FAIL lines. usage: devtools/deb.sh [FOLDER FOR THE PACKAGES]
set -euo pipefail
. "$(dirname "$0")/../test/guest/_init.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=${1:-$work}
source=$work/dpdk-ioas
mkdir -p "$source" "$packages"
(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$source")

if ! (cd "$source" && DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" \
	dpkg-buildpackage -us -uc -b) >"$work/log" 2>&1; then
	tail -n 30 "$work/log"
	case_fail "dpkg-buildpackage" "$(grep -m 1 -iE 'error|unmet' "$work/log")"
	exit 1
fi
case_ok "dpkg-buildpackage"

if lintian --fail-on error --allow-root "$work"/*.changes >"$work/lintian" 2>&1; then
	case_ok "lintian finds no error"
else
	cat "$work/lintian"
	case_fail "lintian finds no error" "$(grep -m 1 ^E: "$work/lintian")"
fi

# What each package installs, apart from its folder below /usr/share/doc.
for deb in "$work"/*.deb; do
	name=$(dpkg-deb -f "$deb" Package)
	dpkg-deb -c "$deb" | awk -v "package=$name" '$1 !~ /^d/ { print package, substr($6, 2) }'
done | sed "s|$(gcc -print-multiarch)|TRIPLET|; \\|/usr/share/doc/|d" |
	LC_ALL=C sort >"$work/files"
if diff "$top/devtools/deb-files" "$work/files" >"$work/diff"; then
	case_ok "$(wc -l <"$work/files") files are installed"
else
	sed 's/^/  | /' "$work/diff"
	case_fail "the packages have the files of devtools/deb-files" "see above"
fi
if [ "$packages" != "$work" ]; then mv "$work"/*.{deb,changes,buildinfo} "$packages"; fi
