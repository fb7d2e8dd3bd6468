# SPDX-License-Identifier: BSD-3-Clause
# dpdk-ioas-info reports a real kernel correctly, its remedies provide what is missing, and it shows the IOVA
# space of a running testpmd.
# guest: --machine intel-39 --nics e1000e,e1000e --nodes 2
# guest: --machine intel-48 --nics e1000e,e1000e --linux newest
# guest: --machine smmuv3 --nics e1000e,e1000e
# guest: --machine pseries --nics e1000e,e1000e
# guest: --machine intel-48 --nics e1000e,e1000e --dpdk 24.11
# guest: --machine intel-48 --nics e1000e,e1000e --dpdk 25.11
# add: app/dpdk-ioas-info
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

info=/share/dpdk-ioas-info
limit='ulimit -l unlimited'

# Runs it; its output is in $log. usage: asked STATUS [OPTION]...
asked() {
	local wanted=$1 rc=0
	shift
	if [ -n "$as" ]; then
		su "$as" -s /bin/sh -c "$limit; exec $info $*" >"$log" 2>&1 || rc=$?
	else
		$info "$@" >"$log" 2>&1 || rc=$?
	fi
	[ $rc -eq "$wanted" ] || wrong="$wrong status $rc with '$*';"
}
# usage: has PATTERN...
has() {
	local pattern
	for pattern; do grep -qE -e "$pattern" "$log" || wrong="$wrong no '$pattern';"; done
}

# The commands to type: the first one of each remedy.
# shellcheck disable=SC2016
remedies() { sed -nE '/^(missing|note): /{n;s/^ *-> `([^`]*)`.*/\1/p}' "$log"; }
# Types them, and runs it again. usage: mend STATUS [OPTION]...
mend() {
	remedies >/tmp/mend
	sed 's/^/+ /' /tmp/mend
	[ -s /tmp/mend ] || wrong="$wrong no remedy;"
	PATH=/tmp/bin:$PATH sh -e /tmp/mend >/tmp/mended 2>&1 || wrong="$wrong a remedy failed: $(cat /tmp/mended);"
	asked "$@"
}

# The guest has neither sudo nor Python: these replace the real commands.
mkdir -p /tmp/bin
cat >/tmp/bin/sudo <<-'END'
	#!/bin/sh
	exec "$@"
END
cat >/tmp/bin/dpdk-devbind.py <<-'END'
	#!/bin/sh
	. /lib/guest.sh
	[ "$1 $2" = '-b vfio-pci' ] || exit
	shift 2
	bind_vfio "$@"
END
cat >/tmp/bin/dpdk-hugepages.py <<-'END'
	#!/bin/sh -e
	kib() {
		case $1 in
		*G) echo $((${1%G} << 20)) ;;
		*M) echo $((${1%M} << 10)) ;;
		esac
	}
	node='*' page=$(awk '/^Hugepagesize/ { print $2 }' /proc/meminfo)
	while getopts p:n:r: option; do
		case $option in
		p) page=$(kib "$OPTARG") ;;
		n) node=$OPTARG ;;
		r) pages=$(($(kib "$OPTARG") / page)) ;;
		*) exit 1 ;;
		esac
	done
	for file in /sys/devices/system/node/node$node/hugepages/hugepages-${page}kB/nr_hugepages; do
		echo $pages >"$file"
		[ "$(cat "$file")" -eq $pages ]
	done
END
chmod +x /tmp/bin/*

# shellcheck disable=SC2046
set -- $(nics)
wrong=''
asked 1
has 'no device is bound to a VFIO driver' "-> .dpdk-devbind.py -b vfio-pci $1., for example"
mend 0
asked 1 -a "$2"
has "$2: bound to .*, not to a VFIO driver"
mend 0 -a "$2"
case_end "before devices are bound" "$wrong"

wrong=''
asked 0
pages=$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages)
has "^Machine +Linux $(uname -r), $(uname -m), user root" \
	"node 0: $pages free of $pages(, node 1: $pages free of $pages)?; mounted at /dev/hugepages" \
	'^all is there' "$1 8086:10d3 network, vfio-pci"
cat "$log"
# They came with Linux 6.13. QEMU's IOMMUs do not track dirty pages.
case $(uname -r) in 6.12.*) newer=no ;; *) newer=yes ;; esac
case $GUEST_MACHINE in
pseries)
	has 'IOMMU_IOAS_MAP_FILE: not known without iommufd' 'dirty tracking: not known without iommufd'
	has 'the plugin takes spapr' 'iommufd +no: ' "group $(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"), .*/dev/vfio/[0-9]+" ;;
