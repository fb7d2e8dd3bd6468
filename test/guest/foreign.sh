# SPDX-License-Identifier: BSD-3-Clause
# Memory that EAL does not own goes, is replaced, stays, is queried and mapped, and is inherited: at the IOVA
# that a query returned, a device (edu) reads the same as the CPU. See test/guest/apps/foreign.
# long
# build: coverage
# guest: --machine intel-39 --nics e1000e,edu,edu,edu,edu --timeout 1500
# guest: --machine amd --nics e1000e,edu,edu,edu,edu --timeout 1500
# add: test/guest/apps/foreign
# add: test/guest/apps/foreign_library.so
# shellcheck shell=dash source=devtools/guest/guest.sh disable=SC2046,SC2086,SC2317
. /lib/guest.sh

bind_vfio $(nics) $(edus)

ended() { ! pidof foreign >/dev/null; }

# Prints a line for each case of a group. usage: run NAME WAY GROUP [EAL OPTION]...
run() {
	local name=$1 way=$2 group=$3 rc=0 line
	shift 3
	remember
	/share/foreign -l 0-1 "$@" -- "$way" "$group" $(edus) >"$log" 2>&1 || rc=$?
	# A daemon continues in the background.
	wait_for 300 grep -q '^end$' "$log"
	wait_for 20 ended
	while read -r line; do
		case $line in
		"ok "*) case_ok "$name: ${line#ok }" ;;
		"not ok "*) case_fail "$name: ${line#not ok }" "see there" ;;
		esac
	done <"$log"
	line=$(all_is_back)
	if [ $rc -ne 0 ] && ! grep -q '^not ok' "$log"; then line="status $rc; $line"; fi
	grep -q '^end$' "$log" || line="it did not end; $line"
	grep -q '^ok ' "$log" || line="no case passed; $line"
	case_end "$name: all is given back" "$line"
}
with="-d $plugin"

run "calls through slots" slots matrix $with
run "calls that only the kernel sees" kernel matrix $with
run "slots" slots gone $with
run "kernel" kernel gone $with
run "kernel alone" kernel kernel $with
run "slots" slots refused $with
run "kernel" kernel refused $with
run "slots" slots stays $with
grep '^returns' "$log" >/tmp/returns
run "kernel" kernel stays $with
run "slots" slots child $with
run "kernel" kernel child $with
run "slots" slots daemon $with
run "kernel" kernel daemon $with
run "stated" both stated $with
run "allocator" slots deadlock $with
export DPDK_IOAS=isolate=device
run "isolate=device" both gone $with
run "isolate=device" both stated $with
run "isolate=device" slots deadlock $with
run "isolate=device" both stays $with
export DPDK_IOAS=backend=type1
run "type1" both gone $with
run "type1" both stays $with
run "type1" both stated $with
run "type1" both daemon $with
unset DPDK_IOAS

# If addresses fit: with IOVA=VA, and with stock EAL, which maps at stated IOVAs and refuses to unmap a part.
if [ "$GUEST_MACHINE" = amd ]; then
	export DPDK_IOAS=iova=va
	run "iova=va" both gone $with
	run "iova=va" both stays $with
	run "iova=va" both stated $with
	unset DPDK_IOAS
	run "stock EAL" slots stated --iova-mode=va
	/share/foreign -l 0-1 --iova-mode=va -- slots stays $(edus) >"$log" 2>&1
	grep '^returns' "$log" >/tmp/stock
	rm -f /dev/hugepages/rtemap*
	wrong=''
	[ -s /tmp/stock ] && diff /tmp/stock /tmp/returns || wrong="stock EAL answers otherwise"
	case_end "an unmap of a part" "$wrong"
fi

# usage: missed NAME GROUP PATTERN: without slots and without the kernel's reports the checks fail.
missed() {
	local rc=0 wrong=''
	/share/foreign -l 0-1 -d "$plugin" -- none "$2" $(edus) >"$log" 2>&1 || rc=$?
	[ $rc -eq 1 ] || wrong="status $rc;"
	grep -q "$3" "$log" || wrong="$wrong no '$3';"
	case_end "$1" "$wrong"
}
missed "neither slots nor userfaultfd: calls of libc" kernel '^not ok .*WRONG BYTES'
missed "neither slots nor userfaultfd: munmap" gone '^not ok posix_spawn .*WRONG BYTES'
finish
