/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPAPR_H
#define IOAS_SPAPR_H

#include "group.h"

/* What the parts of backend spapr share: spapr.c has containers, maps and devices. */

#define MAX_WINDOWS 2 /* IOMMU_TABLE_GROUP_MAX_TABLES */
#define DEFAULT_PAGE UINT64_C(4096)
/* What the default window has at least, on every platform: for maps before the first attach. */
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
	uint64_t page_sizes;        /* that windows can have */
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

/* spapr_memory.c: memory is registered, which pins it, before it is mapped. */

/* Registers what is not registered yet of [first, last], on behalf of one more area. The kernel
 * takes no piece twice, and gives back pieces as they were taken only. */
int spapr_register(struct spapr *spapr, uint64_t first, uint64_t last);
/* One area less has a part in what is registered of [first, last]. What the kernel does not take back
 * stays known, for the next area there. */
void spapr_release(struct spapr *spapr, uint64_t first, uint64_t last);
/* Registers or unregisters a piece in one container. */
int spapr_request_memory(const struct spapr *spapr, const struct container *container, unsigned long request,
			 const struct tree_node *va);
/* Frees the records. */
void spapr_forget_memory(struct spapr *spapr);

/* spapr_windows.c: */

/* Creates a window in one more container, where the others have it. */
int spapr_create_window(const struct spapr *spapr, const struct container *container, const struct window *window);
void spapr_remove_window(const struct spapr *spapr, const struct container *container, uint64_t first);

/* Operations of the backend. */
int spapr_grow(struct backend *backend, uint64_t va, uint64_t length, uint64_t page);
void spapr_shrink(struct backend *backend);
int spapr_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
		 uint64_t *alignment);

#endif /* IOAS_SPAPR_H */
