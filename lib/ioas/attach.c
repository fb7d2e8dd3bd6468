/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"
#include "follow.h"
#include "fork.h"
#include "options.h"
#include "ranges.h"
#include "stats.h"

static struct ioas_device *
find_device(const struct ioas *space, const char *name)
{
	struct ioas_device *device = space->devices;

	while (device != NULL && !device_is_named(device, name))
		device = device->next;
	return device;
}

struct ioas_device *
ioas_device_find(struct ioas *space, const char *name)
{
	struct ioas_device *device;

	space_lock(space);
	device = find_device(space, name);
	space_unlock(space);
	return device;
}

/* Refuses a device that is in the list, or whose group has a device in the list that belongs to another
 * space. */
static int
check_against(const struct ioas *space, const struct ioas_device *others,
	      const struct ioas_device *device)
{
	for (const struct ioas_device *d = others; d != NULL; d = d->next) {
		if (strcmp(d->sysfs, device->sysfs) == 0) {
			ioas_log(&space->log, IOAS_LOG_ERR, "%s is attached already", device->name);
			return -EEXIST;
		}
		if (space != d->space && device->group_number >= 0 &&
		    d->group_number == device->group_number) {
			ioas_log(&space->log, IOAS_LOG_ERR,
				 "%s: it is in IOMMU group %d, as is %s, which has another I/O address "
				 "space: the IOMMU cannot tell them apart: attach both to one space, or "
				 "leave one out", device->name, device->group_number, d->name);
			return -EINVAL;
		}
	}
	return 0;
}

/* Checks the device against those of all spaces of the family. */
static int
check_devices(const struct ioas *space, const struct ioas_device *device)
{
	int ret = check_against(space, space->family->opening, device);

	for_each_space(each, space->family)
		if (ret == 0)
			ret = check_against(space, each->devices, device);
	return ret;
}

/* After the kernel has attached a device: reads the usable ranges; with a follower's first device, copies the
 * root's areas. */
static int
admit_device(struct ioas *space)
{
	struct old_ranges old;
	int ret;

	ret = ranges_refresh(space, &old);
	if (ret < 0)
		return ret;
	if (space_follows(space) && !space->joined) {
		ret = follow_copy_all(space);
		if (ret < 0)
			follow_drop_all(space);
		area_end_placing(space, ret);
		if (ret < 0) {
			ranges_restore(space, &old);
			return ret;
		}
		space->joined = true;
	}
	ranges_free_old(&old);
	return 0;
}

/* Makes the kernel open the device, without the lock if possible, and renews areas for the first device.
 * Releases the lock and takes it again: meanwhile others see the device in the list of devices that are being
 * opened. */
static int
open_device(struct ioas *space, struct ioas_device *device)
{
	struct backend *const backend = space->backend;
	struct ioas_device **link = &space->family->opening;
	int ret = 0;

	device->next = *link;
	*link = device;
	if (backend->ops->open_device != NULL) {
		space_unlock(space);
		ret = backend->ops->open_device(backend, device);
		space_lock(space);
	}
	if (ret == 0) {
		ret = fork_renew(space->family);
		if (ret < 0 && device->fd >= 0)
			device->sys->close(device->fd);
	}
	while (*link != device)
		link = &(*link)->next;
	*link = device->next;
	return ret;
}

static int
attach_device(struct ioas *space, const struct ioas_attach_options *options,
	      struct ioas_device *device)
{
	int ret;

	ret = check_devices(space, device);
	if (ret == 0)
		ret = open_device(space, device);
	if (ret < 0)
		return ret;
	ret = space->backend->ops->attach(space->backend, device, options);
	if (ret < 0)
		return ret;
	ret = admit_device(space);
	if (ret < 0) {
		space->backend->ops->detach(space->backend, device);
		return ret;
	}
	device->next = space->devices;
	device->process = space->family->processes.self;
	space->devices = device;
	space->n_devices++;
	space->stats.attaches++;
	ioas_log(&space->log, IOAS_LOG_DEBUG, "%s (%s) attached through %s", device->name,
		 device->driver, device->group == NULL ? device->cdev : "its group");
	return 0;
}

int
ioas_attach(struct ioas *space, const char *name, const struct ioas_attach_options *options,
	    struct ioas_device **out)
{
	static const struct ioas_attach_options defaults = { .size = sizeof(defaults) };
	struct ioas_attach_options own = { 0 };
	struct ioas_device *device;
	int ret;

	if (options == NULL)
		options = &defaults;
	device = calloc(1, sizeof(*device));
	space_lock(space);
	if (device == NULL) {
		ret = ioas_no_memory(&space->log, "attach a device");
	} else {
		device->space = space;
		device->sys = space->backend->sys;
		device->fd = -1;
		ret = options_take_attach(space, name, &own, options);
	}
	if (ret == 0)
		ret = device_resolve(device, name, &space->log);
	if (ret == 0)
		ret = attach_device(space, &own, device);
	if (ret < 0)
		stats_failure(space->stats.attach_failures, ret);
	space_unlock(space);
	if (ret < 0)
		free(device);
	else
		*out = device;
	return ret;
}

int
ioas_attach_pasid(struct ioas_device *device, uint32_t pasid)
{
	struct ioas *const space = device->space;
	struct backend *const backend = space->backend;
	int ret = -EOPNOTSUPP;

	space_lock(space);
	if (backend->ops->attach_pasid != NULL)
		ret = backend->ops->attach_pasid(backend, device, pasid);
	space_unlock(space);
	if (ret == -EOPNOTSUPP)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "%s: cannot attach PASID %u: it takes backend iommufd, a character device and "
			 "Linux 6.15", device->name, pasid);
	else if (ret < 0)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "%s: cannot attach PASID %u: %s: the device and the IOMMU must have PASIDs, "
			 "and the device be attached through a HWPT for them", device->name, pasid,
			 strerror(-ret));
	return ret;
}

void
ioas_detach_pasid(struct ioas_device *device, uint32_t pasid)
{
	struct ioas *const space = device->space;
	struct backend *const backend = space->backend;

	space_lock(space);
	if (backend->ops->detach_pasid != NULL)
		backend->ops->detach_pasid(backend, device, pasid);
	space_unlock(space);
}

void
ioas_detach(struct ioas_device *device)
{
	struct ioas_device **link;
	struct ioas *space;

	if (device == NULL)
		return;
	space = device->space;
	space_lock(space);
	for (link = &space->devices; *link != device; link = &(*link)->next)
		;
	*link = device->next;
	space->n_devices--;
	space->stats.detaches++;
	fork_detach(space, device);
	/* The ranges can only have grown. If they cannot be read now, the old ones are still valid. After the
	 * last device they stay unchanged. Otherwise memory mapped meanwhile could lie where that device
	 * cannot come back. */
	if (space->n_devices > 0)
		ranges_widen(space);
	space_unlock(space);
	ioas_log(&space->log, IOAS_LOG_DEBUG, "%s detached", device->name);
	free(device);
}
