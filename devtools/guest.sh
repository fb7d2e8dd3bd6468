#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Boots an emulated machine that has an IOMMU and runs a script in it.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/guest.sh [OPTION]... [SCRIPT]

Boots QEMU (software emulation, so any machine will do) with an IOMMU, NICs, Debian's DPDK and a
kernel with iommufd, runs SCRIPT in it with busybox's sh as root, and exits with its status.
Fails too if the guest does not finish in time, or if its kernel reported an IOMMU fault, a
warning, a bug or a lockup. Scripts may use \`. /lib/guest.sh\` (devtools/guest/guest.sh).
Without SCRIPT: an interactive shell, with the plugin and the tools if they are built, and on x86
machines with dpdk-devbind.py and dpdk-hugepages.py.

  --machine NAME    intel-39 (default), intel-48: VT-d with so many address bits; amd: AMD-Vi;
                    virtio-iommu; none: no IOMMU; smmuv3: an Arm machine with an SMMUv3
                    (NICs on no NUMA node); pseries: a POWER logical partition, each NIC on a
                    host bridge of its own; powernv9: a POWER machine without hypervisor, the same,
                    at most four NICs, with a changed kernel (devtools/kernel/patch.ppc64-powernv)
  --nics LIST       e1000e and virtio, comma separated (default e1000e,e1000e); also vmxnet3, on x86:
                    several queues, and all that arrives is in the first; also edu, which is no NIC:
                    a device that does the DMA that it is told to
  --slots           NIC i, nici, is in a PCIe slot of its own, sloti, from which it can be taken; the guest's
                    /dev/ttyS2 is QEMU's monitor (device_del, device_add). For intel-39 and intel-48
  --bare I          no IOMMU translates for NIC i (the first is 0), which is behind a host bridge of its own;
                    VFIO gives it out with --cmdline vfio.enable_unsafe_noiommu_mode=1. For intel-39 and intel-48
  --net hub         all NICs on one hub (default)
  --net udp:PORT    NIC i sends each frame to 127.0.0.1:PORT+2i+1 and receives on PORT+2i
  --nodes N         NUMA nodes; NIC i is on node i modulo N (default 1)
  --dpdk RELEASE    the release of DPDK: the one that is installed here (default), or, with a userland
                    of its own on x86 machines, one of ${!dpdk_suites[*]}
  --kernel KERNEL   built: by devtools/kernel.sh; debian: Debian's own, which is there sooner, for x86
                    machines, see devtools/debian-kernel.sh --help. Default: built, or debian for an x86
                    machine where what a kernel is built from, linux-source-6.12, is not installed
  --linux LINUX     the kernel that is built: 6.12 (default) or newest, see devtools/kernel.sh --help
  --mem SIZE        memory (default 3G)
  --pages-2m N      huge pages of 2 MiB, spread over the nodes (default 512)
  --pages-1g N      huge pages of 1 GiB (default 0)
  --interactive     SCRIPT has this terminal, as the shell has
  --add FILE        copies FILE into the share, may be repeated
  --share DIR       exported as /share, read and write (default: a temporary folder);
                    the guest leaves dmesg and status there
  --dump DIR        writes what NIC i sends and receives to DIR/nici.pcap
  --cmdline TEXT    added to the kernel's command line, may be repeated; scripts find NAME=VALUE in
                    their environment
  --count           the guest's clock counts its instructions, 2 ns each, on one CPU after the other: what
                    else this machine does has no influence, what devices do takes no time
  --gdb             programs of the guest wait for a gdb of this machine, and the line to type here is printed:
                    dpdk-testpmd, where SCRIPT uses testpmd_start, and in the shell \`debug PROGRAM OPTION...\`;
                    nothing ends by a timeout. For x86 machines
  --allow-faults    what the guest's kernel reported is shown, but is no failure
  --timeout SECONDS (default 600)
  --log FILE        the guest's console (default: SHARE/console)
EOF
}

# Each option, with _ for -, is the variable that keeps its value.
machine=intel-39 nics=e1000e,e1000e slots='' bare='' net=hub nodes=1 mem=3G pages_2m=512 pages_1g=0
dpdk='' kernel='' linux=6.12 share='' dump='' cmdline='' allow_faults='' count='' gdb='' interactive='' timeout=600 log='' add=()
while [[ ${1-} == -* ]]; do
	variable=${1#--} variable=${variable//-/_}
	case $1 in
	-h | --help) usage; exit 0 ;;
	--allow-faults | --count | --gdb | --interactive | --slots) printf -v "$variable" yes; shift ;;
	--add) needs_value "$@"; add+=("$2"); shift 2 ;;
	--cmdline) needs_value "$@"; cmdline+=" $2"; shift 2 ;;
	--bare | --dpdk | --dump | --kernel | --linux | --log | --machine | --mem | --net | --nics | --nodes | --pages-1g | \
		--pages-2m | --share | --timeout) needs_value "$@"; printf -v "$variable" %s "$2"; shift 2 ;;
	*) usage >&2; die "unknown option $1" ;;
	esac
done
[ $# -le 1 ] || die "more than one script: $*"
script=${1-}

# The place of a device on the machine's first PCI bus; on powernv9, where a bus has one slot, on that
# bus. usage: bus ADDRESS
bus() {
	case $machine in
	pseries) echo "bus=pci.0,addr=$1" ;;
	powernv9) echo "bus=pcie.$1" ;;
	*) echo "bus=pcie.0,addr=$1" ;;
	esac
}

# $tty: where the script's output goes; the first serial line, $console, is the kernel's.
arch=$(arch_of_machine "$machine")
case $arch in
x86)
	qemu=(qemu-system-x86_64 -M q35 -cpu "max,-erms")
	console=ttyS0 tty=ttyS1 io=(-serial chardev:io) ;;
arm64)
	qemu=(qemu-system-aarch64 -M "virt,gic-version=3,its=on,iommu=smmuv3" -cpu cortex-a72)
	console=ttyAMA0 tty=hvc0
	io=(-device "virtio-serial-pci,bus=pcie.0,addr=3" -device "virtconsole,chardev=io") ;;
ppc64)
	console=hvc0 tty=hvc1
	if [ "$machine" = pseries ]; then
		# The hypervisor's consoles; transactional memory cannot be emulated.
		qemu=(qemu-system-ppc64 -M "pseries,cap-htm=off") io=(-device "spapr-vty,chardev=io")
	else
		qemu=(qemu-system-ppc64 -M powernv9)
		io=(-device "virtio-serial-pci,$(bus 3)" -device "virtconsole,chardev=io")
	fi ;;
esac

command -v "${qemu[0]}" >/dev/null || die "no ${qemu[0]}: run devtools/setup.sh"
release=$(other_release "$dpdk")
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
initramfs=$("$top/devtools/initramfs.sh" "$arch" "$release")
archives=("$initramfs")
if [ -z "$kernel" ]; then
	kernel=built
	if [ "$arch-$linux" = x86-6.12 ] && ! dpkg-query -W linux-source-6.12 >/dev/null 2>&1; then kernel=debian; fi
fi
case $kernel in
built) image=$("$top/devtools/kernel.sh" "$(kernel_of_machine "$machine")" "$linux") ;;
debian)
	[ "$arch-$linux" = x86-6.12 ] || die "--kernel debian is Linux 6.12 for x86 machines: leave it out"
	image=$("$top/devtools/debian-kernel.sh")
	archives+=("$(dirname "$image")/modules")
	# Its many lines would take seconds on the emulated serial line; dmesg has them. It has jump labels, so
	# its clock, once found unstable, changes code that all CPUs run: QEMU now and then executes what was
	# there before, and the kernel crashes.
	cmdline+=" rdinit=/modules/init quiet tsc=reliable" ;;
*) die "unknown kernel $kernel" ;;
esac
shell="echo \"guest: a shell; exit powers off\"; exec sh -i"
if [ -z "$script" ]; then
	interactive=yes
	from=$(build_for --machine "$machine" --dpdk "$dpdk")
	for file in drivers/bus/ioas/librte_bus_ioas.so lib/ioas/libioas.so.1 app/dpdk-ioas-{info,fault,perf}; do
		if [ -e "$from/$file" ]; then add+=("$from/$file"); fi
	done
	# They are programs of this machine. The guest can do without them.
	if [ "$arch" = x86 ] && [ -z "$release" ]; then
		if tools=$("$top/devtools/guest-tools.sh"); then archives+=("$tools") shell="exec guest-shell"; fi
	fi
fi
# The kernel unpacks one archive after the other.
initrd=$initramfs
if [ ${#archives[@]} -gt 1 ]; then
	initrd=$temporary/initrd
	cat "${archives[@]}" >"$initrd"
fi

# The folder below which plugins lie must not be writable by everyone, or EAL refuses them.
share=${share:-$temporary/share}
mkdir -p "$share"
chmod 755 "$share"
rm -f "$share/status" "$share/dmesg" "$share/started"
if [ -z "$script" ]; then
	echo "export LD_LIBRARY_PATH=/share" >"$share/script"
elif [ -n "$interactive" ]; then
	cp -- "$script" "$share/interactive"
	shell="exec sh /share/interactive"
	: >"$share/script"
else
	cp -- "$script" "$share/script"
fi
if [ -n "$interactive" ]; then
	size=$(stty size 2>/dev/null) || size=''
	case $size in '' | 0\ * | *\ 0) size="24 80" ;; esac
	# The first terminal that the leader of a session opens is its controlling one.
	cat >>"$share/script" <<-END
		stty sane rows ${size% *} cols ${size#* }
		exec setsid sh -c 'exec <"/dev/\$GUEST_TTY" >"/dev/\$GUEST_TTY" 2>&1; $shell'
	END
fi
if [ -n "$gdb" ]; then
	[ "$arch" = x86 ] || die "--gdb is for x86 machines"
	gdbserver=$(command -v gdbserver) || die "no gdbserver: apt-get install gdb gdbserver"
	add+=("$gdbserver" "$(ldd "$gdbserver" | awk '$1 == "libstdc++.so.6" { print $3 }')")
	share=$(cd "$share" && pwd)
	sysroot=/
	if [ -n "$release" ]; then sysroot=$("$top/devtools/sysroot.sh" "$arch" "$release"); fi
	# What is not of the userland is in the share.
	cat >"$share/gdb.commands" <<-END
		# gdb -x $share/gdb.commands
		set sysroot $sysroot
		set solib-search-path $share
		set breakpoint pending on
		handle SIG32 nostop noprint pass
		set remotetimeout 60
		target remote $share/gdb.socket
	END
	timeout=0 cmdline+=" GUEST_GDB=ttyS3"
fi
if [ ${#add[@]} -gt 0 ]; then cp -L -- "${add[@]}" "$share/"; fi
log=${log:-$share/console}

case $mem in *G) mem_mb=$((${mem%G} * 1024)) ;; *M) mem_mb=${mem%M} ;; *) mem_mb=$mem ;; esac
accel=(-accel "tcg,thread=multi")
if [ -n "$count" ]; then accel=(-accel "tcg,thread=single" -icount "shift=1,sleep=off"); fi
qemu+=("${accel[@]}" -smp 4 -m "${mem_mb}M"
	-display none -no-reboot -kernel "$image" -initrd "$initrd"
	-serial "file:$log"
	-fsdev "local,id=share,path=$share,security_model=none,multidevs=remap"
	-device "virtio-9p-pci,fsdev=share,mount_tag=share,$(bus 2)")
if [ "$machine" = powernv9 ]; then
	# Its buses are among what -nodefaults leaves out.
	qemu+=(-net none -vga none -monitor none)
else
	qemu+=(-nodefaults)
fi
signal=on
if [ -n "$interactive" ]; then signal=off; fi
qemu+=(-chardev "stdio,id=io,signal=$signal" "${io[@]}")

case $machine in
intel-*) qemu+=(-device "intel-iommu,intremap=on,caching-mode=on,aw-bits=${machine#intel-}") ;;
amd) qemu+=(-device "amd-iommu,intremap=on") ;;
virtio-iommu)
	# It does not remap interrupts.
	qemu+=(-device "virtio-iommu-pci,bus=pcie.0,addr=1")
	cmdline+=" vfio_iommu_type1.allow_unsafe_interrupts=1 iommufd.allow_unsafe_interrupts=1" ;;
esac

if [ -n "$slots" ]; then
	case $machine in intel-*) ;; *) die "--slots is for intel-39 and intel-48" ;; esac
	# The slots' own interrupts, in place of the firmware's methods. The monitor's socket has no file.
	socket=abstract=on,path=dpdk-ioas-monitor-$$
	qemu+=(-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off
		-chardev "socket,id=monitor,server=on,wait=off,$socket" -mon monitor
		-chardev "socket,id=line,$socket" -device "isa-serial,index=2,irq=5,chardev=line")
fi

if [ -n "$gdb" ]; then
	qemu+=(-chardev "socket,id=gdb,server=on,wait=off,path=$share/gdb.socket"
		-device "isa-serial,index=3,irq=7,chardev=gdb")
fi

if [ -n "$bare" ]; then
	case $machine in intel-*) ;; *) die "--bare is for intel-39 and intel-48" ;; esac
	qemu+=(-device "pxb-pcie,id=bare,bus=pcie.0,bus_nr=32,bypass_iommu=true"
		-device "pcie-root-port,id=bareport,bus=bare,chassis=99")
fi

if [ "$machine" = powernv9 ] && [ "$nodes" -gt 1 ]; then die "powernv9 has one node"; fi
for ((i = 0; i < nodes; i++)); do
	if [ "$machine" = powernv9 ]; then break; fi
	per_node=$((4 / nodes))
	qemu+=(-object "memory-backend-ram,id=m$i,size=$((mem_mb / nodes))M"
		-numa "node,memdev=m$i,cpus=$((i * per_node))-$(((i + 1) * per_node - 1))")
	if [ "$nodes" -gt 1 ] && [ "$arch" = x86 ]; then
		qemu+=(-device "pxb-pcie,id=pxb$i,bus=pcie.0,bus_nr=$((48 * (i + 1))),numa_node=$i")
	fi
done

IFS=, read -ra nic_list <<<"$nics"
for i in "${!nic_list[@]}"; do
	case ${nic_list[i]} in
	e1000e) device=e1000e,romfile= ;;
	virtio) device=virtio-net-pci,disable-legacy=on,iommu_platform=on,ats=off,romfile= ;;
	vmxnet3) device=vmxnet3,romfile= ;;
	edu) device=edu,dma_mask=0xffffffffffffffff ;;
	*) die "unknown NIC ${nic_list[i]}" ;;
	esac
	if [ "$i" = "$bare" ]; then
		place=bus=bareport
	elif [ "$nodes" -gt 1 ] && [ "$arch" = x86 ]; then
		qemu+=(-device "pcie-root-port,id=port$i,bus=pxb$((i % nodes)),chassis=$i")
		place=bus=port$i
	elif [ -n "$slots" ]; then
		qemu+=(-device "pcie-root-port,id=slot$i,chassis=$i,$(bus $((i * 4 + 4)))")
		place=bus=slot$i
	elif [ "$machine" = pseries ]; then
		# All devices of a host bridge are one group.
		qemu+=(-device "spapr-pci-host-bridge,index=$((i + 1)),id=bridge$i")
		place=bus=bridge$i.0
	elif [ "$machine" = powernv9 ]; then
		# Buses 2 and 3 have the share and the script's terminal.
		place=$(bus $((i < 2 ? i : i + 2)))
	else
		# QEMU reads hexadecimal digits: four of these places, then those beside them.
		place=$(bus $((i % 4 * 4 + 4 + i / 4)))
	fi
	if [ "${nic_list[i]}" = edu ]; then
		qemu+=(-device "$device,$place")
		continue
	fi
	case $net in
	hub) qemu+=(-netdev "hubport,id=net$i,hubid=0") ;;
	udp:*)
		port=$((${net#udp:} + 2 * i))
		local=local.type=inet,local.host=127.0.0.1,local.port=$port
		remote=remote.type=inet,remote.host=127.0.0.1,remote.port=$((port + 1))
		qemu+=(-netdev "dgram,id=net$i,$local,$remote") ;;
	*) die "unknown network $net" ;;
	esac
	qemu+=(-device "$device,id=nic$i,netdev=net$i,mac=52:54:00:00:00:0$((i + 1)),$place")
	if [ -n "$dump" ]; then
		mkdir -p "$dump"
		qemu+=(-object "filter-dump,id=dump$i,netdev=net$i,file=$dump/nic$i.pcap")
	fi
done

kernel_version=$(basename "$(dirname "$image")")
dpdk_version=$(basename "$(dirname "$initramfs")")
dpdk_version=${dpdk_version#dpdk-} dpdk_version=${dpdk_version%"-$arch-"*}
append="console=$console iommu.strict=1 panic=-1 GUEST_MACHINE=$machine GUEST_TTY=$tty"
# With lpj the kernel need not find out for each CPU how long a loop takes, a fifth of its start.
if [ "$arch" = x86 ]; then append+=" intel_iommu=on no_timer_check lpj=10000000"; fi
if [ "$pages_1g" -gt 0 ]; then append+=" hugepagesz=1G hugepages=$pages_1g hugepagesz=2M"; fi
append+=" $cmdline GUEST_PAGES_2M=$pages_2m GUEST_PAGES_1G=$pages_1g GUEST_DPDK=$dpdk_version GUEST_LINUX=$linux"
qemu+=(-append "$append")

say "guest: machine $machine, kernel $kernel_version, DPDK $dpdk_version, NICs $nics" \
	"on $nodes node(s), net $net"

: >"$log"
rc=0
if [ -z "$interactive" ]; then
	for try in 1 2; do
		rc=0
		timeout -k 5 "$timeout" "${qemu[@]}" </dev/null 2>"$share/qemu" || rc=$?
		# On a machine with much else to do QEMU now and then loses a virtual CPU's timer
		# for good, and the guest stands still, some not even up; and QEMU 7.2 can crash when
		# one virtual CPU resets a device while another writes to a register of one. That
		# says nothing about what runs in it.
		again=''
		if [ $rc -eq 124 ] && [ ! -e "$share/started" ]; then
			again="it did not come up in $timeout s"
		elif [ $rc -eq 124 ] && grep -q 'rcu_.* kthread starved for' "$log"; then
			again="its kernel gets no timer interrupts any more"
		elif [ $rc -eq 139 ] && [ ! -s "$share/status" ]; then
			again="QEMU crashed"
		elif [ "$kernel" = debian ] && [ ! -s "$share/status" ] && grep -q 'Oops: int3' "$log"; then
			again="QEMU ran code that the kernel had changed meanwhile"
		fi
		if [ -z "$again" ] || [ $try -eq 2 ]; then break; fi
		say "guest: $again: booted once again"
		echo "guest: booted once again"
		rm -f "$share/started"
	done
else
	saved=''
	if [ -t 0 ]; then
		saved=$(stty -g)
		stty raw -echo
	fi
	"${qemu[@]}" 2>"$share/qemu" || rc=$?
	if [ -n "$saved" ]; then stty "$saved"; fi
fi

fail() {
	say "guest: $1; the end of its console:"
	tail -n 20 "$log" "$share/qemu" >&2
	exit 99
}

if [ $rc -eq 124 ] || [ $rc -eq 137 ]; then fail "no end after $timeout s"; fi
if [ ! -s "$share/status" ]; then
	if [ $rc -ne 0 ]; then fail "QEMU ended with status $rc"; fi
	fail "ended without a status"
fi
# QEMU 7.2 now and then crashes while it powers off: by then the script has ended.
if [ $rc -ne 0 ]; then say "guest: QEMU ended with status $rc after the script had ended"; fi
status=$(cat "$share/status")

faults='DMAR:.*(fault|Request|PTE)|DMAR.*\[(fault|INTR)|AMD-Vi:.*(Event|fault)|IO_PAGE_FAULT'
# Linux gives an event's number, after 6.12 its name as well; unreported events count too.
faults+='|arm-smmu-v3 .*(event 0x|event: |error|timeout|overflow|aborted|unexpected|not be reported)'
faults+='|virtio_iommu .*fault from EP'
# POWER: all that names a host bridge or an endpoint in trouble. That one is frozen is said only with
# CONFIG_STACKTRACE.
faults+='|EEH: .*P(HB|E)#|EEH: .*failed [0-9]+ times|Failure .*PHB#|PHB#.* Diag-data'
faults+='|iommu_tce: .*failed|plpar_tce_[a-z]+ failed'
faults+='|WARNING:|BUG:|kernel BUG|Call Trace|Oops|lockup|rcu.*stall|blocked for more than'
faults+='|general protection|segfault|Internal error|SError'
# QEMU's vmxnet3 reads at 0 when it is switched on, with stock DPDK as well. VT-d announces every fault
# with a line of its own, so what else is reported is seen.
known='^$'
case ,$nics, in *,vmxnet3,*)
	known='DMA Read NO_PASID. Request device .* fault addr 0x0 |DRHD: handling fault status reg' ;;
esac
if found=$(grep -E "$faults" "$share/dmesg" | grep -vE "$known"); then
	say "guest: the kernel reported:"
	head -n 20 <<<"$found" >&2
	if [ -z "$allow_faults" ]; then exit 97; fi
fi
exit "$status"
