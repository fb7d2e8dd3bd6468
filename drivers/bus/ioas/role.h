/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_H
#define IOAS_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_bus.h>
#include <rte_memory.h>
#include <rte_vfio.h>

/*
 * The role that the plugin plays in this process: its state, one value, and the functions behind the seams.
 *
 *   new ------- scan ----+-> stock
 *                        +-> waiting --- EAL's mode ---+-> stock
 *                        |                             +-> starting
 *                        +-> starting --- memory is mapped ---> primary --- fork() ---> child
 *                        |       +--- EAL must not start -----> refused_start
 *                        +-> secondary --- the same ----------> refused_secondary
 *                        +-> refused
 *
 * Any thread may read it. The thread that starts EAL changes it, and so does a child of fork().
 */
struct role {
	bool has_mapped; /* EAL's memory is mapped: its addresses have IOVAs */
	bool is_child;   /* the process is a child of fork(): private memory is a copy of the parent's */
	const struct role *refusal; /* the role if EAL must not start; NULL: EAL has started, or nothing can fail */

	/* The seams. original: EAL's function with the same purpose. */
	int (*scan)(void);
	enum rte_iova_mode (*mode)(enum rte_iova_mode wanted);
	int (*using_phys_addrs)(void);
	int (*iopl_init)(void);
	int (*probe)(void);
	rte_iova_t (*iova)(const void *va, rte_iova_t (*original)(const void *va));
	int (*check_mask)(uint8_t bits, int (*original)(uint8_t bits));
	int (*setup)(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
	int (*release)(const char *sysfs_base, const char *name, int fd);
	int (*get_group_fd)(int group);
	int (*enable_vfio)(const char *modname);
	int (*vfio_is_enabled)(const char *modname);
	int (*noiommu_is_enabled)(void);
	int (*map)(int container_fd, uint64_t va, uint64_t iova, uint64_t length);
	int (*unmap)(int container_fd, uint64_t va, uint64_t iova, uint64_t length);
	void (*aim)(const char *name); /* the device for which this thread maps; NULL: all */
	int (*unregister)(void *va, size_t length);
};

extern const struct role role_new;               /* the buses are not scanned yet; as stock */
extern const struct role role_stock;             /* the plugin owns no device: all seams are EAL's functions */
extern const struct role role_waiting;           /* a space without a device; EAL has no IOVA mode yet */
extern const struct role role_starting;          /* devices are attached, or can come later; memory is not mapped */
extern const struct role role_primary;           /* memory is mapped */
extern const struct role role_child;             /* the same, in a child of fork() */
extern const struct role role_secondary;         /* the primary process has the devices and the space */
extern const struct role role_refused;           /* EAL must not start; no device is owned */
extern const struct role role_refused_start;     /* EAL must not start, after starting */
extern const struct role role_refused_secondary; /* EAL must not start, after secondary */

extern const struct role *role_current;

static inline const struct role *
role(void)
{
	return __atomic_load_n(&role_current, __ATOMIC_ACQUIRE);
}

/* The transitions. */

/* After the bus scan. */
void role_choose(const struct role *chosen);
/* A wait ends: in EAL's mode a device can come later. */
void role_start(void);
/* A wait ends: EAL has another mode. */
void role_stand_aside(void);
/* After EAL's memory was mapped. */
void role_run(void);
/* In a child of fork(). */
void role_fork(void);
/* If EAL must not start. */
void role_refuse(void);

#endif /* IOAS_ROLE_H */
