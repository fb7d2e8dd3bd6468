#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Maps of DMA memory at start, of 8 GiB of 2 MiB pages or as much as this machine can spare: by stock EAL's
# type1, and by the plugin through each backend. Calls are counted, and the plugin must not need more maps
# than stock EAL's best mode. Times are printed, not judged.
# usage: startup.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"
dir=$1

gib=$(awk '/^MemAvailable/ { print int($2 / 2 / 1048576) }' /proc/meminfo)
if [ "$gib" -gt 8 ]; then gib=8; fi
if [ "$gib" -lt 1 ]; then
	case_fail "startup" "this machine has not 2 GiB of memory to spare"
	exit 1
fi
echo "$((gib * 1024))" >"$dir/megabytes"
guest --machine intel-48 --mem "$((gib + 1))G" --pages-2m $((gib * 512)) --timeout 600 \
	--share "$dir/share" --add "$dir/megabytes" --add "$build/test/guest/apps/startup" \
	"$(dirname "$0")/_startup.sh"
