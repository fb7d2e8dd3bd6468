#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Libraries that are loaded late are bound, but only after the dynamic linker has relocated them: a thread
# that binds does no harm to one that loads and unloads a library. The plugin is preloaded, because EAL's -d
# accepts nothing below a folder that all users may write to. usage: late.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

share=$1 failed=0 status=0
apps=$build/test/guest/apps
: >"$share/errors"
timeout 60 env LD_LIBRARY_PATH="$build/lib/ioas" LD_PRELOAD="$build/drivers/bus/ioas/librte_bus_ioas.so" \
	"$apps/late" -l 0 -m 64 --no-huge --no-shconf --no-pci --no-telemetry \
	-- "$apps/late_library.so" 5 >"$share/late" 2>&1 || status=$?
verdict "a library that comes and goes" $status 0 "$share/late"
exit $failed
