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
	struct ioas *space;         /* of its own; NULL: the common one */
	struct ioas_device *device; /* NULL: could not be attached */
	bool in_use;                /* a driver has set it up */
	unsigned int shares;        /* secondary processes that have asked for it and not released it */
	int group;                  /* its IOMMU group; -1: it has none */
	int node;                   /* its NUMA node; -1: not known */
	char name[RTE_DEV_NAME_MAX_LEN];
	char path[PATH_MAX];        /* its folder in sysfs */
	char driver[64];            /* DPDK's; "": not known */
	char failure[640];          /* why it could not be attached */
	int error;                  /* and the errno, negative; else 0 */
};

/* Held by who changes the list or a device in it, and by all who read; around fork() as well. */
void devices_lock(void);
void devices_unlock(void);

/* ---- with the lock held ---- */

/* The last to come; NULL: there is none. */
struct owned_device *devices_first(void);
struct owned_device *devices_find(const char *name);
/* Records the device with this sysfs folder. NULL with rte_errno, logged, if there is no memory. */
struct owned_device *devices_record(const char *path, const char *name);
/* Detaches the device, ends its own space and forgets it. */
void devices_drop(struct owned_device *owned);

/* ---- without the lock ---- */

/* How many devices are attached. */
unsigned int devices_count(void);
/* Whether a device of ours is in that IOMMU group, and its name. */
bool devices_in_group(int group, char name[RTE_DEV_NAME_MAX_LEN]);
/* What is told of a device. */
struct bus_ioas_device {
	const char *name;
	const char *driver;  /* of DPDK; "": none, or not known because it came later */
	int error;           /* negative: it could not be attached; no driver has asked yet */
	int node;            /* NUMA; -1: not known */
	int group;           /* IOMMU; -1: it has none */
	bool isolated;
	bool in_use;
	unsigned int shares; /* secondary processes that use it */
};
/* Calls fn for each, the last to come first. */
void devices_walk(void (*fn)(const struct bus_ioas_device *device, void *arg), void *arg);

#endif /* IOAS_DEVICES_H */
