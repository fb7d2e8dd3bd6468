# SPDX-License-Identifier: BSD-3-Clause
# Memory of all kinds is allocated and freed while packets are sent from it and checked: see
# test/guest/apps/churn. Nothing of it is left afterwards.
# guest: --machine intel-39 --pages-2m 1024 --timeout 2400
# guest: --machine amd --pages-2m 1024 --timeout 2400
# guest: --machine smmuv3 --pages-2m 1024 --timeout 2400
# add: test/guest/apps/churn
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
remember
rc=0 wrong=''
/share/churn -l 0-2 -d "$plugin" -- "$GUEST_CHURN" >"$log" 2>&1 || rc=$?
if [ $rc -ne 0 ]; then wrong="status $rc, $(grep -a -m 1 '^WRONG' "$log");"; fi
grep -q '^PASSED' "$log" || wrong="$wrong it did not pass;"
grep -a -e '^ch' -e '^areas' "$log"
case_end "churn" "$wrong $(all_is_back)"
finish
