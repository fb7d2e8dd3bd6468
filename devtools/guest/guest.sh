# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the scripts that run in the guest (busybox sh). A case ends in one line that starts
# with PASS, FAIL or SKIP; `finish` ends the script.
# shellcheck shell=dash disable=SC2034

plugin=/share/librte_bus_ioas.so
export LD_LIBRARY_PATH=/share XDG_RUNTIME_DIR=/run/user
failures=0
prompt='testpmd> '

case_ok() { echo "PASS $1"; }
case_fail() { failures=$((failures + 1)); echo "FAIL $1: $2"; }
# Ends a case: it passed if nothing is wrong. usage: case_end NAME WHAT-IS-WRONG
case_end() {
	local wrong
	wrong=$(echo "$2" | tr -s '\n ' ' ')
	if [ -z "${wrong# }" ]; then
		case_ok "$1"
	else
		tail -n 60 "$log" | sed 's/^/  | /'
		case_fail "$1" "${wrong# }"
	fi
}
case_skip() { echo "SKIP $1: $2"; }
finish() { exit $((failures > 0)); }

# Waits until a command succeeds. usage: wait_for SECONDS COMMAND...
wait_for() {
	local tries=$(($1 * 5))
	shift
	# Who debugs takes time.
	if [ -n "$GUEST_GDB" ]; then tries=$((tries * 1000)); fi
	until "$@"; do
		tries=$((tries - 1))
		if [ $tries -le 0 ]; then return 1; fi
		usleep 200000
	done
}

# ---- devices ----

# The PCI addresses of the network devices, in the order of devtools/guest.sh --nics.
nics() { grep -l '^0x02' /sys/bus/pci/devices/*/class | cut -d/ -f6; }

# Those of the devices "edu".
edus() { grep -lx 0x11e8 /sys/bus/pci/devices/*/device | cut -d/ -f6; }

unbind() {
	local driver=/sys/bus/pci/devices/$1/driver
	if [ -e "$driver" ]; then echo "$1" >"$driver/unbind"; fi
}

bind_vfio() {
	local bdf
	for bdf; do
		unbind "$bdf"
		echo vfio-pci >"/sys/bus/pci/devices/$bdf/driver_override"
		echo "$bdf" >/sys/bus/pci/drivers/vfio-pci/bind
	done
}

# The character device of a PCI address.
cdev() { echo "/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$1/vfio-dev")"; }

# The width of the address space, as VT-d reports it (MGAW, bits 21:16 of its capabilities); 0 where
# the IOMMU is none of Intel's.
vtd_bits() {
	local cap=/sys/class/iommu/dmar0/intel-iommu/cap
	if [ -e $cap ]; then echo $(((0x$(cat $cap) >> 16 & 63) + 1)); else echo 0; fi
}

# What an administrator does so that user dpdk may use the devices; group nodes stay root's.
give_to_user() {
	local bdf
	for bdf; do chown dpdk "$(cdev "$bdf")"; done
	chown dpdk /dev/iommu
}

# The same for devices that are opened through their groups.
give_groups_to_user() {
	local bdf
	for bdf; do
		chown dpdk "/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$bdf/iommu_group")")"
	done
	chmod 666 /dev/vfio/vfio
}

# As with a kernel without CONFIG_VFIO_DEVICE_CDEV: sysfs shows no character device.
hide_cdevs() {
	local bdf
	for bdf; do mount -t tmpfs tmpfs "/sys/bus/pci/devices/$bdf/vfio-dev"; done
}
show_cdevs() {
	local bdf
	for bdf; do umount "/sys/bus/pci/devices/$bdf/vfio-dev"; done
}

# Binds anew what is bound already. A device that somebody still holds cannot be unbound: the write
# waits, and no signal ends it, until the device is released.
rebind() {
	bind_vfio "$@" &
	rebind_pid=$!
	wait_for 10 rebind_ended
}
rebind_ended() { ! kill -0 "$rebind_pid" 2>/dev/null; }

# ---- what must be as it was ----

