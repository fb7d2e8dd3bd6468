#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The guest's command "debug": runs a program that waits for gdb, see devtools/guest.sh --gdb.
# usage: debug PROGRAM [OPTION]...

if [ -z "$GUEST_GDB" ]; then
	echo "debug: this guest was booted without --gdb" >&2
	exit 1
fi

# The command to type. gdb runs outside the guest, where the share is another folder.
command=$(sed -n '1s/^# //p' /share/gdb.commands)
case $1 in
/share/*) command="$command ${command##* -x }" command="${command%/*}/${1#/share/}" ;;
esac
printf 'guest: %s waits: %s\r\n' "$1" "$command" >"/dev/$GUEST_TTY"

# With & alone its input would be /dev/null.
exec 4<&0
LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-/share} /share/gdbserver --once "/dev/$GUEST_GDB" "$@" <&4 4<&- &
server=$!
server_runs() { kill -0 $server 2>/dev/null; }

# The folder in /proc of the program. gdbserver has other children when it starts, copies of itself.
folder_of_program() {
	local status
	for status in /proc/[0-9]*/status; do
		if ! grep -qs "^PPid:.$server\$" "$status"; then continue; fi
		case $(readlink "${status%/status}/exe") in
		'' | */gdbserver) ;;
		*) echo "${status%/status}"; return ;;
		esac
	done
	return 1
}
until folder=$(folder_of_program) || ! server_runs; do usleep 100000; done

# On a serial line gdbserver does not notice that gdb has gone: it would stay when the program has ended.
while [ -n "$folder" ] && [ -d "$folder" ]; do usleep 100000; done
sleep 1
if server_runs; then kill $server; fi
exit 0
