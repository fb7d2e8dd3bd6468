/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Queries about a space and its devices. */

#include <sched.h>
#include <string.h>

#include "area.h"
#include <linux/vfio.h>

unsigned int
ioas_tables(const struct ioas *space, const struct ioas_table **tables, unsigned int n)
{
	for (unsigned int i = 0; tables != NULL && i < n && i < space->table.n; i++)
		tables[i] = table_reader(&space->table, i);
	return space->table.n;
}

const struct ioas_table *
ioas_table_of_node(const struct ioas *space, int node)
{
	unsigned int i = 0;

	while (i < space->table.n && table_reader(&space->table, i)->node != node)
		i++;
	return table_reader(&space->table, i < space->table.n ? i : 0);
}

const struct ioas_table *
ioas_table(const struct ioas *space)
{
	unsigned int cpu, node;

	if (space->table.n == 1 || getcpu(&cpu, &node) != 0)
		return table_reader(&space->table, 0);
	return ioas_table_of_node(space, node);
}

int
ioas_device_fd(const struct ioas_device *device)
{
	return device->fd;
}

const char *
ioas_device_name(const struct ioas_device *device)
{
	return device->name;
}

int
ioas_device_info(const struct ioas_device *device, struct vfio_device_info *info)
{
	const int ret = sys_request(device->sys, device->fd, VFIO_DEVICE_GET_INFO, info);

	if (ret < 0)
		ioas_log(&device->space->log, IOAS_LOG_ERR, "%s: the kernel tells nothing of it: %s",
			 device->name, strerror(-ret));
	return ret;
}

void
ioas_get_info(struct ioas *space, struct ioas_info *info)
{
	const struct usable *const usable = space_usable(space);

	space_lock(space);
	*info = (struct ioas_info){
		.backend = space->backend->ops->name,
		.kernel_chooses = space->backend->ops->kernel_chooses,
		.devices = space->n_devices,
		.maps = space->ledger.areas,
		.bytes = space->ledger.bytes,
		.alignment = usable->alignment,
		.aperture = usable_aperture(usable),
		.window = space->family->placement.window,
		.quarantine = space->history.held_bytes,
		.quarantine_limit = space->history.quarantine,
	};
	space_unlock(space);
}

void
ioas_get_stats(struct ioas *space, struct ioas_stats *stats)
{
	const struct ledger *const ledger = &space->ledger;

	space_lock(space);
	*stats = space->stats;
	stats->maps = ledger->added;
	stats->unmaps = ledger->removed;
	stats->maps_now = ledger->areas;
	stats->maps_max = ledger->areas_max;
	stats->bytes_now = ledger->bytes;
	stats->bytes_max = ledger->bytes_max;
	space_unlock(space);
}

unsigned int
ioas_features(struct ioas *space)
{
	struct backend *const backend = space->backend;
	unsigned int features = 0;

	space_lock(space);
	if (backend->ops->features != NULL)
		features = backend->ops->features(backend, space->devices);
	space_unlock(space);
	return features;
}

uint64_t
ioas_room(struct ioas *space)
{
	struct backend *const backend = space->backend;
	uint64_t room = UINT64_MAX;

	space_lock(space);
	if (backend->ops->room != NULL)
		room = backend->ops->room(backend);
	space_unlock(space);
	return room;
}

int
ioas_walk(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg)
{
	const struct area *area;
	int ret = 0;

	space_lock(space);
	area = ledger_from_iova(&space->ledger, 0);
	while (ret == 0 && area != NULL) {
		const struct ioas_area shown = area_public(area);

		ret = fn(&shown, arg);
		area = ledger_next(&space->ledger, area);
	}
	space_unlock(space);
	return ret;
}

int
ioas_walk_quarantine(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg)
{
	const struct tree *const held = &space->ledger.held;
	struct tree_node *node;
	int ret = 0;

	space_lock(space);
	node = tree_from(held, 0);
	while (ret == 0 && node != NULL) {
		const struct ioas_area shown = area_public(container_of(node, struct area, iova));

		ret = fn(&shown, arg);
		node = node->last == UINT64_MAX ? NULL : tree_from(held, node->last + 1);
	}
	space_unlock(space);
	return ret;
}
