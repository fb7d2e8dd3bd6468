#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# DPDK's unmodified dpdk-telemetry.py and dpdk-telemetry-exporter.py query testpmd in a guest, and their
# output about the plugin is right. Each release's tools run with the Python of its own Debian. 22.11 has no
# exporter, and uses that of the next release. usage: telemetry.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"

dir=$1 failed=0
endpoint=$top/usertools/telemetry-endpoints/ioas.py

# The root folder of the packages of a release.
root_of() {
	if [ -n "$(other_release "$1")" ]; then "$top/devtools/sysroot.sh" x86 "$1"; fi
}

# Whether a line was printed. usage: printed NAME FILE PATTERN
printed() {
	local status=0
	grep -qE -e "$3" "$2" || status=$?
	verdict "$1" $status 0 "$2"
}

# usage: asked --dpdk RELEASE APPLICATION...
asked() {
	local release=$2 status=0 root exporter version lib add=()
	share=$dir/$release name="intel-48 ${*:1:2}"
	rm -rf "$share"
	mkdir -p "$share/python/bin" "$share/python/lib"
	printf '%s\n' "${@:3}" >"$share/applications"
	root=$(root_of "$release")
	exporter=$root/usr/bin/dpdk-telemetry-exporter.py
	[ -e "$exporter" ] || exporter=$(root_of 24.11)/usr/bin/dpdk-telemetry-exporter.py
	version=$(readlink "$root/usr/bin/python3")
	cp "$root/usr/bin/$version" "$share/python/bin/python3"
	# Byte code depends on the time of its source.
	cp -a "$root/usr/lib/$version" "$share/python/lib"
	for lib in z expat readline tinfo; do add+=(--add "$(ls "$root"/usr/lib/x86_64-linux-gnu/lib$lib.so.[0-9])"); done
	guest --machine intel-48 "${@:1:2}" --share "$share" "${add[@]}" --add "$root/usr/bin/dpdk-telemetry.py" \
		--add "$exporter" --add "$endpoint" "$top/test/guest/_telemetry.sh" \
		>"$share/output" 2>"$share/errors" || status=$?
	rm -r "$share/python"
	verdict "$name: tools and applications end well" $status 0 "$share/output"
	printed "$name: release" "$share/$3/answers" "^\{\"/ioas/info\": \{\"release\": \"DPDK ${release//./\\.}\."
}

# The output about an application of the last guest. usage: right APPLICATION DEVICES
right() {
	local answers=$share/$1/answers metrics=$share/$1/metrics status=0
	python3 "$top/test/usertools/endpoint.py" "$endpoint" "$answers" "$metrics" >"$share/$1/checked" 2>&1 ||
		status=$?
	verdict "$name $1: answers and metrics agree" $status 0 "$share/$1/checked"
	printed "$name $1: /ioas/info" "$answers" "^\{\"/ioas/info\": .*\"backend\": \"$1\", .*\"devices\": $2,"
	printed "$name $1: /ioas/devices" "$answers" \
		'^\{"/ioas/devices": .*"device": "0000:00:04.0", "driver": "net_e1000_em", .*"in_use": 1'
	printed "$name $1: a device that is not there" "$answers" '^\{"/ioas/ranges": null\}$'
	printed "$name $1: no number" "$answers" '^\{"/ioas/iova": null\}$'
	printed "$name $1: devices are exported" "$metrics" "^dpdk_ioas_devices $2\$"
}

asked --dpdk 22.11 iommufd type1
right iommufd 2
right type1 1
while read -r metric; do printed "$name type1: $metric" "$share/type1/metrics" "^dpdk_ioas_$metric\$"; done <<-"END"
	room [0-9]+
	memlock_free [0-9]+
	failures\{call="attach", error="EACCES"\} 1
END
asked --dpdk 24.11 iommufd
right iommufd 2
asked --dpdk 25.11 iommufd
right iommufd 2
exit $failed
