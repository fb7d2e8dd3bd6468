#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Prints what the project depends on, with the versions of this machine, as an SPDX 2.3 document: what is
# copied into it, what its libraries and tools are linked with, what builds and tests them.
# usage: devtools/sbom.sh
set -euo pipefail
. "$(dirname "$0")/common.sh"

# The packages of the shared libraries that what is installed names.
linked() {
	local file
	for file in "$build"/lib/ioas/libioas.so "$build"/drivers/bus/ioas/librte_bus_ioas.so \
		"$build"/app/dpdk-ioas-*; do
		if [ -f "$file" ]; then readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; fi
	done | sort -u | while read -r file; do
		dpkg-query -S "*/lib/$(gcc -print-multiarch)/$file" | sed 's/:.*//'
	done | sort -u
}

# usage: package NAME VERSION LICENCE PLACE [PURL]
package() {
	cat <<EOF

PackageName: $1
SPDXID: SPDXRef-Package-$1
PackageVersion: $2
PackageDownloadLocation: $4
FilesAnalyzed: false
PackageLicenseConcluded: $3
PackageLicenseDeclared: $3
PackageCopyrightText: NOASSERTION
EOF
	if [ $# -eq 5 ]; then echo "ExternalRef: PACKAGE-MANAGER purl $5"; fi
}

# Debian packages, and what they are to this project. usage: debian RELATION-OF PACKAGE...
debian() {
	local relation=$1 name version arch
	shift
	dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' "$@" | sort -u | while read -r name version arch; do
		package "$name" "$version" NOASSERTION NOASSERTION \
			"pkg:deb/debian/${name//+/%2B}@${version//+/%2B}?arch=$arch"
		echo "Relationship: SPDXRef-Package-$name $relation SPDXRef-Package-dpdk-ioas"
	done
}

read -r linux linux_version <"$top/lib/ioas/uapi/VERSION"
version=$(cat "$top/VERSION")
commit=$(git -C "$top" rev-parse HEAD 2>/dev/null || echo release)
mapfile -t libraries < <(linked)
mapfile -t tools < <("$top/devtools/setup.sh" --list | sort -u)
# What Debian's source package builds with, of these.
mapfile -t needed < <(sed -n '/^Build-Depends:/,/^[^ ]*:/s/^ \([a-z0-9.-]*\).*/\1/p' "$top/debian/control" |
	sort | comm -12 - <(printf '%s\n' "${tools[@]}"))
mapfile -t tools < <(comm -13 <(printf '%s\n' "${needed[@]}") <(printf '%s\n' "${tools[@]}"))

cat <<EOF
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: dpdk-ioas-$version
DocumentNamespace: https://spdx.org/spdxdocs/dpdk-ioas-$version-$commit
Creator: Tool: devtools/sbom.sh
Created: $(date -u +%Y-%m-%dT%H:%M:%SZ)
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Package-dpdk-ioas
EOF
package dpdk-ioas "$version" BSD-3-Clause NOASSERTION
package linux-uapi "$linux_version" "GPL-2.0-only WITH Linux-syscall-note" NOASSERTION
echo "PackageComment: <text>Two headers of $linux, in lib/ioas/uapi</text>"
echo "Relationship: SPDXRef-Package-dpdk-ioas CONTAINS SPDXRef-Package-linux-uapi"
debian RUNTIME_DEPENDENCY_OF "${libraries[@]}"
debian BUILD_DEPENDENCY_OF "${needed[@]}"
debian DEV_TOOL_OF "${tools[@]}"