free_pages() { cat /sys/kernel/mm/hugepages/*/free_hugepages | tr '\n' ' '; }

# Pages that are pinned for DMA, by the kernel's own count.
pinned() { awk '/^nr_foll_pin_acquired/ { n += $2 } /^nr_foll_pin_released/ { n -= $2 } END { print n }' /proc/vmstat; }

open_files() { cut -f1 /proc/sys/fs/file-nr; }

# Afterwards all_is_back says what is not as it is now.
remember() {
	free=$(free_pages) pins=$(pinned) files=$(open_files)
}
all_is_back() {
	rm -f /dev/hugepages/rtemap*
	if [ "$(free_pages)" != "$free" ]; then
		echo "huge pages free before $free, after $(free_pages);"
	fi
	# What a descriptor held is given back a moment after its process has ended.
	if ! wait_for 10 nothing_pinned; then echo "pages pinned before $pins, after $(pinned);"; fi
	if ! wait_for 10 files_closed; then echo "open files before $files, after $(open_files);"; fi
}
nothing_pinned() { [ "$(pinned)" -eq "$pins" ]; }
# Each CPU counts up to 32 of them for itself.
files_closed() { [ "$(open_files)" -lt $((files + 200)) ]; }

# ---- testpmd ----
# $as: run it as this user (default root). $log: what it printed.

log=/tmp/testpmd.log
as=''

testpmd_start() {
	# Its prompt is not buffered, so its other output must not be either: a prompt means that
	# the command before it has printed all.
	local buffering="LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}/usr/libexec/coreutils/libstdbuf.so"
	local debug=${GUEST_GDB:+debug}
	buffering="$buffering _STDBUF_O=L"
	rm -f /tmp/testpmd.in
	mkfifo /tmp/testpmd.in
	: >"$log"
	echo "+ dpdk-testpmd $*" >&2
	if [ -n "$as" ]; then
		mkdir -p "$XDG_RUNTIME_DIR"
		chown "$as" "$XDG_RUNTIME_DIR"
		su "$as" -s /bin/sh -c "${GCOV_PREFIX:+GCOV_PREFIX=/share/gcov/$as }$buffering exec $debug dpdk-testpmd $*" \
			</tmp/testpmd.in >>"$log" 2>&1 &
	else
		# shellcheck disable=SC2086
		env $buffering $debug dpdk-testpmd "$@" </tmp/testpmd.in >>"$log" 2>&1 &
	fi
	testpmd_pid=$!
	exec 9>/tmp/testpmd.in
	trap '' PIPE
	wait_for 60 testpmd_prompts_or_ended 0 && testpmd_runs
}

testpmd_runs() { kill -0 "$testpmd_pid" 2>/dev/null; }
# It prints the prompt letter by letter: news of a link can come in the midst.
testpmd_prompts() {
	tr -d '\n' <"$log" | sed 's/Port [0-9]*: link state change event//g' | grep -o "$prompt" | wc -l
}
testpmd_prompts_or_ended() { [ "$(testpmd_prompts)" -gt "$1" ] || ! testpmd_runs; }

unanswered=''
# Types a command and waits until testpmd asks for the next one: long, for an emulated machine whose
# host is busy may stand still for a minute, and only a failure takes the whole time.
testpmd_say() {
	local before
	before=$(testpmd_prompts)
	echo "$*" 1>&9
	if wait_for 180 testpmd_prompts_or_ended "$before" && testpmd_runs; then return; fi
	unanswered="no answer to '$*' after $(cut -d' ' -f1 /proc/uptime) s of uptime;"
	return 1
}

# Ends testpmd and returns its exit status.
testpmd_end() {
	local rc=0
	echo quit 1>&9
	exec 9>&-
	if ! wait_for 180 testpmd_ended; then
		kill -9 "$testpmd_pid"
		echo "killed: it did not end after quit" >>"$log"
	fi
	wait "$testpmd_pid" || rc=$?
	return $rc
}
testpmd_ended() { ! testpmd_runs; }

# Prints a counter's last value. usage: stat PORT NAME
stat() {
	awk -v port="$1" -v name="$2:" '
		/NIC statistics for port/ { current = $6 }
		current == port { for (i = 1; i < NF; i++) if ($i == name) value = $(i + 1) }
		END { print value + 0 }' "$log"
}

both_received() {
	testpmd_say show port stats all && [ "$(stat 0 RX-packets)" -gt 2000 ] &&
		[ "$(stat 1 RX-packets)" -gt 2000 ]
}

# Lets two bursts go round between the ports until enough has arrived, then collects what is under
# way. Bursts sent before both links are up are lost, so sends again if nothing comes back. (An
# engine that always sends overruns the receiver, and QEMU's hub drops packets that nobody counts.)
testpmd_traffic() {
	local try
	for try in 1 2 3 4 5; do
		testpmd_say set fwd io || return
		testpmd_say clear port stats all || return
		testpmd_say start tx_first || return
		wait_for 3 both_received && break
		testpmd_say stop || return
	done
	testpmd_say stop
	testpmd_say set fwd rxonly || return
	testpmd_say start || return
	sleep 1
	testpmd_say stop || return
	testpmd_say show port stats all
}

# Prints what is wrong with the counters of the two ports, nothing if all is well.
testpmd_count() {
	local from to name
	for from in 0 1; do
		to=$((1 - from))
		if [ "$(stat $from TX-packets)" -eq 0 ]; then echo "port $from sent nothing;"; fi
		if [ "$(stat $to RX-packets)" -eq 0 ]; then echo "port $to received nothing;"; fi
		if [ "$(stat $from TX-packets)" -ne \
			$(($(stat $to RX-packets) + $(stat $to RX-missed))) ]; then
			echo "port $from sent $(stat $from TX-packets), port $to received" \
				"$(stat $to RX-packets) and missed $(stat $to RX-missed);"
		fi
		for name in RX-errors RX-nombuf TX-errors; do
			if [ "$(stat $from $name)" -ne 0 ]; then
				echo "port $from: $name $(stat $from $name);"
			fi
		done
	done
}

# What the plugin must have said, once it owns devices.
start_line='IOAS:.*backend iommufd'

# The whole of a case: testpmd starts, both ports send and receive, all is given back.
# $expect (default: the plugin's start line) must be in what it prints, $refuse must not be.
# usage: forward NAME [EAL OPTION]... [-- [TESTPMD OPTION]...]
forward() {
	local name=$1 free wrong eal='' expect=${expect-$start_line}
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do eal="$eal $1"; shift; done
	if [ $# -gt 0 ]; then shift; fi
	free=$(free_pages)
	wrong=''
	# shellcheck disable=SC2086
	if testpmd_start -l 0-1 $eal -- -i --total-num-mbufs=4096 "$@"; then
		if testpmd_traffic; then wrong=$(testpmd_count); else wrong=$unanswered; fi
	else
		wrong="testpmd did not start;"
	fi
	testpmd_end || wrong="$wrong exit status $?;"
	if ! grep -q -e "$expect" "$log"; then
		wrong="$wrong printed no '$expect';"
	fi
	if [ -n "${refuse-}" ] && grep -q -e "$refuse" "$log"; then
		wrong="$wrong printed '$(grep -m1 -e "$refuse" "$log")';"
	fi
	# EAL leaves its files, and with them the pages, unless told otherwise.
	rm -rf /dev/hugepages/rtemap* /dev/hugepages1G/rtemap*
	if [ "$(free_pages)" != "$free" ]; then
		wrong="$wrong huge pages free before $free, after $(free_pages);"
	fi
	case_end "$name" "$wrong"
}

# ---- several programs beside each other ----
# $as: run as this user (default root). $wrong: what is wrong in this case.

programs=/tmp/programs
wrong=''

# What all cases are measured by.
programs_start() {
	mkdir -p $programs "$XDG_RUNTIME_DIR"
	chown dpdk "$XDG_RUNTIME_DIR"
	programs_free=$(free_pages) programs_pins=$(pinned)
}

# Runs a program; what it prints is in $programs/NAME, and what is typed goes to $programs/NAME.in.
# usage: launch NAME PROGRAM [OPTION]...
launch() {
	local name=$1
	# It must print a line when it is there, also into a file.
	local buffering="LD_PRELOAD=/usr/libexec/coreutils/libstdbuf.so _STDBUF_O=L"
	shift
	rm -f "$programs/$name" "$programs/$name.in"
	: >"$programs/$name"
	mkfifo "$programs/$name.in"
	chmod 666 "$programs/$name.in"
	echo "+ $*" >&2
	# Open for both directions nobody waits for the other side, and the input does not end.
	su "${as:-root}" -s /bin/sh -c "$buffering exec $*" 0<>"$programs/$name.in" \
		>>"$programs/$name" 2>&1 &
	echo $! >"$programs/$name.pid"
}
program_pid() { cat "$programs/$1.pid"; }
program_ended() { ! kill -0 "$(program_pid "$1")" 2>/dev/null; }
program_printed() { grep -q -e "$2" "$programs/$1"; }
program_printed_or_ended() { program_printed "$@" || program_ended "$1"; }

# Waits until it has printed a line. usage: await NAME LINE
await() {
	wait_for 120 program_printed_or_ended "$@"
	program_printed "$@" && return
	wrong="$wrong $1 did not print '$2';"
	return 1
}

# Waits until it has ended, after a signal if one is given. usage: end_program NAME STATUS [SIGNAL]
end_program() {
	local rc=0
	if [ -n "${3-}" ]; then kill "-$3" "$(program_pid "$1")" 2>/dev/null; fi
	if ! wait_for 120 program_ended "$1"; then
		wrong="$wrong $1 did not end;"
		kill -9 "$(program_pid "$1")"
	fi
	wait "$(program_pid "$1")" || rc=$?
	if [ $rc -ne "$2" ]; then wrong="$wrong $1 ended with status $rc;"; fi
}

pinned_is() { [ "$(pinned)" -eq "$1" ]; }
# Unpinning may end a moment after the call or the process. usage: same_pins PAGES WHEN
same_pins() { wait_for 20 pinned_is "$1" || wrong="$wrong pinned pages $2: $(pinned) and not $1;"; }

# Ends the case of these programs. usage: programs_case NAME PROGRAM...
programs_case() {
	local name=$1 program
	shift
	for program; do echo "--- $program"; cat "$programs/$program"; done >"$log"
	rm -rf /dev/hugepages/rtemap*
	same_pins "$programs_pins" "after all have ended"
	if [ "$(free_pages)" != "$programs_free" ]; then
		wrong="$wrong huge pages free: $programs_free, then $(free_pages);"
	fi
	case_end "$name" "$wrong"
	wrong=''
}
