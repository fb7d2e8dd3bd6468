/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The devices that EAL's buses have found.
 */

#include <stdio.h>

#include <rte_bus.h>
#include <rte_dev.h>

#include "buses.h"

static int
any_bus(const struct rte_bus *bus __rte_unused, const void *data __rte_unused)
{
	return 0;
}

void
buses_walk(void (*fn)(const struct rte_device *dev, void *arg), void *arg)
{
	struct rte_dev_iterator it;
	struct rte_device *dev;
	struct rte_bus *bus = NULL;

	while ((bus = rte_bus_find(bus, any_bus, NULL)) != NULL) {
		char filter[64];

		snprintf(filter, sizeof(filter), "bus=%s", rte_bus_name(bus));
		RTE_DEV_FOREACH(dev, filter, &it)
			fn(dev, arg);
	}
}

void
buses_sysfs_path(const struct rte_device *dev, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/bus/%s/devices/%s", rte_bus_name(rte_dev_bus(dev)),
		 rte_dev_name(dev));
}
