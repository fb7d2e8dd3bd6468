# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the tests that run on the host (those that start with #!).
# shellcheck disable=SC2034,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../../devtools/common.sh"

# Prints whether the expected result occurred; if not, prints the end of the log and of $share/errors, and
# sets failed=1.
# usage: verdict NAME STATUS WANTED LOG
verdict() {
	if [ "$2" -eq "$3" ]; then
		case_ok "$1"
		return
	fi
	{ tail -n 20 "$4" "$share/errors" || true; } 2>&1 | sed 's/^/  | /'
	case_fail "$1" "status $2 instead of $3; all in $share"
	failed=1
}
