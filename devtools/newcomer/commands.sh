# SPDX-License-Identifier: BSD-3-Clause
# Runs in the tree of devtools/newcomer.sh: what README and the guides tell a newcomer to type, each line as
# it stands there.
# shellcheck shell=sh
checkout=/root/dpdk-ioas
cd $checkout || exit 1
export HOME=/root LANG=C.UTF-8
unset DPDK_IOAS_CACHE
output=/root/output
failed=0

pass() { echo "PASS $1"; }
fail() {
	echo "FAIL $1: $2"
	failed=1
}

# Whether README or a guide has a line.
is_told() { grep -rqF -e "$1" $checkout/README.md $checkout/doc/guides; }

# Runs a command, which must end with a status. usage: runs NAME STATUS COMMAND
runs() {
	rc=0
	echo "---- $3" >&2
	sh -c "$3" >$output 2>&1 </dev/null || rc=$?
	tail -n 15 $output >&2
	if [ $rc -eq "$2" ]; then pass "$1"; else fail "$1" "status $rc"; fi
}

# The same for what README or a guide tells. usage: told NAME STATUS COMMAND
told() {
	if is_told "$3"; then
		runs "$@"
	else
		fail "$1" "neither README nor a guide says '$3'"
	fi
}

# The last command printed a line. usage: said NAME PATTERN
said() {
	if grep -qaE -e "$2" $output; then pass "$1"; else fail "$1" "it did not print '$2'"; fi
}

# What the guides tell for a machine with devices, one line after the other, in the emulated one; lines that
# begin with + stand in no guide. usage: told_in_guest NAME GUEST-OPTIONS <<LINES
told_in_guest() {
	echo 'set -e' >/root/script
	while read -r line; do
		case $line in
		+*) line=${line#+} ;;
		*) is_told "$line" || fail "$1" "no guide says '$line'" ;;
		esac
		printf '%s\n' "$line" >>/root/script
	done
	runs "$1" 0 "./devtools/guest.sh $2 /root/script"
}

echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90yes
told "README's first command" 0 ./devtools/run.sh
said "the kernel chose the IOVAs" 'IOVAs chosen by the kernel'
said "packets were forwarded" 'port 0 received [1-9][0-9]* packets, port 1 [1-9][0-9]*, no errors'

told "installation" 0 "meson setup build -Dtests=false && ninja -C build && sudo ninja -C build install"
told "its libraries are found" 0 "sudo ldconfig"
for tool in dpdk-ioas-info dpdk-ioas-fault dpdk-ioas-perf; do
	runs "$tool --help" 0 "$tool --help"
	said "$tool --help says how it is used" "^Usage: $tool "
done
# There is no IOMMU here, and no huge page.
runs "dpdk-ioas-info finds what is missing" 1 dpdk-ioas-info
said "the remedy is named" dpdk-hugepages.py
runs "its JSON is well-formed" 0 "dpdk-ioas-info --json | python3 -m json.tool"
runs "dpdk-ioas-perf measures" 0 "dpdk-ioas-perf --quick --json old.json && cp old.json new.json"
told "dpdk-ioas-perf compares" 0 "dpdk-ioas-perf --compare old.json new.json"

told "DPDK's examples" 0 "sudo apt-get install dpdk-doc"
told "DPDK's l3fwd is built" 0 "cp -r /usr/share/dpdk/examples dpdk-examples && make -C dpdk-examples/l3fwd"

cd examples || exit 1
sed -n 's/^    \(gcc .*\)/\1/p' ../doc/guides/examples.rst >/root/examples
while read -r command; do told "example: ${command#* -o }" 0 "$command"; done </root/examples
cd $checkout || exit 1
told_in_guest "examples of the library run" "--nics e1000e,e1000e,edu --add /usr/local/lib/x86_64-linux-gnu/libioas.so.1 \
	--add examples/device-dma --add examples/dma-copies --add examples/own-memory" <<-'END'
	. /lib/guest.sh
	bind_vfio $(edus)
	/share/device-dma $(edus)
	+/share/dma-copies $(edus)
	+/share/own-memory --huge $(edus)
