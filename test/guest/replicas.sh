# SPDX-License-Identifier: BSD-3-Clause
# Each NUMA node with readers has a replica of the lookup table in its own memory.
# build: coverage
# guest: --machine intel-39 --nodes 2
# guest: --machine intel-48 --nodes 4
# add: test/guest/apps/replicas
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

set -- /sys/devices/system/node/node*
nodes=$#

if /share/replicas $nodes; then
	case_ok "library, $nodes nodes"
else
	case_fail "library, $nodes nodes" "see above"
fi

# Of testpmd's memory only the plugin's replicas prefer a node. For each, prints the node, the number of
# pages, and the number of pages on other nodes.
preferred() {
	awk '{
		node = ""
		for (i = 2; i <= NF; i++) {
			if ($i ~ /^prefer[^:]*:/) { split($i, part, ":"); node = part[2] }
			else if (node != "" && $i ~ /^N[0-9]+=/) {
				split(substr($i, 2), part, "=")
				pages[node] += part[2]
				if (part[1] != node) elsewhere[node] += part[2]
			}
		}
	}
	END { for (node in pages) print node, pages[node] + 0, elsewhere[node] + 0 }' \
		"/proc/$testpmd_pid/numa_maps" | sort
}

# usage: plugin NAME LCORES NODE...
plugin_on() {
	local name=$1 lcores=$2 shown wrong='' found node pages elsewhere
	shift 2
	if testpmd_start -l "$lcores" -d $plugin -- -i --total-num-mbufs=4096 --numa; then
		shown=$(preferred)
		echo "$shown"
		found=$(echo "$shown" | cut -d' ' -f1 | tr '\n' ' ')
		[ "$found" = "$* " ] || wrong="replicas on nodes '$found', not '$* ';"
		while read -r node pages elsewhere; do
			[ "$pages" -gt 0 ] || wrong="$wrong no page on node $node;"
			# testpmd locks its memory, and with it all writable parts of a table.
			[ "$pages" -le 256 ] || wrong="$wrong $pages pages on node $node;"
			[ "$elsewhere" -eq 0 ] || wrong="$wrong $elsewhere pages of node $node elsewhere;"
		done <<-END
			$shown
		END
	else
		wrong="testpmd did not start;"
	fi
	testpmd_end || wrong="$wrong exit status $?;"
	rm -rf /dev/hugepages/rtemap*
	case_end "plugin, $name" "$wrong"
}

# shellcheck disable=SC2046
bind_vfio $(nics)
if [ $nodes -eq 2 ]; then
	plugin_on "lcores on both nodes" 0-3 0 1
	plugin_on "lcores on node 0" 0-1 0
	plugin_on "lcores on node 1" 2-3 1
else
	plugin_on "lcores on all nodes" 0-3 0 1 2 3
	plugin_on "lcores on nodes 1 and 3" 1,3 1 3
fi
finish
