# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for processes.sh. /share/plan has a line for each time that packets go through, as
# "NAME WHAT USER OPTIONS", OPTIONS for DPDK_IOAS:
#   secondary  symmetric_mp twice; all packets arrive in the secondary's queue. It is killed and started
#              again until the host has seen enough
#   primary    the same, and they arrive in the primary's
#   copy       testpmd does nothing, and a secondary forwards out of memory that it has allocated
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

apps=/tmp/apps
mkdir -p $apps
# A program must print its lines when they are there, also into a file.
buffering="LD_PRELOAD=/usr/libexec/coreutils/libstdbuf.so _STDBUF_O=L"

# Runs a program as $as beside us; what it prints is in $apps/NAME, $apps/NAME.in is its input.
# usage: launch NAME PROGRAM [OPTION]...
launch() {
	local name=$1
	shift
	rm -f "$apps/$name" "$apps/$name.in"
	mkfifo "$apps/$name.in"
	echo "+ $*" >&2
	# The input stays open, but for reading and writing: nobody waits for the other side.
	su "${as:-root}" -s /bin/sh -c "$buffering exec $*" 0<>"$apps/$name.in" >"$apps/$name" 2>&1 &
	echo $! >"$apps/$name.pid"
}
pid_of() { cat "$apps/$1.pid"; }
# usage: await NAME LINE
await() {
	wait_for 120 line_or_ended "$1" "$2" && grep -q -e "$2" "$apps/$1" && return
	wrong="$wrong $1 did not print '$2';"
	return 1
}
line_or_ended() { grep -q -e "$2" "$apps/$1" || ended "$1"; }
ended() { ! kill -0 "$(pid_of "$1")" 2>/dev/null; }
# usage: finish_app NAME SIGNAL WANTED-STATUS
finish_app() {
	local rc=0
	kill "-$2" "$(pid_of "$1")" 2>/dev/null
	if ! wait_for 60 ended "$1"; then
		wrong="$wrong $1 did not end;"
		kill -9 "$(pid_of "$1")"
	fi
	wait "$(pid_of "$1")" || rc=$?
	if [ $rc -ne "$3" ]; then wrong="$wrong $1 ended with status $rc;"; fi
}

# Unpinning may end a moment after the call or the process.
# shellcheck disable=SC2317
pinned_is() { [ "$(pinned)" -eq "$1" ]; }
# usage: same_pins PAGES WHEN
same_pins() { wait_for 20 pinned_is "$1" || wrong="$wrong pinned pages $2: $(pinned) and not $1;"; }

# usage: end_case NAME LOG...
end_case() {
	local name=$1
	shift
	# What case_end shows of a failure.
	for app; do echo "--- $app"; cat "$apps/$app"; done >"$log"
	rm -rf /dev/hugepages/rtemap*
	same_pins "$pins" "after all has ended"
	if [ "$(free_pages)" != "$free" ]; then wrong="$wrong huge pages free: $free, then $(free_pages);"; fi
	case_end "$name" "$wrong"
	wrong=''
}

# Whether the host has seen enough, or has gone.
host_is_done() { [ -e "/share/done.$1" ] || [ -e /share/done ]; }

# usage: symmetric NAME TYPE LCORE QUEUE
symmetric() {
	launch "$1" /share/symmetric_mp -l "$3" -d "$plugin" --log-level=bus.ioas:debug "--proc-type=$2" -- -p 3 \
		--num-procs=2 "--proc-id=$4"
	await "$1" "using queue $4 of each port"
}

# The secondary is killed and started again until the host has seen enough, which is more than once.
kill_secondary() {
	local rounds=0
	until host_is_done "$1" || [ -n "$wrong" ]; do
		usleep 500000
		finish_app secondary KILL 137
		rounds=$((rounds + 1))
		echo $rounds >"/share/kills.$1"
		# The pages of the primary, and of nobody else.
		same_pins "$2" "after a secondary was killed"
		symmetric secondary secondary 2 "$3"
	done
}

# usage: two_symmetric NAME QUEUE-OF-PRIMARY QUEUE-OF-SECONDARY
two_symmetric() {
	local name=$1 of_primary
	if symmetric primary primary 1 "$2"; then
		of_primary=$(pinned)
		if symmetric secondary secondary 2 "$3"; then
			same_pins "$of_primary" "with a secondary"
			touch "/share/ready.$name"
			kill_secondary "$name" "$of_primary" "$3"
			finish_app secondary INT 0
			same_pins "$of_primary" "without secondaries"
		fi
		finish_app primary INT 0
	fi
	grep -q 'IOAS: secondary process: memory and devices are the primary' $apps/secondary ||
		wrong="$wrong no line of the secondary's;"
	end_case "$name: processes" primary secondary
}

copies() {
	local name=$1 of_primary
	as=$user
	if testpmd_start -l 0-1 -d "$plugin" -- -i --total-num-mbufs=4096; then
		of_primary=$(pinned)
		launch look /share/secondary -l 3 -d "$plugin" --proc-type=secondary -- look
		await look '^allocated' && [ "$(pinned)" -le "$of_primary" ] &&
			wrong="$wrong nothing more is pinned;"
		finish_app look INT 0
		await look '^freed'
		same_pins "$of_primary" "after a secondary has freed its memory"
		launch copy /share/secondary -l 3 -d "$plugin" --proc-type=secondary -- forward
		if await copy '^allocated'; then
			touch "/share/ready.$name"
			wait_for 300 host_is_done "$name" || wrong="$wrong the host has not ended;"
		fi
		finish_app copy INT 0
	else
		wrong="$wrong testpmd did not start;"
	fi
	testpmd_end || wrong="$wrong testpmd ended with status $?;"
	mv "$log" $apps/testpmd
	end_case "$name: processes" testpmd look copy
}

# shellcheck disable=SC2046
bind_vfio $(nics)
# shellcheck disable=SC2046
give_to_user $(nics)
# shellcheck disable=SC2046
give_groups_to_user $(nics)
mkdir -p "$XDG_RUNTIME_DIR"
chown dpdk "$XDG_RUNTIME_DIR"
free=$(free_pages) pins=$(pinned) wrong=''

while read -r name what user options <&8; do
	export DPDK_IOAS="$options"
	as=$user
	case $what in
	secondary) two_symmetric "$name" 1 0 ;;
	primary) two_symmetric "$name" 0 1 ;;
	copy) copies "$name" ;;
	esac
done 8</share/plan
finish
