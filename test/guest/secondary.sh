# SPDX-License-Identifier: BSD-3-Clause
# Two processes that match, or do not: DPDK's unmodified examples simple_mp and hotplug_mp exchange messages
# and devices; memory of the application has the same IOVAs in both; if one process lacks what the other has,
# a line says so.
# build: coverage
# guest: --machine intel-39
# guest: --machine intel-48 --dpdk 24.11
# guest: --machine intel-48 --dpdk 25.11
# add: test/guest/apps/attached
# add: test/guest/apps/hotplug_mp
# add: test/guest/apps/secondary
# add: test/guest/apps/simple_mp
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# usage: say PROGRAM COMMAND...
say() {
	local name=$1
	shift
	echo "$*" >"$programs/$name.in"
}
# usage: simple NAME LCORES TYPE [EAL-OPTION]...
simple() {
	local name=$1 lcores=$2 type=$3
	shift 3
	launch "$name" /share/simple_mp -l "$lcores" "--proc-type=$type" "$@"
	await "$name" "Finished Process Init"
}
# usage: none NAME LINE: the program has not printed that
none() { if program_printed "$@"; then wrong="$wrong $1 printed '$2';"; fi; }

# Each sends lines to the other one, which receives them unchanged.
messages() {
	simple primary 0,1 primary "$@" && simple secondary 2,3 secondary "$@" || return
	for i in 1 2 3; do
		say primary "send p$i-of-the-primary"
		say secondary "send s$i-of-the-secondary"
		await secondary "core 3: Received 'p$i-of-the-primary'$" || return
		await primary "core 1: Received 's$i-of-the-secondary'$" || return
	done
}
simple_end() {
	say secondary quit
	end_program secondary 0
	say primary quit
	end_program primary 0
}

# shellcheck disable=SC2046
set -- $(nics)
bind_vfio "$@"
give_to_user "$@"
programs_start

# usage: attached NAME LINE OPTIONS-FOR-THE-PLUGIN
attached() {
	export DPDK_IOAS="$3"
	launch primary /share/attached -l 0 --proc-type=primary -d $plugin
	if await primary "^ready"; then
		launch secondary /share/attached -l 2 --proc-type=secondary -d $plugin
		await secondary "^ready"
		end_program secondary 0 INT
	fi
	end_program primary 0 INT
	await primary "$2"
	programs_case "$1" primary secondary
}
attached "external memory" 'IOAS: backend iommufd, 2 devices, ' ''
attached "external memory of one device" 'IOAS: .* devices in a space each' isolate=device
unset DPDK_IOAS

# DPDK's examples are built for one release.
case $GUEST_DPDK in
22.11.*) ;;
*) finish ;;
esac

messages -d $plugin
simple_end
await primary 'IOAS: backend iommufd, 2 devices'
await secondary 'IOAS: secondary process: .* IOVAs chosen, DPDK [0-9.]*$'
programs_case "messages" primary secondary

# The plugin refuses EAL's request for the group of an owned device.
messages -d $plugin
launch without /share/secondary -l 2 --proc-type=secondary -- look
end_program without 2
await without 'EAL: Requested device .* cannot be used'
await primary "IOAS: IOMMU group .* because of $1: .* needs the plugin as well: -d $plugin, or LD_PRELOAD=$plugin"
simple_end
programs_case "a secondary without the plugin" primary secondary without

# Without the plugin: the program's checks detect that.
messages
launch with /share/secondary -l 2 --proc-type=secondary -d $plugin -- look
await with 'IOAS: the primary process runs without the plugin.*, DPDK [0-9.]*$'
await with '^not ok the pool'
await with '^allocated'
none with 'IOAS: secondary process'
end_program with 1 INT
simple_end
programs_case "a primary without the plugin" primary secondary with

# The same for a user who may not open the container: EAL's VFIO is off in the primary then.
chmod 600 /dev/vfio/vfio
as=dpdk
messages -d $plugin
launch without /share/secondary -l 2 --proc-type=secondary -- look
end_program without 2
await primary "IOAS: a secondary process asks for VFIO devices: it needs the plugin as well"
launch with /share/secondary -l 2 --proc-type=secondary -d $plugin -- look
await with '^allocated'
end_program with 0 INT
simple_end
programs_case "no permission for the container" primary secondary without with
as=''

simple primary 0,1 primary -d $plugin
launch mode /share/secondary -l 2 --proc-type=secondary --iova-mode=va -d $plugin -- look
end_program mode 2
await mode 'IOAS: the primary process has IOVAs that were chosen: start this one without --iova-mode'
end_program primary 137 KILL
launch late /share/secondary -l 2 --proc-type=secondary -d $plugin -- look
end_program late 2
await late 'IOAS: the primary process does not answer: it has ended'
programs_case "what does not agree" primary mode late

simple primary 0,1 primary -d $plugin --iova-mode=va --base-virtaddr=0x1000000000
simple secondary 2,3 secondary -d $plugin
await secondary 'IOAS: secondary process: .* IOVAs equal to VA'
simple_end
programs_case "IOVAs equal to addresses" primary secondary

# Devices go from both processes and come back to both, whichever starts it.
exchange() {
	say "$1" "detach $3"
	await "$1" "detached device $3" || return
	say "$2" "list"
	say "$2" "attach $3"
	await "$2" "attached device $3" || return
	# Once more than at the start.
	if [ "$(grep -c "IOAS: $3: shared by the primary process" $programs/secondary)" -ne 2 ]; then
		wrong="$wrong $3 did not come back to the secondary;"
	fi
}
launch primary /share/hotplug_mp -l 0 --proc-type=primary -d $plugin
if await primary "example>"; then
	launch secondary /share/hotplug_mp -l 2 --proc-type=secondary -d $plugin
	await secondary "example>" && exchange primary secondary "$2" && exchange secondary primary "$1"
	say secondary quit
	end_program secondary 0
fi
say primary quit
end_program primary 0
none primary 'given back while a secondary process may still use it'
programs_case "devices go and come" primary secondary

finish
