#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What is loaded late is bound, but only when the dynamic linker has done with it: a thread that loads and
# unloads a library comes to no harm by one that binds. The plugin is preloaded, for EAL's -d takes nothing
# from below a folder that all may write to. usage: late.sh FOLDER
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
