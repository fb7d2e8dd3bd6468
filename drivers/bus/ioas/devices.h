/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_DEVICES_H
#define IOAS_DEVICES_H

#include <rte_dev.h>
#include <rte_memory.h>
#include <rte_vfio.h>

#include "ioas_bus.h"

/* After the buses were scanned: opens and attaches what EAL allows. 0, or -1 to stop EAL. */
int devices_take(const struct bus_ioas_options *options);
/* After the probe: gives back what no driver wanted. */
void devices_give_back(void);
/* The seams for devices of ours; 1 means "not ours". */
int devices_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
int devices_release(const char *sysfs_base, const char *name, int fd);
/* For a secondary process: a descriptor of the device, to be closed by the caller. 0, a negative
 * errno, or 1 for "not ours". */
int devices_share(const char *name, int *fd, struct vfio_device_info *info);
/* A secondary process has closed its descriptor. */
void devices_unshare(const char *name);
/* Whether memory is mapped at that IOVA, for that device ("": for all). */
bool devices_have_mapped(const char *name, uint64_t va, uint64_t length, rte_iova_t iova);
/* Whether a device of ours is in that IOMMU group, and its name. */
bool devices_in_group(int group, char name[RTE_DEV_NAME_MAX_LEN]);
/* Whether there was no device at the start, and IOVAs are chosen for those that come later. */
bool devices_are_awaited(void);
/* Ends that, and bus_ioas_space is NULL again, if EAL has another IOVA mode than it was asked for. */
void devices_check_mode(void);
/* How many devices are attached. */
unsigned int devices_count(void);
/* Warns if memory can grow by more pages than the kernel takes maps. */
void devices_check_room(void);
/* What this thread maps from now on is for that device alone, if devices are isolated; NULL: for all. */
void devices_aim(const char *name);
bool devices_are_aimed(void);
/* The space that this is mapped in; NULL if the device is not ours. */
struct ioas *devices_space(void);
/* The IOVA that an address has for a device alone; RTE_BAD_IOVA if it has none. */
rte_iova_t devices_lookup(const void *va);
/* Around fork(), in the parent and in the child. */
void devices_before_fork(void);
void devices_after_fork(void);
/* Explains an IOVA in the space of that device, which may be its own (isolated), or the common one. Returns
 * whether there is such a device. */
bool devices_explain(const char *name, uint64_t iova, struct ioas_explanation *explanation, bool *isolated);
/* Calls fn with the space of that device; with the common one if the name is NULL, or devices are not
 * isolated. 0, -ENODEV, or -ENOTSUP if no device is ours. */
int devices_with_space(const char *name, void (*fn)(struct ioas *space, void *arg), void *arg);
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
/* The drivers have probed: notes which has which device. */
void devices_note_drivers(void);

#endif /* IOAS_DEVICES_H */
