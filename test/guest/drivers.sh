#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The guide's list of drivers that demand IOVA=VA matches the installed DPDK.
# usage: drivers.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"
dir=$1

"$top/devtools/va-drivers.sh" >"$dir/installed"
# The rows of that section's table: names with commas between them, then the library.
sed -n '/^Drivers that demand IOVA=VA/,/^``devtools/p' "$top/doc/guides/drivers.rst" |
	sed -n 's/^\([a-z].*[a-z0-9]\)  *\(librte_[a-z_]*\)$/\1 \2/p' |
	awk '{ for (i = 1; i < NF; i++) { sub(",", "", $i); print $i, $NF } }' | sort >"$dir/listed"
if [ -s "$dir/installed" ] && diff "$dir/installed" "$dir/listed"; then
	case_ok "drivers that demand IOVA=VA"
else
	case_fail "drivers that demand IOVA=VA" "the guide's list differs"
fi
