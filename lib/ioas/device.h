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
	struct group *group;      /* it was opened through this group; NULL: through its cdev */
	struct pasid *pasids;     /* the attached ones */
	int fd;                   /* -1 until a backend opens it */
	int group_number;         /* number of its IOMMU group; -1: none */
	uint32_t id;              /* ID of its object in the iommufd */
	unsigned int process;     /* the process that attached it (processes.h) */
	uint32_t hwpt;            /* it is attached through this HWPT; 0: the kernel picked one */
	bool no_iommu;            /* VFIO offers it although no IOMMU translates for it */
	char name[64];            /* the last part of its folder's path */
	char sysfs[PATH_MAX];     /* its folder in sysfs, with no link in the path */
	char driver[64];          /* the kernel driver of the device */
	char cdev[96];            /* "/dev/vfio/devices/vfioN", or "" */
};

/* Fills name, sysfs, driver, cdev, group_number and no_iommu from a PCI address or a sysfs path. Logs what is
 * missing. */
int device_resolve(struct ioas_device *device, const char *name, const struct ioas_log *log);

/* Whether a PCI address, or the path of a folder in sysfs, means this device. */
bool device_is_named(const struct ioas_device *device, const char *name);

/* Whether the firmware demands that the device, or another one of its group, reaches a region at IOVAs equal
 * to physical addresses. The kernel does not attach such a device to another I/O address space. */
bool device_is_firmware_bound(const struct ioas_device *device, struct ioas_range *region);

/* Logs that a device could be opened, but not attached. */
void device_log_attach_failure(const struct ioas_device *device, const struct ioas_log *log,
			       int error);

#endif /* IOAS_DEVICE_H */
