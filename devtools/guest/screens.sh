# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for devtools/screens.sh: what is to be seen on a terminal. Each screen begins with
# a line "screen NAME", and "screen end" ends the last.
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

export TERM=xterm PATH="$PATH:/share"

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
chown dpdk /dev/iommu "$(cdev "$1")"

echo "screen info"
echo "\$ dpdk-ioas-info -m 256"
su dpdk -s /bin/sh -c "ulimit -l 8192; exec dpdk-ioas-info -m 256"
echo "screen end"

DPDK_IOAS=quarantine=64M testpmd_start -l 0-1 -d $plugin -m 64 -- -i --total-num-mbufs=65536
for command in "port stop 1" "port close 1" "port detach 1"; do testpmd_say "$command"; done
echo "screen info-space-terminal"
echo "\$ dpdk-ioas-info --pid \$(pidof dpdk-testpmd)"
dpdk-ioas-info --pid "$testpmd_pid"
echo "screen end"
dpdk-ioas-info --pid "$testpmd_pid" --svg /share/info-space.svg
testpmd_end
