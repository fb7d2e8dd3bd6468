# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the tests that run on the host side (those that start with #!).
# shellcheck disable=SC2034,SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../../devtools/common.sh"

# Says whether what happened is what must happen, with the end of the log and of $share/errors if not;
# then failed=1.
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
