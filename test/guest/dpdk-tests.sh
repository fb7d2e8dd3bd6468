# SPDX-License-Identifier: BSD-3-Clause
# DPDK's own unit tests (dpdk-test of Debian) with a NIC that they do not use: each fast test that passes with
# stock EAL also passes with the plugin. All of them with one release; with the others only those of memory,
# unless the guest is booted with GUEST_TESTS=all.
# long
# guest: --machine intel-39 --pages-2m 1024 --timeout 3000 --cmdline GUEST_TESTS=all
# guest: --machine intel-48 --dpdk 24.11 --pages-2m 1024
# guest: --machine intel-48 --dpdk 25.11 --pages-2m 1024
# shellcheck shell=dash source=devtools/guest/guest.sh
. /lib/guest.sh

# They must pass with stock EAL too. The last one is in no suite of DPDK.
memory_tests="memory_autotest memzone_autotest mempool_autotest mbuf_autotest malloc_autotest external_mem_autotest"

# The other fast tests of these releases, by their names in DPDK's app/test.
fast_tests="
acl_autotest atomic_autotest bitmap_autotest bitops_autotest bitratestats_autotest bpf_autotest
bpf_convert_autotest byteorder_autotest cksum_autotest cmdline_autotest common_autotest compressdev_autotest
cpuflags_autotest crc_autotest debug_autotest devargs_autotest distributor_autotest eal_flags_a_opt_autotest
eal_flags_b_opt_autotest eal_flags_c_opt_autotest eal_flags_file_prefix_autotest eal_flags_hpet_autotest
eal_flags_main_opt_autotest eal_flags_mem_autotest eal_flags_misc_autotest eal_flags_n_opt_autotest
eal_flags_no_huge_autotest eal_flags_r_opt_autotest eal_flags_vdev_opt_autotest eal_fs_autotest errno_autotest
ethdev_link_status event_eth_tx_adapter_autotest event_ring_autotest eventdev_common_autotest fbarray_autotest
fib6_autotest fib_autotest func_reentrancy_autotest graph_autotest hash_autotest hash_readwrite_func_autotest
interrupt_autotest ipfrag_autotest ipsec_autotest kvargs_autotest latencystats_autotest lcores_autotest
logs_autotest lpm6_autotest lpm_autotest mcslock_autotest member_autotest memcpy_autotest meter_autotest
metrics_autotest multiprocess_autotest node_list_dump pdump_autotest per_lcore_autotest pflock_autotest
pie_autotest power_autotest power_cpufreq_autotest power_intel_uncore_autotest power_kvm_vm_autotest
prefetch_autotest rcu_qsbr_autotest reorder_autotest rib6_autotest rib_autotest ring_autotest ring_pmd_autotest
rwlock_rda_autotest rwlock_rde_wro_autotest rwlock_rds_wrm_autotest rwlock_test1_autotest sched_autotest
security_autotest seqlock_autotest service_autotest spinlock_autotest stack_autotest stack_lf_autotest
string_autotest table_autotest tailq_autotest telemetry_data_autotest telemetry_json_autotest thash_autotest
threads_autotest ticketlock_autotest timer_autotest trace_autotest user_delay_us vdev_autotest version_autotest"
case $GUEST_DPDK in
22.11.*) fast_tests="$fast_tests flow_classify_autotest kni_autotest" ;;
*)
	fast_tests="$fast_tests alarm_autotest argparse_autotest bitcount_autotest bitset_autotest cfgfile_autotest
		dispatcher_autotest eventdev_selftest_sw lcore_var_autotest net_ether_autotest net_ipv6_autotest
		pcapng_autotest pdcp_autotest ptr_compress_autotest rawdev_autotest" ;;
esac
case $GUEST_DPDK in
25.11.*)
	fast_tests="$fast_tests bpf_add_one_autotest bpf_elf_autotest bpf_exit_only_autotest
		bpf_jump_over_invalid_first_autotest bpf_jump_over_invalid_non_first_autotest
		bpf_minimal_working_autotest bpf_no_exit_autotest bpf_no_instructions_autotest
		bpf_stack_alignment_autotest bpf_stack_copy_uint128_autotest bpf_stack_memcpy_autotest
		bpf_stack_sse2_autotest bpf_subtract_one_autotest graph_feature_arc_autotest soring_autotest" ;;
esac

# Here EAL finds the plugin without -d, because some tests start processes with their own options.
installed=$(echo /usr/lib/*/dpdk/pmds-*)/librte_bus_ioas.so

# Runs a test and sets $result. usage: run WITH NAME SECONDS
run() {
	local rc=0
	log=/tmp/$1.$2
	# A test may use descriptor 3 for EAL's configuration.
	DPDK_TEST=$2 timeout -s KILL "$3" dpdk-test "--file-prefix=$2" </dev/null 3>&- >"$log" 2>&1 || rc=$?
	# The processes that it has started.
	# shellcheck disable=SC2046
	kill -9 $(pidof dpdk-test) 2>/dev/null
	rm -f /dev/hugepages/*map_*
	case $rc in
	0) result=passes ;;
	77) result=skipped ;;
	137) result="not done in $3 s" ;;
	*) result=fails ;;
	esac
}
# The tests of memory must pass. Some of the others end only because of the limit.
stock() {
	local seconds=60
	case " $memory_tests " in *" $1 "*) seconds=240 ;; esac
	run stock "$1" $seconds
}
# It gets more time, because the machine may be busier now.
with_plugin() {
	ln -s "$plugin" "$installed"
	run plugin "$1" 300
	rm "$installed"
	grep -aq "$start_line" "$log" || result="$result without the plugin"
}

# A test that measures time can fail because of other activity, so it runs once more.
compare() {
	stock "$1"
	if [ "$result" = passes ]; then
		of_stock="$of_stock $1"
	else
		others="$others $1 ($result)"
		case " $memory_tests " in *" $1 "*) case_end "$1" "$result with stock EAL" ;; esac
		return
	fi
	with_plugin "$1"
	if [ "$result" != passes ]; then
		echo "$1: $result with the plugin, tried once more"
		with_plugin "$1"
	fi
	if [ "$result" = passes ]; then
		of_plugin="$of_plugin $1"
		case_ok "$1"
	else
		case_end "$1" "passes with stock EAL, $result with the plugin"
	fi
}

# The other NIC stays with the kernel. A list of devices (-a) would also apply to the processes that tests
# start, and contradict their lists.
bind_vfio "$(nics | head -n 1)"
of_stock='' of_plugin='' others=''
if [ "${GUEST_TESTS-}" != all ]; then fast_tests=''; fi
for test in $memory_tests $fast_tests; do compare "$test"; done
echo "pass with stock EAL, $(echo "$of_stock" | wc -w):$of_stock"
echo "pass with the plugin, $(echo "$of_plugin" | wc -w):$of_plugin"
echo "not compared, for they do not pass with stock EAL:$others"
finish
