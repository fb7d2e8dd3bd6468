# SPDX-License-Identifier: BSD-3-Clause
# Packets flow in pages of 1 GiB, alone and together with pages of 2 MiB.
# guest: --machine intel-39 --nics e1000e,virtio --pages-1g 2 --pages-2m 0 --mem 4G
# guest: --machine intel-48 --nics e1000e,virtio --pages-1g 1 --pages-2m 256 --mem 4G
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
for as in "" dpdk; do
	# shellcheck disable=SC2046
	if [ -n "$as" ]; then give_to_user $(nics); fi
	who=${as:-root}
	forward "$who, grown" -d $plugin
	forward "$who, -m 1024" -d $plugin -m 1024
	forward "$who, --in-memory --single-file-segments" -d $plugin --in-memory \
		--single-file-segments
	forward "$who, --huge-dir of 1 GiB" -d $plugin --huge-dir /dev/hugepages1G
done
finish
