/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Starts a process with owned devices: maps EAL's memory before the first probe, and follows its changes from
 * then on.
 */

#include <inttypes.h>
#include <pthread.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_version.h>

#include "common_space.h"
#include "devices.h"
#include "foreign.h"
#include "hugepages.h"
#include "ioas_bus.h"
#include "memory.h"
#include "policy.h"
#include "role.h"
#include "start.h"
#include "telemetry.h"
#include "traced.h"

static void
before_fork(void)
{
	memory_before_fork();
	devices_lock();
	foreign_before_fork();
}

static void
in_parent(void)
{
	foreign_after_fork();
	devices_unlock();
	memory_after_fork();
}

static void
in_child(void)
{
	role_fork();
	in_parent();
}

/* For information only: the plugin uses none of these features. */
static void
log_features(void)
{
	const unsigned int features = ioas_features(bus_ioas_space);

	BUS_IOAS_LOG(DEBUG, "IOMMU_IOAS_MAP_FILE: %s, IOMMU_IOAS_CHANGE_PROCESS: %s, dirty tracking: %s",
		     (features & IOAS_FEATURE_MAP_FILE) != 0 ? "yes" : "no",
		     (features & IOAS_FEATURE_CHANGE_PROCESS) != 0 ? "yes" : "no",
		     (features & IOAS_FEATURE_DIRTY_TRACKING) != 0 ? "yes" : "no");
}

static void
log_start(void)
{
	const unsigned int devices = devices_count();
	struct ioas_info info;

	ioas_get_info(bus_ioas_space, &info);
	if (devices == 0 && rte_eal_iova_mode() == RTE_IOVA_VA)
		BUS_IOAS_LOG(INFO, "backend %s, no device yet: for one that comes later (bind it with "
			     "`dpdk-devbind.py -b vfio-pci ADDRESS`) IOVAs are equal to VA, %s",
			     info.backend, rte_version());
	else if (devices == 0)
		BUS_IOAS_LOG(INFO, "backend %s, no device yet: for one that comes later (bind it with "
			     "`dpdk-devbind.py -b vfio-pci ADDRESS`) IOVAs are chosen in 0x%" PRIx64
			     "-0x%" PRIx64 ", %s", info.backend, info.window.first, info.window.last,
			     rte_version());
	else
		BUS_IOAS_LOG(INFO, "backend %s, %u device%s%s, aperture 0x%" PRIx64 "-0x%" PRIx64
			     ", IOVAs %s, %" PRIu64 " MiB in %" PRIu64 " map%s, %s", info.backend,
			     devices, devices == 1 ? "" : "s",
			     bus_ioas_isolated ? " in a space each" : "", info.aperture.first,
			     info.aperture.last, rte_eal_iova_mode() == RTE_IOVA_VA ? "equal to VA"
			     : info.kernel_chooses ? "chosen by the kernel"
						   : "chosen by the plugin",
			     info.bytes >> 20, info.maps, info.maps == 1 ? "" : "s", rte_version());
	if (info.kernel_chooses)
		log_features();
}

static void
trace_device(const struct bus_ioas_device *device, void *arg __rte_unused)
{
	traced_attach(device->name, device->error);
}

int
start_memory(void)
{
	int ret;

	if (policy_start() < 0)
		return -1;
	pthread_atfork(before_fork, in_parent, in_child);
	/* EAL had no memory for events when the devices were attached. */
	devices_walk(trace_device, NULL);
	/* As in stock VFIO: memory must not change between the walk and the registration for events. */
	rte_mcfg_mem_read_lock();
	ret = memory_map_all();
	if (ret == 0)
		role_run();
	rte_mcfg_mem_read_unlock();
	if (ret < 0) {
		BUS_IOAS_LOG(ERR, "cannot map EAL's memory for DMA");
		return -1;
	}
	memory_set_memzones();
	log_start();
	hugepages_check_room();
	telemetry_start();
	return 0;
}
