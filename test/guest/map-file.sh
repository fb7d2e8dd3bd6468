# SPDX-License-Identifier: BSD-3-Clause
# The cost of IOMMU_IOAS_MAP_FILE compared with IOMMU_IOAS_MAP, if the kernel supports it. Printed, not
# judged.
# guest: --machine intel-48 --linux newest
# add: test/perf/map-file
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
remember
rc=0
/share/map-file "$1" >$log 2>&1 || rc=$?
cat $log
if [ $rc -eq 0 ] && [ "$(grep -c 'by descriptor [0-9]' $log)" -ne 2 ]; then rc=1; fi
case_end "maps by address and by descriptor" "$([ $rc -eq 0 ] || echo "status $rc;") $(all_is_back)"
finish
