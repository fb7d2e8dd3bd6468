/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BACKEND_H
#define IOAS_BACKEND_H

#include "device.h"
#include "ledger.h"
#include "log.h"
#include "node.h"
#include "sys.h"

/*
 * One kernel interface that translates for devices. A backend embeds struct backend; container_of leads back
 * to it. The space's lock serialises all calls but open_device. A backend keeps no record of maps, because
 * the ledger has it. Its callers request only what the kernel's rules allow.
 */

struct backend;

struct backend_ops {
	const char *name;
	bool kernel_chooses; /* it chooses IOVAs, inside the window of a map */

	/* Opens the backend, and copies all members of *with except ops. On failure nothing is left behind,
	 * and the reason has been logged. */
	int (*open)(const struct backend *with, struct backend **backend);
	/* Undoes open, and with it every map. No device is attached any more. */
	void (*close)(struct backend *backend);

	/* The slow part of attach: the kernel resets a device that it opens. The only call without the lock.
	 * It may run for several devices at once, but never twice for the same. It may use only the device
	 * and the descriptor that was handed in for it. Sets device->fd, or leaves it -1. Logs the reason of
	 * a failure. NULL: attach does it all. */
	int (*open_device)(struct backend *backend, struct ioas_device *device);
	/* Opens the device, unless open_device has, and attaches it; sets device->fd. Afterwards the kernel
	 * has all maps of the ledger, also those that it had forgotten. On failure the device is closed, and
	 * the reason has been logged. */
	int (*attach)(struct backend *backend, struct ioas_device *device,
		      const struct ioas_attach_options *options);
	/* Detaches and closes the device. Cannot fail. */
	void (*detach)(struct backend *backend, struct ioas_device *device);

	/* NULL: the backend does not support PASIDs. */
	int (*attach_pasid)(struct backend *backend, struct ioas_device *device, uint32_t pasid);
	void (*detach_pasid)(struct backend *backend, struct ioas_device *device, uint32_t pasid);

	/* Maps at an IOVA that the kernel chooses inside the window. The window is at least as long as the
	 * memory. NULL: the kernel does not choose. */
	int (*map)(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window,
		   uint64_t *iova);
	int (*map_fixed)(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova);
	/* Unmaps exactly one area. */
	int (*unmap)(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova);
	/* Maps memory of another backend of the same kernel object, at this IOVA. The kernel pins it once for
	 * both. NULL: not possible. */
	int (*copy)(struct backend *backend, struct backend *from, uint64_t from_iova,
		    uint64_t length, uint64_t iova);
	/* The number of maps that the kernel still takes; UINT64_MAX if it does not report it. NULL: it has
	 * no limit. */
	uint64_t (*room)(struct backend *backend);
	/* IOAS_FEATURE_ bits, with these devices attached. NULL: none. */
	unsigned int (*features)(struct backend *backend, const struct ioas_device *devices);
	/* The remedy if a map fails with ENOSPC for a reason other than a lack of IOVAs; NULL: no other
	 * reason. */
	const char *full;
	/* The kind of memory that this kernel interface refuses (EFAULT) and others map, with the remedy; "":
	 * none. */
	const char *unmappable;

	/* Stores the usable ranges in ascending order, as many as fit into n. Returns how many exist, or a
	 * negative errno. pages holds n zeros. If the backend's IOMMU pages must not be larger than the pages
	 * of the memory, it stores their size for each range. */
	int (*ranges)(struct backend *backend, struct ioas_range *ranges, uint64_t *pages,
		      unsigned int n, uint64_t *alignment);
	/* Adds a range for memory like this, whose pages have that size. Logs the reason of a failure. NULL:
	 * not possible. */
	int (*grow)(struct backend *backend, uint64_t va, uint64_t length, uint64_t page);
	/* Undoes the last grow(). Its range is not in use. */
	void (*shrink)(struct backend *backend);
};

struct backend {
	const struct backend_ops *ops;
	const struct ioas_sys *sys;
	const struct ioas_log *log;
	const struct ledger *ledger; /* of the space: the maps */
	const struct nodes *nodes;   /* of the space: the descriptors that were handed in */
	struct backend *beside;      /* the backend whose kernel object it shares; NULL: none */
};

/* Opens the backend of that name, or for NULL and "auto" the first that works. Copies all members of *with
 * except ops. If with->beside is set, opens the same kind of backend. */
int backend_open(const char *name, const struct backend *with, struct backend **backend);

/* Maps in a window that is at least as long as the memory: where the kernel chooses, or at the window's first
 * IOVA. */
int backend_map(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window, uint64_t *iova);

/* Whether VFIO supports sPAPR here. Then it supports no other IOMMU. */
bool spapr_is_here(const struct ioas_sys *sys);

extern const struct backend_ops iommufd_ops;
extern const struct backend_ops spapr_ops;
extern const struct backend_ops type1_ops;

#endif /* IOAS_BACKEND_H */
