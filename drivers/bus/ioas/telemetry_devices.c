/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Telemetry about owned devices.
 */

#include <errno.h>
#include <stdlib.h>

#include "common_space.h"
#include "devices.h"
#include "telemetry.h"

/* An answer has at most 16 KiB, and an item 300 bytes. */
#define DEVICES 50

struct listing {
	struct rte_tel_data *list;
	unsigned int from, n; /* the first item to list; the number of devices */
};

static void
list_device(const struct bus_ioas_device *device, void *arg)
{
	struct listing *const listing = arg;
	const unsigned int n = listing->n++;
	struct rte_tel_data *item;

	if (n < listing->from || n - listing->from >= DEVICES)
		return;
	item = tel_add_item(listing->list, n);
	tel_add(item, "device", "%s", device->name);
	if (device->driver[0] != '\0')
		tel_add(item, "driver", "%s", device->driver);
	tel_add_int(item, "numa_node", device->node);
	tel_add_int(item, "iommu_group", device->group);
	tel_add_int(item, "isolated", device->isolated);
	tel_add_int(item, "in_use", device->in_use);
	tel_add_int(item, "secondaries", device->shares);
}

int
telemetry_devices(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct listing listing = { 0 };
	char *end = NULL;

	if (params != NULL)
		listing.from = strtoul(params, &end, 10);
	if (end != NULL && *end != '\0')
		return -EINVAL;
	if (bus_ioas_space == NULL)
		return -ENOTSUP;
	rte_tel_data_start_dict(data);
	listing.list = tel_add_dict(data, "devices");
	devices_walk(list_device, &listing);
	if (listing.n > listing.from && listing.n - listing.from > DEVICES)
		tel_add_int(data, "next", listing.from + DEVICES);
	return 0;
}
