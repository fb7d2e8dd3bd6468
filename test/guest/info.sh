# SPDX-License-Identifier: BSD-3-Clause
# dpdk-ioas-info tells the truth of a real kernel, its remedies mend what is missing, and it shows the
# IOVA space of a running testpmd.
# guest: --machine intel-39 --nics e1000e,e1000e
# guest: --machine smmuv3 --nics e1000e,e1000e
# guest: --machine pseries --nics e1000e,e1000e
# add: app/dpdk-ioas-info
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

info=/share/dpdk-ioas-info

# Runs it; what it prints is in $log. usage: asked STATUS [OPTION]...
asked() {
	local wanted=$1 rc=0
	shift
	if [ -n "$as" ]; then
		su "$as" -s /bin/sh -c "ulimit -l ${lock-unlimited}; exec $info $*" >"$log" 2>&1 || rc=$?
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

# shellcheck disable=SC2046
set -- $(nics)
wrong=''
asked 1
has 'no device is bound to a VFIO driver' "dpdk-devbind.py -b vfio-pci ADDRESS., ADDRESS being $1"
case_end "before devices are bound" "$wrong"

bind_vfio "$@"
wrong=''
asked 0
pages=$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages)
has "^Machine +Linux $(uname -r), $(uname -m), user root" "node 0: $pages free of $pages; mounted at /dev/hugepages" \
	'^all is there' "$1 8086:10d3 network, vfio-pci"
cat "$log"
case $GUEST_MACHINE in
pseries)
	has 'the plugin takes spapr' 'iommufd +no: ' "group $(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"), .*/dev/vfio/[0-9]+" ;;
*)
	has 'iommufd +works' 'type1 +works' 'the plugin takes iommufd' "$1 .*$(cdev "$1")"
	# As the kernel has it after an attach.
	asked 0 --try -m 64
	has 'Tried +attached; IOVAs' '64 MiB mapped in 1 map, and unmapped' '^this configuration maps: tried' ;;
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

# For a user the remedies are what is to be done.
wrong='' as=dpdk
asked 1
chmod 600 /dev/hugepages
grep -o 'sudo chown [a-z0-9/ ]*' "$log" | sed 's/^sudo //' >/tmp/mend
[ -s /tmp/mend ] || wrong="$wrong no chown;"
cat /tmp/mend
sh /tmp/mend
asked 1
has 'no hugetlbfs is mounted that dpdk may write to'
chmod 1777 /dev/hugepages
# The plugin could use type1, and so the groups were asked for; now it is iommufd.
[ "$GUEST_MACHINE" = pseries ] || asked 1
grep -o 'sudo chown [a-z0-9/ ]*' "$log" | sed 's/^sudo //' >/tmp/mend
sh /tmp/mend
asked 0
# The tables of two devices' DMA windows count on POWER.
needed=64
[ "$GUEST_MACHINE" != pseries ] || needed=96
lock=1024
asked 1 -m 64
has "RLIMIT_MEMLOCK is 1 MiB, $needed MiB are needed" "ulimit -l $((needed * 1024))"
# shellcheck disable=SC2016
lock=$(sed -n 's/.*`ulimit -l \([0-9]*\)`.*/\1/p' "$log")
asked 0 -m 64 --try
has '64 MiB mapped in 1 map, and unmapped'
case_end "remedies for a user" "$wrong"

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