*)
	has 'iommufd +works' 'type1 +works' 'the plugin takes iommufd' "$1 .*$(cdev "$1")" \
		'VFIO character devices: yes' "IOMMU_IOAS_MAP_FILE: $newer" "IOMMU_IOAS_CHANGE_PROCESS: $newer" \
		'dirty tracking: shows with a device attached'
	# The kernel's values after an attach.
	asked 0 --try -m 64
	has 'Tried +attached; IOVAs' '64 MiB mapped in 1 map, and unmapped' '^this configuration maps: tried' \
		'dirty tracking: no' ;;
esac
# The values before the attempt equal those of the kernel.
usable=$(sed -n 's/^ *usable //p' "$log" | head -n 1)
tried=$(sed -n 's/^Tried .*IOVAs //p' "$log")
case $GUEST_MACHINE in
intel-*) [ -n "$usable" ] && [ "$usable" = "$tried" ] || wrong="$wrong usable $usable, not $tried;" ;;
esac
case $GUEST_MACHINE in
intel-39)
	has "dmar0: Intel VT-d, $(vtd_bits) bits" 'reserved 0xfee00000-0xfeefffff \(msi\)' \
		'IOVAs 0x0-0xfedfffff, 0xfef00000-0x7fffffffff' ;;
smmuv3)
	has 'smmu3.*: Arm SMMUv3' 'IOVAs 0x0-0x7ffffff, 0x8100000-0xffffffffffff' \
		'reserved 0x8000000-0x80fffff \(msi\)' ;;
esac
case_end "all is well" "$wrong"

# For a user the remedies are commands to type.
wrong='' as=dpdk
chmod 700 /dev/hugepages
asked 1
has 'no hugetlbfs is mounted that dpdk may write to' 'sudo chown dpdk /dev/'
# The plugin could use type1, so it asked for the groups. Now it uses iommufd.
[ "$GUEST_MACHINE" = pseries ] || mend 1
mend 0
umount /dev/hugepages
asked 1
has 'no hugetlbfs is mounted that dpdk may write to'
mend 0
umount /dev/hugepages-2M
mount -t hugetlbfs -o pagesize=2M,mode=1777 hugetlbfs /dev/hugepages
# On POWER the tables of two devices' DMA windows count.
needed=64
[ "$GUEST_MACHINE" != pseries ] || needed=96
limit='ulimit -S -l 1024'
asked 1 -m 64
has "RLIMIT_MEMLOCK is 1 MiB, $needed MiB are needed" "ulimit -l $((needed * 1024))"
limit="$limit; $(remedies)"
asked 0 -m 64 --try
has '64 MiB mapped in 1 map, and unmapped'
case_end "remedies for a user" "$wrong"

wrong='' limit='ulimit -l unlimited'
more=$(($(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages) * 2 + 64))
asked 1 -m $more
has "hugepages: $more MiB are needed"
mend 0 -m $more
# Only one node has got more.
[ ! -e /sys/devices/system/node/node1 ] || has "node 1: [0-9]+ free of $pages;"
for file in /sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages; do echo 0 >"$file"; done
asked 1
has 'no hugepages are reserved'
mend 0
for file in /sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages; do echo "$pages" >"$file"; done
case_end "more hugepages" "$wrong"

wrong='' as=''
asked 1 -m 65536
has 'hugepages: 65536 MiB are needed'
asked 1 -a 0000:7f:1f.7
has '0000:7f:1f.7: there is no such device'
asked 2 --none
case_end "a configuration that cannot be" "$wrong"

# usage: number NAME; of the JSON in $log, the first
number() { sed -n "s/.*\"$1\": \"\\{0,1\\}\\([0-9a-fx]*\\).*/\\1/p" "$log" | head -n 1; }

wrong=''
if testpmd_start -l 0-1 -d $plugin -m 256 -- -i --total-num-mbufs=4096; then
	said=$log
	log=/tmp/info.log
	asked 0 --pid "$testpmd_pid"
	cat "$log"
	has "^backend .*; .*$1" "^backend .*; .*$2" 'mapped [0-9]+ MiB, [0-9]+ maps?, address 0x' 'free'
	asked 0 --file-prefix rte --json
	bytes=$(($(number bytes)))
	sum=0
	sed -n '/"maps": \[/,/\]/s/.*"length": "\(0x[0-9a-f]*\)".*/\1/p' "$log" >/tmp/lengths
	while read -r length; do sum=$((sum + length)); done </tmp/lengths
	[ $bytes -gt 0 ] && [ $sum -eq $bytes ] || wrong="$wrong $sum bytes drawn of $bytes;"
	asked 0 --svg /share/space.svg
	grep -q '</svg>' /share/space.svg || wrong="$wrong no picture;"
	log=$said
else
	wrong="testpmd did not start;"
fi
testpmd_end || wrong="$wrong testpmd: status $?;"
rm -f /dev/hugepages/rtemap*
case_end "a running application" "$wrong"
finish
