# SPDX-License-Identifier: BSD-3-Clause
# The unit tests on other machines than the build machine. They contain a model of the kernel, so they need
# neither NICs nor an IOMMU. Repetitions are short here, and long on the build machine.
# guest: --machine smmuv3
# guest: --machine pseries
# guest: --machine intel-39 --nodes 2
# guest: --machine intel-48 --nodes 4
# add: test/unit/test-*
# add: test/unit/ioas-sequences
# add: test/stress/stress-table
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# usage: passes NAME COMMAND...
passes() {
	local name=$1 wrong='' rc=0 start
	shift
	read -r start _ </proc/uptime
	"$@" >"$log" 2>&1 || rc=$?
	[ $rc -eq 0 ] || wrong="status $rc"
	echo "$start $(cut -d' ' -f1 /proc/uptime)" | awk -v name="$name" '{ print name ": " $2 - $1 " s" }'
	case_end "$name" "$wrong"
}

for program in /share/test-*; do
	UNIT_QUICK=1 passes "${program#/share/}" "$program"
done
for preset in intel-39 intel-48 amd smmuv3 virtio-iommu; do
	passes "sequences-$preset" /share/ioas-sequences --model --preset $preset
done
passes stress-table /share/stress-table -t 20
finish
