# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for startup.sh.
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
mb=$(cat /share/megabytes)
# EAL keeps a descriptor for each page.
ulimit -n 16384

# Starts once. usage: start NAME EAL-OPTION...
start() {
	local name=$1
	shift
	if /share/startup -l 0-1 --in-memory -m "$mb" "$@" >/tmp/out 2>&1; then
		tail -n 1 /tmp/out >>"/tmp/$name"
	else
		tail -n 20 /tmp/out
		echo "- - - -" >>"/tmp/$name"
	fi
}

# The variants take turns, so that other activity of the machine affects all of them. The first start uses its
# pages for the first time, which takes longer.
start first --iova-mode=pa
for round in 1 2; do
	start stock-va --iova-mode=va --base-virtaddr=0x100000000
	start stock-pa --iova-mode=pa
	for backend in iommufd type1; do
		DPDK_IOAS=backend=$backend start $backend -d "$plugin"
	done
done

echo "$mb MiB in pages of 2 MiB, the least of $round:"
printf '%-10s %8s %8s %14s %14s\n' '' calls maps 'ms in calls' 'ms in init'
for name in stock-va stock-pa iommufd type1; do
	awk 'NR == 1 { split($0, least) }
		{ for (i = 1; i <= 4; i++) if ($i + 0 < least[i] + 0 || $i == "-") least[i] = $i }
		END { print least[1], least[2], least[3], least[4] }' "/tmp/$name" >"/tmp/$name.best"
	# shellcheck disable=SC2046
	printf '%-10s %8s %8s %14s %14s\n' $name $(cat "/tmp/$name.best")
done
read -r _ stock _ </tmp/stock-va.best
for name in iommufd type1; do
	read -r _ maps _ <"/tmp/$name.best"
	if [ "$maps" = - ] || [ "$stock" = - ]; then
		case_fail "start through $name" "it does not start"
	elif [ "$maps" -lt 1 ] || [ "$maps" -gt "$stock" ]; then
		case_fail "start through $name" "$maps maps, stock EAL makes $stock"
	else
		case_ok "start through $name"
	fi
done
finish
