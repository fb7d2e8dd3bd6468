#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The table at the end of devtools/test.sh counts each result in the right place.
# usage: matrix.sh FOLDER
set -euo pipefail
. "$(dirname "$0")/_init.sh"
dir=$1
here=$(dpdk_version "$(installed_versions dpdk-dev)" | cut -d. -f1,2)

printf '%s\t%s\t%s\n' forward-1 forward.sh "--machine amd --nics e1000e" \
	forward-2 forward.sh "--nics virtio --dpdk 24.11" contents contents.sh '' >"$dir/runs"
cat >"$dir/results" <<-END
	PASS unit gcc: map-type1
	PASS stress gcc: stress-table
	FAIL unit valgrind: stress-table: FAIL
	PASS lint: shellcheck
	PASS forward-1: iommufd, root
	FAIL forward-1: iommufd, ordinary user: exit status 1; printed no 'backend type1';
	SKIP forward-1: groups
	PASS forward-2: iommufd is not there: it uses type1
	PASS forward-2: devices are free
	PASS contents: intel-48 virtio,virtio --dpdk 25.11 groups: forwarded by io
	PASS contents: all
END
cat >"$dir/expected" <<-END
	machine Linux backend DPDK passed failed skipped
	amd 6.12 groups $here 0 0 1
	amd 6.12 iommufd $here 1 1 0
	here - - - 2 0 0
	here - gcc - 2 0 0
	here - valgrind - 0 1 0
	intel-39 6.12 auto 24.11 1 0 0
	intel-39 6.12 iommufd 24.11 1 0 0
	intel-48 6.12 groups 25.11 1 0 0
END
"$top/devtools/matrix.sh" "$dir" | tr -s ' ' >"$dir/table"
if diff "$dir/expected" "$dir/table"; then
	case_ok "each result is counted once"
else
	case_fail "each result is counted once" "see above"
	exit 1
fi
