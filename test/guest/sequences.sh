# SPDX-License-Identifier: BSD-3-Clause
# The same calls of lib/ioas to the model of the kernel and to the kernel: every answer must be the same, or
# the unit tests prove nothing.
# build: coverage
# guest: --machine intel-39
# guest: --machine intel-39 --linux newest
# guest: --machine intel-48
# guest: --machine amd
# guest: --machine virtio-iommu
# guest: --machine smmuv3
# guest: --machine pseries
# guest: --machine powernv9
# add: test/unit/ioas-sequences
# add: app/dpdk-ioas-perf
# add: examples/own-memory
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
preset=$GUEST_MACHINE

# The rules of the kernel, and the library through iommufd; then the library through type1, which must give
# the same answers as through iommufd.
backend=iommufd
# By default the model is that of 6.12.
newer=''
if [ "$GUEST_LINUX" = newest ]; then newer=--map-file; fi
case $preset in pseries | powernv9) backend=spapr ;; esac
# shellcheck disable=SC2086
/share/ioas-sequences --model --preset "$preset" --backend $backend $newer >/tmp/model 2>/tmp/model.log
model=$?
sed '/^== space/,$!d' /tmp/model >/tmp/model.library

# usage: same NAME FILE LEAST-LINES OPTION...
same() {
	local name=$1 expected=$2 least=$3 rc lines
	shift 3
	/share/ioas-sequences "$@" --preset "$preset" >/tmp/kernel 2>/tmp/kernel.log
	rc=$?
	lines=$(wc -l </tmp/kernel)
	if [ $model -ne 0 ] || [ $rc -ne 0 ] || [ "$lines" -lt "$least" ]; then
		cat /tmp/model.log /tmp/kernel /tmp/kernel.log
		case_fail "$name" "status $model on the model, $rc on the kernel, $lines answers"
	elif ! diff "$expected" /tmp/kernel; then
		case_fail "$name" "the model (-) and the kernel (+) differ"
	else
		echo "$lines answers are the same"
		case_ok "$name, $preset"
	fi
}
if [ $backend = spapr ]; then
	same "sequences" /tmp/model 130 --device "$1" --backend spapr
	finish
fi
same "sequences" /tmp/model 300 --device "$1"
same "sequences through type1" /tmp/model.library 150 --device "$1" --backend type1
hide_cdevs "$1"
same "sequences through a group on iommufd" /tmp/model.library 150 --device "$1"
show_cdevs "$1"

# The example finds its memory (both IOVAs end alike), and logs exactly the lines of the pattern.
# usage: own_memory NAME PATTERN DEVICE
own_memory() {
	local complaint
	/share/own-memory "$3" >/tmp/said 2>/tmp/complaint
	complaint=$(cat /tmp/complaint)
	cat /tmp/said /tmp/complaint
	if ! grep -q "^anonymous: .* are at IOVA 0x\(.*\)00000; byte 4711 is at 0x\101267$" /tmp/said; then
		case_fail "$1" "no IOVA"
	elif [ -z "$2" ] && [ -n "$complaint" ]; then
		case_fail "$1" "it complains"
	elif ! echo "$complaint" | grep -q "$2"; then
		case_fail "$1" "no '$2'"
	else
		case_ok "$1"
	fi
}
own_memory "example own-memory" "" "$1"

# The address space is too small for the flat table, so the slower path serves.
(
	ulimit -v 262144
	own_memory "address space is limited" "no address space for the flat lookup table" "$1"
	finish
) || failures=1
# Strict overcommit, with less memory than a flat table would take if all of it counted.
memory=$(cat /proc/sys/vm/overcommit_memory)
echo $((262144 + $(awk '/^Committed_AS/ { print $2 }' /proc/meminfo))) \
	>/proc/sys/vm/overcommit_kbytes
echo 2 >/proc/sys/vm/overcommit_memory
free=$(awk '/^CommitLimit/ { limit = $2 } /^Committed_AS/ { print limit - $2 }' /proc/meminfo)
if [ "$free" -lt 524288 ]; then
	own_memory "strict overcommit, $((free >> 10)) MiB to be had" "" "$1"
else
	case_fail "strict overcommit" "$free KiB to be had"
fi
echo "$memory" >/proc/sys/vm/overcommit_memory

# Printed, not judged: of an emulated machine's times only the ratios are meaningful.
if /share/dpdk-ioas-perf --suite maps --allow "$1" --maps 40000 --rounds 1; then
	case_ok "dpdk-ioas-perf"
else
	case_fail "dpdk-ioas-perf" "status $?"
fi
finish
