# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for telemetry.sh: DPDK's tools query the applications that /share/applications names.
# Leaves their output in a folder of /share for each.
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

export PYTHONHOME=/share/python
python=/share/python/bin/python3
rc=0

# The commands for dpdk-telemetry.py, and then the first IOVA of its answer.
questions() {
	cat <<-END
		/ioas/ranges,nobody
		/ioas/iova,here
		/ioas/info
		/ioas/devices
		/ioas/ranges
		/ioas/maps
		/ioas/quarantine
		/ioas/stats
	END
	wait_for 120 grep -q '"maps": {"0"' /tmp/answers
	echo "/ioas/iova,$(sed -n 's/.*"maps": {"0": {"iova": "\(0x[0-9a-f]*\)".*/\1/p' /tmp/answers)"
}

# Queries testpmd. usage: ask NAME [OPTION OF THE EXPORTER]...
ask() {
	told=/share/$1
	shift
	mkdir -p "$told"
	testpmd_start -l 0-1 -m 128 -d "$plugin" -- -i --total-num-mbufs=4096 || rc=1
	: >/tmp/answers
	# As the user who runs the application.
	questions | su "${as:-root}" -s /bin/sh -c "$python /share/dpdk-telemetry.py" >/tmp/answers || rc=1
	cp /tmp/answers "$told"
	$python /share/dpdk-telemetry-exporter.py -e ioas -o openmetrics://127.0.0.1:9876 "$@" >"$told/exporter" 2>&1 &
	exporter=$!
	wait_for 120 wget -q -O "$told/metrics" http://127.0.0.1:9876/ || rc=1
	kill $exporter
	wait $exporter
	testpmd_end || rc=1
	cat "$log"
	rm -f /dev/hugepages/rtemap*
}

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
ip link set lo up
while read -r application; do
	case $application in
	iommufd)
		mkdir -p /usr/local/share/dpdk/telemetry-endpoints
		cp /share/ioas.py /usr/local/share/dpdk/telemetry-endpoints
		ask iommufd
		rm -r /usr/local/share/dpdk ;;
	type1)
		# One device belongs to another user, and a limit is set.
		as=dpdk
		give_groups_to_user "$1"
		ulimit -l 400000
		export DPDK_IOAS=backend=type1
		ask type1 -p /share -s "$XDG_RUNTIME_DIR/dpdk/rte/dpdk_telemetry.v2" ;;
	esac
done </share/applications
exit $rc
