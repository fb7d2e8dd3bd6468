#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# However the plugin is loaded, it works, or a line names cause and remedy, and DPDK runs as if the plugin
# were not loaded. No device is needed for that. (EAL's -d accepts nothing below a folder that all users may
# write to, but it searches for bare names.) usage: loading.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1
apps=$build/test/guest/apps
plugin=$build/drivers/bus/ioas/librte_bus_ioas.so
# For the dynamic linker and for EAL a copy with another name is another library.
mkdir -p "$dir/copy"
cp "$plugin" "$dir/copy/bus_ioas_copy.so"
export LD_LIBRARY_PATH=$build/lib/ioas:$build/drivers/bus/ioas:$dir/copy:$apps/other_eal
eal=(-l 0 -m 64 --no-huge --no-shconf --no-pci --no-telemetry)
given=(-d librte_bus_ioas.so)

# The plugin works but has found no device; or it stays out.
in_use='IOAS: no device for the plugin'
out='IOAS: the plugin stays out: DPDK continues without it, '
unknown='IOAS: this plugin was built with DPDK [0-9.]*, runs with DPDK 99.11.0, and knows only DPDK .*: use a'
# The program's output with stock DPDK.
stock='^mode 2, IOVAs equal to addresses$'

wanted=0
# A program ends with the given status, prints each pattern, and no other line of the plugin.
# usage: loads NAME PATTERN... -- COMMAND...
loads() {
	local name=$1 log=$dir/${1//[ \/]/-} patterns=() rc=0 wrong='' pattern others
	shift
	while [ "$1" != -- ]; do
		patterns+=("$1")
		shift
	done
	shift
	timeout 60 "$@" >"$log" 2>&1 || rc=$?
	if [ $rc -ne $wanted ]; then wrong="status $rc;"; fi
	for pattern in "${patterns[@]}"; do
		grep -q -e "$pattern" "$log" || wrong="$wrong printed no '$pattern';"
	done
	others=$(grep 'IOAS:' "$log" | grep -v "${patterns[@]/#/-e}" || true)
	if [ -n "$others" ]; then wrong="$wrong printed '$others';"; fi
	if grep -q '(null)' "$log"; then wrong="$wrong printed (null);"; fi
	if [ -z "$wrong" ]; then
		case_ok "$name"
	else
		sed 's/^/  | /' "$log"
		case_fail "$name" "$wrong"
		failed=1
	fi
}

failed=0
with_failing=(env "LD_PRELOAD=$apps/failing.so")
preloaded=(env "LD_PRELOAD=$plugin")

loads "without the plugin" "$stock" -- "$apps/loads" "${eal[@]}"
loads "by -d" "$in_use" "$stock" -- "$apps/loads" "${eal[@]}" "${given[@]}"
loads "preloaded" "$in_use" "$stock" -- "${preloaded[@]}" "$apps/loads" "${eal[@]}"
loads "preloaded, a program that is not of DPDK" "$apps" -- "${preloaded[@]}" echo "$apps"

# Cases that need a function that fails (apps/failing.c).
export FAIL=release
loads "unknown release, by -d" "$unknown" "$out" "$stock" -- "${with_failing[@]}" "$apps/loads" "${eal[@]}" "${given[@]}"
loads "unknown release, preloaded" "$unknown" "$out" "$stock" -- \
	"${with_failing[@]}" "LD_PRELOAD=$plugin:$apps/failing.so" "$apps/loads" "${eal[@]}"
FAIL=silent
loads "a DPDK that tells no release" "IOAS: .* runs with a DPDK of unknown release, and knows only" \
	"$out" "$stock" -- "${with_failing[@]}" "$apps/loads" "${eal[@]}" "${given[@]}"
FAIL=mprotect
unwritable="IOAS: cannot write the import slots: Cannot allocate memory"
loads "slots that cannot be written, by -d" "$unwritable" "$out" "$stock" -- \
	"${with_failing[@]}" "$apps/loads" "${eal[@]}" "${given[@]}"
loads "slots that cannot be written, preloaded" "$unwritable" "$out" "$stock" -- \
	"${with_failing[@]}" "LD_PRELOAD=$plugin:$apps/failing.so" "$apps/loads" "${eal[@]}"
unset FAIL

# Closing does not unload it.
loads "closed before EAL starts" "$in_use" "$stock" -- "$apps/loads" "${eal[@]}" -- close "$plugin"
alone='IOAS: librte_eal was loaded for the plugin alone: if this program has DPDK linked in, .* dpdk-ioas-static'
loads "closed by a program that is not of DPDK" "$alone" "^ended" -- "$apps/closes" "$plugin"
loads "loaded when EAL has started" "IOAS: the plugin was loaded after EAL had started: give it to EAL (-d)" \
	"$out" "$stock" -- "$apps/loads" "${eal[@]}" -- late "$plugin"

# Two copies: the first is in use.
twice="IOAS: the plugin is loaded twice, and $plugin is in use, $dir/copy/bus_ioas_copy.so is not: load it once"
loads "two by -d" "$twice" "$in_use" "$stock" -- "$apps/loads" "${eal[@]}" "${given[@]}" -d bus_ioas_copy.so
loads "preloaded and by -d" "$twice" "$in_use" "$stock" -- \
	"${preloaded[@]}" "$apps/loads" "${eal[@]}" -d bus_ioas_copy.so
loads "preloaded twice" "$twice" "$in_use" "$stock" -- \
	env "LD_PRELOAD=$plugin:$dir/copy/bus_ioas_copy.so" "$apps/loads" "${eal[@]}"

# Two EALs.
two='IOAS: two EALs are in this process, .*librte_eal.so.*librte_eal.so.*, and this plugin was built for librte_eal.so.*: use'
loads "another EAL beside" "$two" "$out" "$stock" -- "$apps/loads" "${eal[@]}" -d librte_eal.so.99 "${given[@]}"
loads "preloaded to an application of another EAL" "$two" "$out" "^other EAL: 99$" -- \
	"${preloaded[@]}" "$apps/other_eal/other_eal"

# A static DPDK.
loads "static, unknown release" "$unknown" "$out" "$stock" -- "$apps/loads-static" "${eal[@]}"
loads "static, by -d" "$alone" "$stock" -- "$apps/loads-hidden" "${eal[@]}" "${given[@]}"
loads "static, preloaded" "$stock" -- "${preloaded[@]}" "$apps/loads-hidden" "${eal[@]}"

# Its EAL gets the trace points of the second copy, and refuses to start.
wanted=1
loads "static, with its functions exported, by -d" \
	"IOAS: two EALs are in this process, the program and .*, and this plugin was built for librte_eal.so.*: use a" \
	"$out" "Cannot init trace" -- "$apps/loads-exported" "${eal[@]}" "${given[@]}"
wanted=0

loads "slots that were lost" "$in_use" "$stock" -- "$apps/loads" "${eal[@]}" "${given[@]}" -- lose
loads "EAL is used before the plugin's constructor" "^early: [01]$" "$in_use" "^ended$" -- \
	env "LD_PRELOAD=$plugin:$apps/early.so" "$apps/loads" "${eal[@]}"

# A primary process with another version of the plugin. usage: other_version NAME PATTERN ANSWER...
other_version() {
	local name=$1 pattern=$2
	shift 2
	mkfifo "$dir/input"
	"$apps/other_version" "${shared[@]}" -- "$@" <"$dir/input" >"$dir/primary" 2>&1 &
	exec 7>"$dir/input"
	rm "$dir/input"
	for _ in $(seq 600); do if grep -q ready "$dir/primary"; then break; else sleep 0.1; fi; done
	loads "$name" "$pattern" -- "$apps/loads" "${shared[@]}" --proc-type=secondary "${given[@]}"
	exec 7>&-
	wait
}
shared=(-l 0 -m 64 --no-huge --no-pci --no-telemetry --file-prefix "loading$$")
wanted=1
version="IOAS: the primary process has another version of the plugin"
other_version "a primary of a later version" "$version, 99.1 (its messages are 99), this is [0-9.]* ([0-9]*): use the same" \
	99 99.1
other_version "a primary that does not tell its version" "$version, an earlier one (its messages are 1), this is " 1
exit $failed
