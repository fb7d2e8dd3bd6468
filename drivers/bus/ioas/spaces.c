/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Finds the space of a device, or of a thread that maps for a device.
 */

#include <errno.h>

#include "addresses.h"
#include "common_space.h"
#include "devices.h"
#include "spaces.h"

/* The device for which this thread maps. */
static __thread struct {
	bool set;
	struct ioas *space; /* NULL: the device is not owned */
} aim;

void
spaces_aim(const char *name)
{
	const struct owned_device *owned;

	if (!bus_ioas_isolated)
		return;
	aim.set = name != NULL;
	if (name == NULL)
		return;
	devices_lock();
	owned = devices_find(name);
	aim.space = owned == NULL ? NULL : owned->space;
	devices_unlock();
}

bool
spaces_are_aimed(void)
{
	return aim.set;
}

struct ioas *
spaces_aimed_at(void)
{
	return aim.set ? aim.space : bus_ioas_space;
}

rte_iova_t
spaces_lookup(const void *va)
{
	rte_iova_t iova = RTE_BAD_IOVA;

	if (!bus_ioas_isolated)
		return iova;
	devices_lock();
	for (const struct owned_device *owned = devices_first(); owned != NULL && iova == RTE_BAD_IOVA;
	     owned = owned->next)
		if (owned->space != NULL)
			iova = ioas_lookup_or_wait(owned->space, va);
	devices_unlock();
	return iova;
}

int
spaces_call(const char *name, void (*fn)(struct ioas *space, void *arg), void *arg)
{
	const struct owned_device *owned;
	int ret = -ENODEV;

	if (bus_ioas_space == NULL)
		return -ENOTSUP;
	devices_lock();
	owned = name == NULL ? NULL : devices_find(name);
	if (name == NULL || owned != NULL) {
		fn(owned != NULL && owned->space != NULL ? owned->space : bus_ioas_space, arg);
		ret = 0;
	}
	devices_unlock();
	return ret;
}

bool
spaces_explain(const char *name, uint64_t iova, struct ioas_explanation *explanation, bool *isolated)
{
	const struct owned_device *owned;

	devices_lock();
	owned = name == NULL ? NULL : devices_find(name);
	*isolated = owned != NULL && owned->space != NULL;
	ioas_explain(*isolated ? owned->space : bus_ioas_space, iova, explanation);
	devices_unlock();
	return owned != NULL;
}

bool
spaces_have_mapped(const char *name, uint64_t va, uint64_t length, rte_iova_t iova)
{
	const struct owned_device *owned;
	bool mapped = false;

	devices_lock();
	owned = devices_find(name);
	if (owned != NULL && owned->space != NULL)
		mapped = addresses_are_mapped_at(owned->space, va, length, iova);
	else if (!bus_ioas_isolated || name[0] == '\0')
		mapped = addresses_are_mapped_at(bus_ioas_space, va, length, iova);
	devices_unlock();
	return mapped;
}
