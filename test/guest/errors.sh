# SPDX-License-Identifier: BSD-3-Clause
# Each fault of a machine or a user leads to one clear line that names cause and remedy.
# build: coverage
# guest: --machine intel-39 --nics e1000e,e1000e
# guest: --machine intel-48 --nics e1000e,e1000e --dpdk 25.11
# add: test/guest/apps/failing.so
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# Runs testpmd without input. It must print each pattern, and end with the given status.
# usage: expect_error NAME fails|ends PATTERN... -- EAL-OPTION...
expect_error() {
	local name=$1 how=$2 rc=0 wrong='' pattern
	shift 2
	testpmd_run "$@" || rc=$?
	if [ "$how" = fails ] && [ $rc -eq 0 ]; then wrong="exit status 0;"; fi
	if [ $rc -ge 124 ]; then wrong="exit status $rc;"; fi
	while [ "$1" != -- ]; do
		pattern=$1
		grep -q -e "$pattern" "$log" || wrong="$wrong printed no '$pattern';"
		shift
	done
	if [ -z "$wrong" ]; then
		case_ok "$name"
	else
		sed 's/^/  | /' "$log"
		case_fail "$name" "$wrong"
	fi
}

limit=unlimited program=dpdk-testpmd
testpmd_run() {
	while [ "$1" != -- ]; do shift; done
	shift
	echo "+ dpdk-testpmd $*" >&2
	if [ -n "$as" ]; then
		mkdir -p "$XDG_RUNTIME_DIR"
		chown "$as" "$XDG_RUNTIME_DIR"
		timeout 60 su "$as" -s /bin/sh -c \
			"ulimit -l $limit; exec $program -l 0-1 $* -- --total-num-mbufs=4096" \
			</dev/null >"$log" 2>&1
	else
		timeout 60 dpdk-testpmd -l 0-1 "$@" -- --total-num-mbufs=4096 </dev/null >"$log" 2>&1
	fi
}

# EAL's messages when the plugin stops it. Debian's 25.11 continues without devices: role_refused.c.
no_scan="Cannot scan the buses" no_probe="Cannot probe devices" stops=fails
case $GUEST_DPDK in
25.11.*) no_scan="No probed ethernet devices" no_probe="No probed ethernet devices" stops=ends ;;
esac

# shellcheck disable=SC2046
set -- $(nics)

expect_error "no device bound to vfio-pci" ends "IOAS: backend iommufd, no device yet.*dpdk-devbind.py -b" \
	-- --in-memory -d $plugin

bind_vfio "$@"
give_to_user "$@"
as=dpdk

limit=65536
expect_error "memlock too small for -m" $stops \
	"IOAS: cannot map 128 MiB .*RLIMIT_MEMLOCK is 64 MiB, 128 MiB is needed: raise it" \
	"$no_probe" -- --in-memory -m 128 -d $plugin
limit=8192
free=$(free_pages)
expect_error "memlock too small for growth is an allocation that fails" fails \
	"IOAS: cannot map 2 MiB .*RLIMIT_MEMLOCK is 8 MiB, 10 MiB is needed: raise it" \
	"mbuf pool .*Cannot allocate memory" -- --in-memory -d $plugin
if [ "$(free_pages)" = "$free" ]; then
	case_ok "huge pages are free again after it"
else
	case_fail "huge pages are free again after it" "$free before, $(free_pages) after"
fi
limit=unlimited

# Without /dev/iommu the plugin tries the container, and then the user may not use the groups.
chown root /dev/iommu
expect_error "no permission on /dev/iommu" ends \
	"IOAS: backend iommufd cannot be used: no permission to open /dev/iommu: give this user read" \
	"IOAS: $1: no permission to open /dev/vfio/[0-9]*: give this user read and write access" \
	"no device could be attached; DPDK continues without the plugin" -- --in-memory -d $plugin
chmod 600 /dev/vfio/vfio
expect_error "no permission on any node" ends \
	"IOAS: backend iommufd cannot be used: no permission to open /dev/iommu" \
	"IOAS: backend type1 cannot be used: no permission to open /dev/vfio/vfio: give this user" \
	"IOAS: DPDK continues without the plugin" -- --in-memory -d $plugin
chmod 666 /dev/vfio/vfio
chown dpdk /dev/iommu

chown root "$(cdev "$1")" "$(cdev "$2")"
expect_error "no permission on a cdev" ends \
	"IOAS: $1: no permission to open $(cdev "$1"): give this user read and write access" \
	-- --in-memory -d $plugin

# A program with more privileges than its user ignores the environment, and EAL's VFIO is on in it.
program=/tmp/privileged
cp "$(command -v dpdk-testpmd)" $program
chmod 4755 $program
chmod 600 /dev/vfio/vfio
export DPDK_IOAS=backend=foo
expect_error "a program that is setuid" ends \
	"IOAS: DPDK_IOAS is ignored: this program has more rights than its user" \
	"IOAS: backend iommufd, 2 devices," "EAL: VFIO support initialized" -- --in-memory -d $plugin
