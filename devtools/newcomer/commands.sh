# SPDX-License-Identifier: BSD-3-Clause
# Runs in the tree of devtools/newcomer.sh: what README and the guides tell a newcomer to type, each line as
# it stands there.
# shellcheck shell=sh
cd /root/dpdk-ioas || exit 1
export HOME=/root LANG=C.UTF-8
output=/root/output
failed=0

# Runs a command line that README or a guide has. usage: told NAME COMMAND
told() {
	rc=0
	if ! grep -rqF -e "$2" README.md doc/guides; then
		rc="neither README nor a guide says '$2'"
	else
		echo "---- $2" >&2
		sh -c "$2" >$output 2>&1 </dev/null || rc="status $?"
		tail -n 15 $output >&2
	fi
	if [ "$rc" = 0 ]; then echo "PASS $1"; return; fi
	echo "FAIL $1: $rc"
	failed=1
}

# The last command printed a line. usage: said NAME PATTERN
said() {
	if grep -qE -e "$2" $output; then echo "PASS $1"; return; fi
	echo "FAIL $1: it did not print '$2'"
	failed=1
}

told "README's first command" ./devtools/run.sh
said "the kernel chose the IOVAs" 'IOVAs chosen by the kernel'
said "packets were forwarded" 'port 0 received [1-9][0-9]* packets, port 1 [1-9][0-9]*, no errors'
if [ -n "${NEWCOMER_TESTS-}" ]; then
	told "README's second command" ./devtools/test.sh
	said "all tests passed" '^[1-9][0-9]* passed, 0 failed'
fi
exit $failed
