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
 * One kernel interface that translates for devices. A backend embeds struct backend and finds
 * itself again with container_of. Calls are serialised by the space's lock, but for open_device. A
 * backend keeps no record of maps: the ledger has it, and asks only for what the kernel's rules allow.
 */

struct backend;

struct backend_ops {
	const char *name;
	bool kernel_chooses; /* IOVAs, inside the window of a map */

	/* Opens it, with all members of another but ops. On failure nothing is left behind and the
	 * reason has been logged. */
	int (*open)(const struct backend *with, struct backend **backend);
	/* Undoes open and with it every map. No device is attached any more. */
	void (*close)(struct backend *backend);

	/* The part of attach that takes long, because the kernel resets a device that it opens: the only
	 * call without the lock, for several devices at once, though never for one twice. It may touch
	 * the device and what was handed in for it. Fills device->fd, or leaves -1 there. Logs the
	 * reason of a failure. NULL: attach does it all. */
	int (*open_device)(struct backend *backend, struct ioas_device *device);
	/* Opens the device, unless that is done, and attaches it; fills device->fd. What the ledger has is
	 * mapped then, also if the kernel had forgotten it. On failure the device is closed and the
	 * reason has been logged. */
	int (*attach)(struct backend *backend, struct ioas_device *device,
		      const struct ioas_attach_options *options);
	/* Detaches and closes. Cannot fail. */
	void (*detach)(struct backend *backend, struct ioas_device *device);

	/* NULL: it has no PASIDs. */
	int (*attach_pasid)(struct backend *backend, struct ioas_device *device, uint32_t pasid);
	void (*detach_pasid)(struct backend *backend, struct ioas_device *device, uint32_t pasid);

	/* Maps at an IOVA that the kernel chooses inside the window, which is as long as the memory or longer.
	 * NULL: the kernel does not choose. */
	int (*map)(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window,
		   uint64_t *iova);
	int (*map_fixed)(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova);
	/* Takes away exactly one area. */
	int (*unmap)(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova);
	/* Maps what another backend of the same kernel object has mapped, at this IOVA; NULL: cannot
	 * be. It is pinned once for both. */
	int (*copy)(struct backend *backend, struct backend *from, uint64_t from_iova,
		    uint64_t length, uint64_t iova);
	/* How many more maps the kernel takes; UINT64_MAX if it does not tell. NULL: it has no limit. */
	uint64_t (*room)(struct backend *backend);
	/* IOAS_FEATURE_ bits, with these devices attached. NULL: none. */
	unsigned int (*features)(struct backend *backend, const struct ioas_device *devices);
	/* What helps if a map fails with ENOSPC, which is no lack of IOVAs; NULL: none does. */
	const char *full;
	/* What memory the kernel does not map (EFAULT) that others do, and what helps; "": none. */
	const char *unmappable;

	/* The usable ranges in ascending order, as many as fit into n; returns how many there are
	 * or a negative errno. pages has n zeros; a backend whose IOMMU pages must not be larger
	 * than those of the memory stores their size for each range. */
	int (*ranges)(struct backend *backend, struct ioas_range *ranges, uint64_t *pages,
		      unsigned int n, uint64_t *alignment);
	/* Makes another range for memory like this, whose pages have that size; NULL: cannot be.
	 * Logs the reason of a failure. */
	int (*grow)(struct backend *backend, uint64_t va, uint64_t length, uint64_t page);
	/* Undoes the last grow(), whose range is not in use. */
	void (*shrink)(struct backend *backend);
};

struct backend {
	const struct backend_ops *ops;
	const struct ioas_sys *sys;
	const struct ioas_log *log;
	const struct ledger *ledger; /* the space's: what is mapped */
	const struct nodes *nodes;   /* the space's: what was handed in */
	struct backend *beside;      /* whose kernel object it shares; NULL: it has its own */
};

/* Opens the backend of that name, or for NULL and "auto" the first that works, with all members of
 * another but ops; the same as the one that it is to be beside. */
int backend_open(const char *name, const struct backend *with, struct backend **backend);

/* Maps in a window that is as long as the memory or longer, where the kernel chooses or at its first IOVA. */
int backend_map(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window, uint64_t *iova);

/* Whether VFIO has sPAPR here: then it has nothing else. */
bool spapr_is_here(const struct ioas_sys *sys);

extern const struct backend_ops iommufd_ops;
extern const struct backend_ops spapr_ops;
extern const struct backend_ops type1_ops;

#endif /* IOAS_BACKEND_H */
