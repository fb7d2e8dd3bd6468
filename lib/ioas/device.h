/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_DEVICE_H
#define IOAS_DEVICE_H

#include <limits.h>

#include "ioas.h"
#include "log.h"
#include "sys.h"

struct ioas_device {
	struct ioas *space;
	struct ioas_device *next; /* of the same space */
	const struct ioas_sys *sys;
	int fd;                   /* -1 until a backend has opened it */
	char name[64];            /* the last part of the sysfs path */
	char sysfs[PATH_MAX];     /* its folder in sysfs */
	char driver[64];          /* the kernel driver that it is bound to */
	char cdev[96];            /* "/dev/vfio/devices/vfioN" */
};

/* The last part of a PCI address or sysfs path. */
const char *device_basename(const char *name);

/* Fills sysfs, driver and cdev from a PCI address or a sysfs path; logs what is missing. */
int device_resolve(struct ioas_device *device, const char *name, const struct ioas_log *log);

#endif /* IOAS_DEVICE_H */
