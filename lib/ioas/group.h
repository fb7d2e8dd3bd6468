/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_GROUP_H
#define IOAS_GROUP_H

#include "backend.h"

/*
 * VFIO groups, for devices without a character device and for kernels without iommufd. A group is a set of
 * devices that their IOMMU cannot tell apart. The kernel gives it to one process at a time, and translates
 * for it through one container: /dev/vfio/vfio, or an iommufd.
 */
struct group {
	struct group *next;     /* in the same container */
	int fd;
	int number;
	unsigned int n_devices; /* devices that are open through it */
};

/* Adds the device's group to the container, unless it is there. Logs the reason of a failure. */
int group_enter(struct backend *backend, struct group **groups, int container,
		struct ioas_device *device);

/* -EOPNOTSUPP, logged, if an option needs a feature that groups lack. */
int group_check_options(struct backend *backend, const struct ioas_device *device,
			const struct ioas_attach_options *options);

/* Opens the device through its group, and sets device->fd. */
int group_try_open(struct backend *backend, struct ioas_device *device,
		   const struct ioas_attach_options *options);
/* Like group_try_open(), and logs the reason of a failure. */
int group_open_device(struct backend *backend, struct ioas_device *device,
		      const struct ioas_attach_options *options);

/* Undoes group_enter() for the device. Returns the group if this was its last device (the caller then passes
 * it to group_leave()), else NULL. */
struct group *group_part(struct ioas_device *device);

/* Removes the group from the container and closes it. NULL: nothing happens. */
void group_leave(struct backend *backend, struct group **groups, struct group *group);

#endif /* IOAS_GROUP_H */
