/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_DEVICE_H
#define IOAS_DEVICE_H

#include <limits.h>

#include "ioas.h"
#include "log.h"
#include "sys.h"

struct group;
struct pasid;

struct ioas_device {
	struct ioas *space;
	struct ioas_device *next; /* of the same space */
	const struct ioas_sys *sys;
	struct group *group;      /* that it was opened through; NULL: through its cdev */
	struct pasid *pasids;     /* that are attached */
	int fd;                   /* -1 until a backend has opened it */
	int group_number;         /* of its IOMMU group; -1: it has none */
	uint32_t id;              /* of its object in the iommufd */
	unsigned int process;     /* that has attached it (processes.h) */
	uint32_t hwpt;            /* that it is attached through; 0: one that the kernel picks */
	bool no_iommu;            /* VFIO gives it out although no IOMMU translates for it */
	char name[64];            /* the last part of its folder's path */
	char sysfs[PATH_MAX];     /* its folder in sysfs, with no link in the path */
	char driver[64];          /* the kernel driver that it is bound to */
	char cdev[96];            /* "/dev/vfio/devices/vfioN", or "" */
};

/* Fills name, sysfs, driver, cdev, group_number and no_iommu from a PCI address or a sysfs path; logs what is
 * missing. */
int device_resolve(struct ioas_device *device, const char *name, const struct ioas_log *log);

/* Whether this is the device that a PCI address or the path of a folder in sysfs means. */
bool device_is_named(const struct ioas_device *device, const char *name);

/* Whether the firmware demands that the device, or one of its group, reaches a region at IOVAs equal to physical
 * addresses: the kernel attaches it to no other I/O address space. */
bool device_is_firmware_bound(const struct ioas_device *device, struct ioas_range *region);

/* The line for a device that could be opened, but not attached. */
void device_log_attach_failure(const struct ioas_device *device, const struct ioas_log *log,
			       int error);

#endif /* IOAS_DEVICE_H */
