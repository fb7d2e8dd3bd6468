# SPDX-License-Identifier: BSD-3-Clause
# The same calls of lib/ioas against the model of the kernel and against the kernel: every answer
# must be the same, or the unit tests prove nothing.
# guest: --machine intel-39
# guest: --machine intel-48
# add: test/unit/ioas-sequences
# add: app/dpdk-ioas-perf
# add: examples/map-memory
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
# The width of the address space, as the IOMMU reports it (MGAW, bits 21:16 of its capabilities).
bits=$(($(printf '%d' "0x$(cat /sys/class/iommu/dmar0/intel-iommu/cap)") >> 16 & 63))
bits=$((bits + 1))

/share/ioas-sequences --model --preset intel-$bits >/tmp/model 2>/tmp/model.log
model=$?
/share/ioas-sequences --device "$1" --preset intel-$bits >/tmp/kernel 2>/tmp/kernel.log
kernel=$?
lines=$(wc -l </tmp/kernel)
if [ $model -ne 0 ] || [ $kernel -ne 0 ] || [ "$lines" -lt 100 ]; then
	cat /tmp/kernel /tmp/kernel.log
	case_fail "sequences" "status $model on the model, $kernel on the kernel, $lines answers"
elif ! diff /tmp/model /tmp/kernel; then
	case_fail "sequences" "the model (-) and the kernel (+) differ"
else
	echo "$lines answers are the same"
	case_ok "sequences, intel-$bits"
fi

if /share/map-memory "$1" | grep "2097152 bytes at .* are at IOVA 0x"; then
	case_ok "example map-memory"
else
	case_fail "example map-memory" "no IOVA"
fi

# Shown, not judged: times of an emulated machine mean nothing but for their ratios.
if /share/dpdk-ioas-perf --device "$1" --maps 40000; then
	case_ok "dpdk-ioas-perf"
else
	case_fail "dpdk-ioas-perf" "status $?"
fi
finish
