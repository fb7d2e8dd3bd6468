/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Takes the devices right after the bus scan, so that the aperture is known before memory is mapped. A driver
 * asks for its device later (setup.c). After the probe the devices that no driver has asked for are given
 * back.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "attach.h"
#include "buses.h"
#include "common_space.h"
#include "devices.h"
#include "hugepages.h"
#include "ioas_bus.h"
#include "neighbours.h"
#include "policy.h"
#include "take.h"
#include "wait.h"

/* The devices that the library can attach. */
struct candidates {
	const struct rte_device **list;
	unsigned int count;
	bool no_memory;
};

static void
add_candidate(const struct rte_device *dev, void *arg)
{
	struct candidates *const candidates = arg;
	const struct rte_device **list;
	char path[PATH_MAX];

	buses_sysfs_path(dev, path);
	if (!ioas_device_is_usable(path))
		return;
	list = realloc(candidates->list, (candidates->count + 1) * sizeof(*list));
	if (list == NULL) {
		candidates->no_memory = true;
		return;
	}
	list[candidates->count++] = dev;
	candidates->list = list;
}

/* Without an attached device the plugin has nothing to do: logs this and gives all devices back. Stock EAL
 * would put all of them into one container. */
static void
give_up(void)
{
	devices_lock();
	for (const struct owned_device *owned = devices_first(); owned != NULL; owned = owned->next)
		BUS_IOAS_LOG(ERR, "%s", owned->failure);
	while (devices_first() != NULL)
		devices_drop(devices_first());
	devices_unlock();
	common_space_destroy();
	BUS_IOAS_LOG(ERR, "no device could be attached; DPDK %s", bus_ioas_isolated
		     ? "does not run without isolate=device" : "continues without the plugin");
}

/* The NUMA nodes of all lcores, including service lcores. Returns their number. */
static unsigned int
lcore_nodes(int nodes[RTE_MAX_NUMA_NODES])
{
	unsigned int n = 0;

	for (unsigned int lcore = 0; lcore < RTE_MAX_LCORE; lcore++) {
		const int node = rte_lcore_to_socket_id(lcore);
		unsigned int i = 0;

		if (rte_eal_lcore_role(lcore) == ROLE_OFF)
			continue;
		while (i < n && nodes[i] != node)
			i++;
		if (i == n && n < RTE_MAX_NUMA_NODES)
			nodes[n++] = node;
	}
	return n;
}

static bool
can_isolate(void)
{
	struct ioas *own;

	if (!bus_ioas_isolated)
		return true;
	if (common_space_follow(&own) < 0) {
		BUS_IOAS_LOG(ERR, "isolate=device is not supported here: see the line before");
		return false;
	}
	ioas_destroy(own);
	return true;
}

/* If the user has asked for separate spaces, devices must not share one: stops EAL. */
static const struct role *
refuse_to_share(void)
{
	common_space_destroy();
	return &role_refused;
}

static void
take_together(const struct candidates *candidates)
{
	struct owned_device *list[candidates->count];
	unsigned int count = 0;

	devices_lock();
	for (unsigned int i = 0; i < candidates->count; i++) {
		char path[PATH_MAX];

		buses_sysfs_path(candidates->list[i], path);
		list[count] = devices_record(path, rte_dev_name(candidates->list[i]));
		if (list[count] != NULL)
			count++;
	}
	if (count > 0)
		attach_devices(list, count);
	devices_unlock();
}

static const struct role *
take_candidates(const struct ioas_options *ioas_options, const struct bus_ioas_options *options,
		const struct candidates *candidates)
{
	const struct role *const without = options->isolate ? &role_refused : &role_stock;

	if (candidates->count == 0) {
		if (wait_start(ioas_options, options->iova == RTE_IOVA_VA ? RTE_IOVA_VA : RTE_IOVA_PA,
			       options->isolate))
			return can_isolate() ? &role_waiting : refuse_to_share();
		wait_log_unused();
		return &role_stock;
	}
	if (neighbours_keep_out()) {
		if (options->isolate)
			BUS_IOAS_LOG(ERR, "isolate=device is not supported here: see the line before");
		return without;
	}
	if (common_space_create(ioas_options, options->isolate) < 0) {
		if (strcmp(options->backend, "auto") != 0 || options->isolate)
			return &role_refused;
		BUS_IOAS_LOG(ERR, "DPDK continues without the plugin");
		return &role_stock;
	}
	if (!can_isolate())
		return refuse_to_share();
	take_together(candidates);
	if (devices_count() == 0) {
		give_up();
		return without;
	}
	hugepages_check();
	return &role_starting;
}

const struct role *
take_devices(const struct bus_ioas_options *options)
{
	int nodes[RTE_MAX_NUMA_NODES];
	const struct ioas_options ioas_options = {
		.size = sizeof(ioas_options),
		.backend = options->backend,
		.window = options->window,
		.quarantine = options->quarantine,
		.nodes = nodes,
		.n_nodes = lcore_nodes(nodes),
		.descriptors = options->fds,
		.n_descriptors = options->n_fds,
	};
	const struct role *chosen = &role_refused;
	struct candidates candidates = { 0 };

	policy_user_wants(options->iova);
	buses_walk(add_candidate, &candidates);
	if (candidates.no_memory) {
		bus_ioas_log_no_memory("list the devices", "");
		rte_errno = ENOMEM;
	} else {
		chosen = take_candidates(&ioas_options, options, &candidates);
	}
	free(candidates.list);
	return chosen;
}

static void
note_driver(const struct rte_device *dev, void *arg __rte_unused)
{
	const struct rte_driver *const driver = rte_dev_driver(dev);
	struct owned_device *owned;

	devices_lock();
	owned = devices_find(rte_dev_name(dev));
	if (owned != NULL && driver != NULL)
		snprintf(owned->driver, sizeof(owned->driver), "%s", rte_driver_name(driver));
	devices_unlock();
}

void
take_note_drivers(void)
{
	buses_walk(note_driver, NULL);
}

void
take_give_back(void)
{
	struct owned_device *owned, *next;

	devices_lock();
	for (owned = devices_first(); owned != NULL; owned = next) {
		next = owned->next;
		if (!owned->in_use) {
			if (policy_refuses_drivers())
				BUS_IOAS_LOG(WARNING, "%s: no driver took it, or its driver was "
					     "refused because it demands IOVAs equal to addresses: "
					     "DPDK_IOAS=iova=va serves that one", owned->name);
			else
				BUS_IOAS_LOG(DEBUG, "no driver wanted %s", owned->name);
			devices_drop(owned);
		}
	}
	devices_unlock();
}