unset DPDK_IOAS
chmod 666 /dev/vfio/vfio
program=dpdk-testpmd
as=''

mv /dev/iommu /tmp/iommu
mv /dev/vfio/vfio /tmp/vfio
expect_error "no iommufd in the kernel, no container" ends \
	"IOAS: .*/dev/iommu does not exist: run .modprobe iommufd., or use a kernel with" \
	"IOAS: .*/dev/vfio/vfio does not exist: run .modprobe vfio-pci., or use a kernel with" \
	"IOAS: DPDK continues without the plugin" -- --in-memory -d $plugin
mv /tmp/vfio /dev/vfio/vfio
for backend in iommufd type1; do
	export DPDK_IOAS=backend=$backend
	node=/dev/iommu
	if [ $backend = type1 ]; then
		mv /tmp/iommu /dev/iommu
		node=/dev/vfio/vfio
		mv $node /tmp/vfio
	fi
	expect_error "no $node, and $backend is demanded" $stops \
		"IOAS: $node does not exist" "$no_scan" -- --in-memory -d $plugin
done
unset DPDK_IOAS
mv /tmp/vfio /dev/vfio/vfio

# One entry for each page that is added: the table of maps is full.
echo 4 >/sys/module/vfio_iommu_type1/parameters/dma_entry_limit
export DPDK_IOAS=backend=type1
expect_error "type1's table of maps is full" fails \
	"IOAS: cannot map 2 MiB at .*: the kernel takes no more maps than the 4 that there are: raise" \
	"IOAS: the kernel takes [0-4] more maps, and [0-9]* huge pages are free: " \
	-- --in-memory -d $plugin
unset DPDK_IOAS
echo 65535 >/sys/module/vfio_iommu_type1/parameters/dma_entry_limit

# Failures that no machine causes by itself (failing.c).
export LD_PRELOAD=/share/failing.so FAIL=release
expect_error "a release of DPDK that is not known" ends \
	"IOAS: this plugin was built with DPDK [0-9.]*, runs with DPDK 99.11.0, and knows only DPDK 22.11, 24.11, 25.11: use a" \
	"IOAS: the plugin stays out: DPDK continues without it, DPDK [0-9.]*$" -- --in-memory -d $plugin
FAIL=mprotect
expect_error "import slots that cannot be written" ends \
	"IOAS: cannot write the import slots: Cannot allocate memory" \
	"IOAS: the plugin stays out: DPDK continues without it, DPDK [0-9.]*$" -- --in-memory -d $plugin
FAIL=events
expect_error "memory events that cannot be followed" $stops \
	"IOAS: cannot follow memory events: Cannot allocate memory" \
	"$no_probe" -- --in-memory -d $plugin
unset LD_PRELOAD FAIL

testpmd_start -l 0-1 --in-memory -a "$1" -d $plugin -- -i --total-num-mbufs=4096
mv "$log" /tmp/holder.log
expect_error "a device that somebody else holds" ends \
	"IOAS: $1: .*is in use, by another process .*stop that" \
	-- --in-memory -a "$1" --file-prefix other -d $plugin
expect_error "of two devices the free one is used" ends \
	"IOAS: backend iommufd, 1 device," "IOAS: $1: .*is in use, by another process" \
	-- --in-memory --file-prefix other -d $plugin
log=/tmp/holder.log
testpmd_end
log=/tmp/testpmd.log

for option in fd=7 fd=:7 fd=/dev/iommu:x backend=foo iova=pa iova= window=1-2 window=0x2000-0x1fff window=0x1000 quarantine= quarantine=0 \
	quarantine=-1 quarantine=64X quarantine=64MB quarantine=99999999T quarantine=64 backend foo=1; do
	export DPDK_IOAS=$option
	expect_error "option $option" $stops "IOAS: DPDK_IOAS: .*${option%%=*}.*[:,] \(use\|give\)" \
		"$no_scan" -- --in-memory -d $plugin
	# One such case suffices.
	[ $stops = fails ] || break
done
if [ $stops = ends ]; then
	testpmd_start -l 0-1 --in-memory -d $plugin -- -i --total-num-mbufs=4096
	testpmd_say port attach "$1"
	testpmd_end || true
	wrong=''
	grep -q "IOAS: $1: not attached: the plugin failed to start" "$log" || wrong="no line;"
	if grep -q "Port 0 is attached" "$log"; then wrong="$wrong it was attached;"; fi
	[ -z "$wrong" ] || sed 's/^/  | /' "$log"
	case_end "nor does a device come later" "$wrong"
fi
unset DPDK_IOAS
finish
