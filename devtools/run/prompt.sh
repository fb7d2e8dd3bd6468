# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for devtools/run.sh --shell: testpmd with the plugin, and its prompt.
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
echo "run: testpmd with the plugin; to type:"
echo "  start tx_first"
echo "  show port stats all"
echo "  quit"
dpdk-testpmd -l 0-1 -d $plugin -- -i --total-num-mbufs=4096