END
said "the device copied memory" '^2048 bytes copied by DMA'
said "all copies were right" 'all bytes are right'
said "memory of one's own was mapped" '^memfd of huge pages: .* are at IOVA'
told_in_guest "examples of DPDK run" "--nics e1000e,e1000e,edu --add /usr/local/lib/x86_64-linux-gnu/libioas.so.1 \
	--add $(pkg-config --variable=plugindir dpdk-ioas)/librte_bus_ioas.so \
	--add examples/external-buffers --add examples/skeleton-pmd" <<-'END'
	. /lib/guest.sh
	+printf '#!/bin/sh\necho /share\n' >/usr/bin/pkg-config
	+chmod 755 /usr/bin/pkg-config
	+bind_vfio $(nics) $(edus)
	+cd /share
	./external-buffers -d $(pkg-config --variable=plugindir dpdk-ioas)/librte_bus_ioas.so \
	-a 0000:00:04.0 -a 0000:00:08.0
	DPDK_IOAS=window=0x1000-0xfffffff ./skeleton-pmd -a 0000:00:12.0 -- 0000:00:12.0
END
said "the plugin had both ports" '^IOAS: backend iommufd, 2 devices'
said "packets came out of the application's memory" '^100 packets sent .*, contents right'
said "packets of several segments were sent" '^1155 bytes sent from 6 segments and received'
said "all packets were right" '^all packets are right'
told_in_guest "a running application is drawn" "--add /usr/local/bin/dpdk-ioas-info \
	--add /usr/local/lib/x86_64-linux-gnu/dpdk-ioas/librte_bus_ioas.so --add /usr/local/lib/x86_64-linux-gnu/libioas.so.1" <<-'END'
	. /lib/guest.sh
	+PATH=$PATH:/share
	+bind_vfio $(nics)
	+testpmd_start -d $plugin -- -i
	dpdk-ioas-info --file-prefix rte
	dpdk-ioas-info --pid $(pidof dpdk-testpmd) --svg iova.svg
	+testpmd_end
END
said "its maps are shown" 'mapped [0-9]+ MiB'
told_in_guest "a fault is explained" "--allow-faults --add /usr/local/bin/dpdk-ioas-fault \
	--add /usr/local/lib/x86_64-linux-gnu/dpdk-ioas/librte_bus_ioas.so --add /usr/local/lib/x86_64-linux-gnu/libioas.so.1" <<-'END'
	. /lib/guest.sh
	+PATH=$PATH:/share XDG_RUNTIME_DIR=/run/user/1000 as=dpdk
	+bind_vfio $(nics)
	+give_to_user $(nics)
	+testpmd_start -d $plugin -- -i
	+fault='DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr'
	+echo "$fault 0xfee00000 [fault reason 0x05] PTE Write access is not set" >/dev/kmsg
	dmesg | dpdk-ioas-fault -i - --socket /run/user/1000/dpdk/rte/dpdk_telemetry.v2
	+echo "$fault 0x5000000000 [fault reason 0x06] PTE Read access is not set" >/tmp/log
	+dpdk-ioas-fault --input /tmp/log --socket /run/user/1000/dpdk/rte/dpdk_telemetry.v2
	+testpmd_end
END
said "of the kernel's log" '^  no IOVA: 0xfee00000-0xfeefffff is reserved'
said "of a file" '^  nothing is mapped there'

# The packages in place of what was installed from source.
runs "what was installed is removed" 0 "ninja -C build uninstall && rm -rf build && ldconfig"
told "what Debian's packages are built with" 0 "sudo apt-get install dpkg-dev && sudo apt-get build-dep ./"
told "Debian's packages" 0 "dpkg-buildpackage -us -uc"
told "they can be installed" 0 "sudo apt install ../*.deb"
runs "group vfio is there" 0 "getent group vfio"
runs "the package's dpdk-ioas-info" 1 "cd / && dpdk-ioas-info"
said "it names the remedy" dpdk-hugepages.py
runs "the package's header and library" 0 "cd examples && gcc \$(pkg-config --cflags libioas) device_dma.c edu.c \
	\$(pkg-config --libs libioas) -o /root/device-dma"
told_in_guest "the package's plugin forwards" "--add /usr/lib/x86_64-linux-gnu/dpdk-ioas/librte_bus_ioas.so \
	--add /usr/lib/x86_64-linux-gnu/libioas.so.1" <<-'END'
	. /lib/guest.sh
	+bind_vfio $(nics)
	+forward package -d $plugin
	+finish
END
said "packets arrive" '^PASS package'
runs "the packages go without a trace" 0 "apt purge libioas1 libioas-dev dpdk-plugin-ioas dpdk-ioas-tools &&
	! find /usr /etc /lib -name '*ioas*' | grep ."

if [ -n "${NEWCOMER_TESTS-}" ]; then
	told "README's second command" 0 ./devtools/test.sh
	said "all tests passed" '^[1-9][0-9]* passed, 0 failed'
fi
exit $failed
