/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_GROUP_H
#define IOAS_GROUP_H

#include "backend.h"

/*
 * VFIO groups: how devices are opened that have no character device of their own, or where the
 * kernel has no iommufd. A group is a set of devices that their IOMMU cannot tell apart; the kernel
 * gives it to one process at a time, and translates for it through one container: /dev/vfio/vfio, or
 * an iommufd.
 */
struct group {
	struct group *next;     /* in the same container */
	int fd;
	int number;
	unsigned int n_devices; /* opened through it */
};

/* Puts the device's group into the container, if it is not there yet, on behalf of the device;
 * logs the reason of a failure. */
int group_enter(struct backend *backend, struct group **groups, int container,
		struct ioas_device *device);

/* -EOPNOTSUPP, logged, if the options ask for what groups do not have. */
int group_check_options(struct backend *backend, const struct ioas_device *device,
			const struct ioas_attach_options *options);

/* Opens the device through its group: fills device->fd. */
int group_try_open(struct backend *backend, struct ioas_device *device,
		   const struct ioas_attach_options *options);
/* The same, and logs the reason of a failure. */
int group_open_device(struct backend *backend, struct ioas_device *device,
		      const struct ioas_attach_options *options);

/* Undoes group_enter() as far as the device goes; returns the group if it was its last one, which
 * should leave then, else NULL. */
struct group *group_part(struct ioas_device *device);

/* Takes the group out of the container and closes it; NULL: nothing happens. */
void group_leave(struct backend *backend, struct group **groups, struct group *group);

#endif /* IOAS_GROUP_H */
