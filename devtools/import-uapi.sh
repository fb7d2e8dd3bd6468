#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Imports the kernel's user API headers that Debian 12 lacks or has too old.
set -euo pipefail
. "$(dirname "$0")/common.sh"

case ${1-} in
-h | --help)
	echo "usage: devtools/import-uapi.sh
Copies linux/iommufd.h and linux/vfio.h from the linux-source-6.12 package into lib/ioas/uapi."
	exit 0 ;;
esac

package=linux-source-6.12
version=$(dpkg-query -W -f '${Version}' "$package") || die "package $package is not installed"
dest=$top/lib/ioas/uapi
mkdir -p "$dest/linux"
for header in linux/iommufd.h linux/vfio.h; do
	tar -xOf "/usr/src/$package.tar.xz" "$package/include/uapi/$header" |
		sed 's, __user , ,' >"$dest/$header"
done
printf '%s\n' "$package $version" >"$dest/VERSION"
