/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The list of owned devices: devices that EAL's options allow, that are bound to a VFIO driver, and for which
 * an IOMMU translates.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_vfio.h>

#include "devices.h"
#include "foreign.h"
#include "ioas_bus.h"
#include "traced.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct owned_device *devices;

void
devices_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
devices_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

struct owned_device *
devices_first(void)
{
	return devices;
}

struct owned_device *
devices_find(const char *name)
{
	struct owned_device *owned = devices;

	while (owned != NULL && strcmp(owned->name, name) != 0)
		owned = owned->next;
	return owned;
}

static int
find_group(const char *path, const char *name)
{
	char base[PATH_MAX];
	int group;

	snprintf(base, sizeof(base), "%.*s", (int)(strlen(path) - strlen(name) - 1), path);
	return rte_vfio_get_group_num(base, name, &group) > 0 ? group : -1;
}

static int
find_node(const char *path)
{
	char file[PATH_MAX + 16];
	int node = -1;
	FILE *f;

	snprintf(file, sizeof(file), "%s/numa_node", path);
	f = fopen(file, "re");
	if (f == NULL)
		return -1;
	if (fscanf(f, "%d", &node) != 1)
		node = -1;
	fclose(f);
	return node;
}

struct owned_device *
devices_record(const char *path, const char *name)
{
	struct owned_device *const owned = calloc(1, sizeof(*owned));

	if (owned == NULL) {
		bus_ioas_log_no_memory("attach ", name);
		rte_errno = ENOMEM;
		return NULL;
	}
	snprintf(owned->name, sizeof(owned->name), "%s", name);
	snprintf(owned->path, sizeof(owned->path), "%s", path);
	owned->group = find_group(path, name);
	owned->node = find_node(path);
	owned->next = devices;
	devices = owned;
	return owned;
}

void
devices_drop(struct owned_device *owned)
{
	struct owned_device **link = &devices;

	while (*link != owned)
		link = &(*link)->next;
	*link = owned->next;
	if (owned->device != NULL)
		traced_detach(owned->name);
	ioas_detach(owned->device);
	if (owned->space != NULL)
		foreign_end_space(owned->space);
	ioas_destroy(owned->space);
	free(owned);
}

unsigned int
devices_count(void)
{
	unsigned int n = 0;

	devices_lock();
	for (const struct owned_device *owned = devices; owned != NULL; owned = owned->next)
		n += owned->device != NULL;
	devices_unlock();
	return n;
}

bool
devices_in_group(int group, char name[RTE_DEV_NAME_MAX_LEN])
{
	bool found = false;

	devices_lock();
	for (const struct owned_device *owned = devices; owned != NULL && !found; owned = owned->next) {
		found = owned->device != NULL && owned->group == group;
		if (found)
			snprintf(name, RTE_DEV_NAME_MAX_LEN, "%s", owned->name);
	}
	devices_unlock();
	return found;
}

void
devices_walk(void (*fn)(const struct bus_ioas_device *device, void *arg), void *arg)
{
	devices_lock();
	for (const struct owned_device *owned = devices; owned != NULL; owned = owned->next) {
		const struct bus_ioas_device device = {
			.name = owned->name,
			.driver = owned->driver,
			.error = owned->error,
			.node = owned->node,
			.group = owned->group,
			.isolated = owned->space != NULL,
			.in_use = owned->in_use,
			.shares = owned->shares,
		};

		fn(&device, arg);
	}
	devices_unlock();
}
