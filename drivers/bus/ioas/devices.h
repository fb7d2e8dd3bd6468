/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_DEVICES_H
#define IOAS_DEVICES_H

#include <limits.h>
#include <stdbool.h>

#include <rte_dev.h>

#include "ioas.h"

struct owned_device {
	struct owned_device *next;
	struct ioas *space;         /* if isolated; NULL: the common one */
	struct ioas_device *device; /* NULL: the attach failed */
	bool in_use;                /* a driver has set it up */
	unsigned int shares;        /* secondary processes that have opened it and not released it */
	int group;                  /* its IOMMU group; -1: none */
	int node;                   /* its NUMA node; -1: not known */
	char name[RTE_DEV_NAME_MAX_LEN];
	char path[PATH_MAX];        /* its folder in sysfs */
	char driver[64];            /* of DPDK; "": not known */
	char failure[640];          /* error line of the attach */
	int error;                  /* negative errno of the attach, or 0 */
};

/* Protects the list and its devices, for writers and readers; also held around fork(). */
void devices_lock(void);
void devices_unlock(void);

/* ---- with the lock held ---- */

/* The newest device; NULL: none. */
struct owned_device *devices_first(void);
struct owned_device *devices_find(const char *name);
/* Records the device with this sysfs folder. NULL with rte_errno, logged, if memory is lacking. */
struct owned_device *devices_record(const char *path, const char *name);
/* Detaches the device, destroys its own space and removes it from the list. */
void devices_drop(struct owned_device *owned);

/* ---- without the lock ---- */

/* The number of attached devices. */
unsigned int devices_count(void);
/* Whether an owned device is in that IOMMU group. Stores its name. */
bool devices_in_group(int group, char name[RTE_DEV_NAME_MAX_LEN]);
/* Public information about a device. */
struct bus_ioas_device {
	const char *name;
	const char *driver;  /* of DPDK; "": none, or not known because the device came later */
	int error;           /* negative: it could not be attached, and no driver has asked for it yet */
	int node;            /* NUMA; -1: not known */
	int group;           /* IOMMU group; -1: none */
	bool isolated;
	bool in_use;
	unsigned int shares; /* secondary processes that use it */
};
/* Calls fn for each device, the newest first. */
void devices_walk(void (*fn)(const struct bus_ioas_device *device, void *arg), void *arg);

#endif /* IOAS_DEVICES_H */
