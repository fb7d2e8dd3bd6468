# SPDX-License-Identifier: BSD-3-Clause
# Runs in the guest for contents.sh: one testpmd, one engine after the other, according to /share/plan:
#   txonly|flowgen LENGTH,...   sends until enough packets are sent
#   io|mac|csum                 forwards until the host reports that it has seen enough
# /share/eal has EAL's options, /share/backend the backend's name, or "groups": iommufd without character
# devices.
# shellcheck shell=dash disable=SC1091,SC2154
. /lib/guest.sh

# shellcheck disable=SC2046
bind_vfio $(nics)
backend=$(cat /share/backend)
if [ "$backend" = groups ]; then
	# shellcheck disable=SC2046
	hide_cdevs $(nics)
	backend=iommufd
fi
export DPDK_IOAS="backend=$backend"
if [ -e /share/break_kind ]; then
	BREAK_IOVA=$(cat /share/break_kind)
	export BREAK_IOVA
fi

# shellcheck disable=SC2317
sent_enough() {
	testpmd_say show port stats all && [ "$(stat 0 TX-packets)" -ge 2000 ] &&
		[ "$(stat 1 TX-packets)" -ge 2000 ]
}

run_plan() {
	local engine lengths
	while read -r engine lengths <&8; do
		testpmd_say set fwd "$engine" || return
		case $engine in
		txonly | flowgen)
			testpmd_say set txpkts "$lengths" || return
			testpmd_say clear port stats all || return
			testpmd_say start || return
			wait_for 60 sent_enough || echo "too few sent" >>"$log"
			;;
		*)
			testpmd_say start || return
			touch "/share/ready.$engine"
			wait_for 300 test -e "/share/done.$engine" || return
			;;
		esac
		testpmd_say stop || return
	done 8</share/plan
}

rc=0
# shellcheck disable=SC2046
testpmd_start -l 0-2 $(cat /share/eal) -- -i --nb-cores=2 --total-num-mbufs=4096 \
	--txonly-multi-flow && run_plan || rc=1
testpmd_end || rc=1
grep -q "IOAS: backend $backend," "$log" || rc=1
sed "s/$prompt//g" "$log"
exit $rc
