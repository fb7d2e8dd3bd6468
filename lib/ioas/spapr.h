/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPAPR_H
#define IOAS_SPAPR_H

#include "group.h"

/* Shared by the parts of backend spapr: spapr.c has containers, maps and devices. */

#define MAX_WINDOWS 2 /* IOMMU_TABLE_GROUP_MAX_TABLES */
#define DEFAULT_PAGE UINT64_C(4096)
/* The least size of the default window, on any platform: for maps before the first attach. */
#define DEFAULT_SIZE (UINT64_C(1) << 30)

struct window {
	uint64_t first, size, page;
};

struct container {
	struct container *next;
	int fd;
	struct group *group;
};

struct spapr {
	struct backend backend;
	struct container *containers;
	struct window window[MAX_WINDOWS];
	unsigned int n_windows;
	uint64_t page_sizes;        /* page sizes that windows can have */
	unsigned int max_windows, levels;
	struct tree registered;
};

static inline struct spapr *
to_spapr(struct backend *backend)
{
	return container_of(backend, struct spapr, backend);
}

static inline int
spapr_request(const struct spapr *spapr, const struct container *container, unsigned long request, void *arg)
{
	return sys_request(spapr->backend.sys, container->fd, request, arg);
}

/* spapr_memory.c: memory must be registered, which pins it, before it is mapped. */

/* Registers the parts of [first, last] that are not registered yet, for one more area. The kernel does not
 * register a piece twice, and unregisters only whole pieces. */
int spapr_register(struct spapr *spapr, uint64_t first, uint64_t last);
/* One area less uses the registered pieces of [first, last]. If the kernel refuses to unregister a piece, its
 * record stays, for the next area there. */
void spapr_release(struct spapr *spapr, uint64_t first, uint64_t last);
/* Registers or unregisters a piece in one container. */
int spapr_request_memory(const struct spapr *spapr, const struct container *container, unsigned long request,
			 const struct tree_node *va);
/* Frees the records. */
void spapr_forget_memory(struct spapr *spapr);

/* spapr_windows.c: */

/* Creates a window in one more container, at the same place as in the others. */
int spapr_create_window(const struct spapr *spapr, const struct container *container, const struct window *window);
void spapr_remove_window(const struct spapr *spapr, const struct container *container, uint64_t first);

/* Operations of the backend. */
int spapr_grow(struct backend *backend, uint64_t va, uint64_t length, uint64_t page);
void spapr_shrink(struct backend *backend);
int spapr_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
		 uint64_t *alignment);

#endif /* IOAS_SPAPR_H */
