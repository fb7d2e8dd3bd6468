# SPDX-License-Identifier: BSD-3-Clause
# Packets flow with every way in which EAL allocates its memory, as root and as an ordinary user.
# guest: --machine intel-39 --nics e1000e,virtio --timeout 400
# guest: --machine intel-48 --nics virtio,e1000e --timeout 400
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
for as in "" dpdk; do
	# shellcheck disable=SC2046
	if [ -n "$as" ]; then give_to_user $(nics); fi
	who=${as:-root}
	forward "$who, -m 512" -d $plugin -m 512
	forward "$who, --in-memory" -d $plugin --in-memory
	forward "$who, --single-file-segments" -d $plugin --single-file-segments
	forward "$who, --match-allocations" -d $plugin --match-allocations
	forward "$who, --legacy-mem" -d $plugin --legacy-mem -m 256
done
finish
