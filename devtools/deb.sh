#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds Debian's source package from a copy of the checkout, and the binary packages from the source package
# alone; looks at what is in them. Prints PASS and FAIL lines. usage: devtools/deb.sh [FOLDER FOR THE PACKAGES]
set -euo pipefail
. "$(dirname "$0")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
made=$work/made
packages=${1:-$made}
source=$work/dpdk-ioas
mkdir -p "$source" "$made" "$packages"
(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$source")
DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)"
export DEB_BUILD_OPTIONS

# usage: step NAME COMMAND...
step() {
	if "${@:2}" >"$work/log" 2>&1; then
		case_ok "$1"
	else
		tail -n 30 "$work/log"
		case_fail "$1" "$(grep -m 1 -iE 'error|unmet|^[EW]:' "$work/log")"
		return 1
	fi
}

# A line for each file that only one of two lists has is a failure. usage: same_files NAME WANTED FOUND
same_files() {
	if diff "$2" "$3" >"$work/diff"; then
		case_ok "$1: $(wc -l <"$3")"
	else
		sed 's/^/  | /' "$work/diff"
		case_fail "$1" "see above"
	fi
}

version=$(dpkg-parsechangelog -l "$source/debian/changelog" -S Version)
if [ "$version" = "$(cat "$top/VERSION")" ]; then
	case_ok "debian/changelog has the version of VERSION"
else
	case_fail "debian/changelog has the version of VERSION" "it says $version"
fi

# A checkout in which somebody has worked: git's folder, builds, programs of the guide.
leftovers=(.git/config build/gcc/build.ninja "obj-$(gcc -print-multiarch)/build.ninja" debian/tmp/usr)
while read -r program; do leftovers+=("examples/$program"); done < <(
	sed -n 's/^    gcc .* -o \([^ ]*\) .*/\1/p' "$top/doc/guides/examples.rst")
for file in "${leftovers[@]}"; do
	mkdir -p "$source/${file%/*}"
	touch "$source/$file"
done
cd "$source"
step "source package" dpkg-buildpackage -us -uc -S || exit 1
tar -tf "$work"/*.tar.xz | sed '/\/$/d; s|^[^/]*/||' | LC_ALL=C sort >"$work/files"
(cd "$top" && git ls-files | grep -vx .gitignore | LC_ALL=C sort) >"$work/wanted"
same_files "files in the source package" "$work/wanted" "$work/files"

dpkg-source -x "$work"/*.dsc "$made/source" >"$work/log"
cd "$made/source"
step "dpkg-buildpackage" dpkg-buildpackage -us -uc || exit 1
step "lintian finds nothing" lintian --fail-on error,warning --allow-root "$made"/*.changes || true

# What each package installs, apart from its folder below /usr/share/doc.
for deb in "$made"/*.deb; do
	name=$(dpkg-deb -f "$deb" Package)
	dpkg-deb -c "$deb" | awk -v "package=$name" '$1 !~ /^d/ { print package, substr($6, 2) }'
done | sed "s|$(gcc -print-multiarch)|TRIPLET|; \\|/usr/share/doc/|d" |
	LC_ALL=C sort >"$work/files"
same_files "files of the packages" "$top/devtools/deb-files" "$work/files"
if [ "$packages" != "$made" ]; then mv "$made"/*.{deb,changes,buildinfo,dsc,tar.xz} "$packages"; fi
