/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "spapr.h"
#include <linux/vfio.h>

/* Creates a window. The platform chooses its place. */
static int
create_window_in(const struct spapr *spapr, const struct container *container, struct window *window)
{
	struct vfio_iommu_spapr_tce_create arg = {
		.argsz = sizeof(arg),
		.page_shift = __builtin_ctzll(window->page),
		.window_size = window->size,
		.levels = 1,
	};
	int ret;

	/* A table in one piece is the fastest. A large one may need more levels. */
	do
		ret = spapr_request(spapr, container, VFIO_IOMMU_SPAPR_TCE_CREATE, &arg);
	while (ret == -ENOMEM && ++arg.levels <= spapr->levels);
	window->first = arg.start_addr;
	return ret;
}

void
spapr_remove_window(const struct spapr *spapr, const struct container *container, uint64_t first)
{
	struct vfio_iommu_spapr_tce_remove arg = { .argsz = sizeof(arg), .start_addr = first };

	spapr_request(spapr, container, VFIO_IOMMU_SPAPR_TCE_REMOVE, &arg);
}

int
spapr_create_window(const struct spapr *spapr, const struct container *container,
		    const struct window *window)
{
	struct window another = *window;
	int ret;

	ret = create_window_in(spapr, container, &another);
	if (ret == 0 && another.first != window->first) {
		spapr_remove_window(spapr, container, another.first);
		ret = -EADDRINUSE;
	}
	return ret;
}

/* Creates a window in all containers. */
static int
create_in_all(const struct spapr *spapr, struct window *window)
{
	const struct container *const first = spapr->containers;
	int ret;

	ret = create_window_in(spapr, first, window);
	if (ret < 0)
		return ret;
	for (const struct container *c = first->next; c != NULL; c = c->next) {
		ret = spapr_create_window(spapr, c, window);
		if (ret < 0) {
			for (const struct container *undo = first; undo != c; undo = undo->next)
				spapr_remove_window(spapr, undo, window->first);
			return ret;
		}
	}
	return 0;
}

/* The largest page size that windows can have, up to this one. */
static uint64_t
largest_page(const struct spapr *spapr, uint64_t page)
{
	const uint64_t smaller = spapr->page_sizes & (page | (page - 1));

	return smaller == 0 ? 0 : UINT64_C(1) << (63 - __builtin_clzll(smaller));
}

/* As large as all memory of the machine, so that one window suffices forever, or as this piece. */
static uint64_t
window_size(uint64_t length)
{
	const uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	uint64_t size = DEFAULT_SIZE;

	while (size < memory || size < length)
		size <<= 1;
	return size;
}

int
spapr_grow(struct backend *backend, uint64_t va, uint64_t length, uint64_t page)
{
	struct spapr *const spapr = to_spapr(backend);
	const uint64_t both = va | length, lowest = both & -both;
	struct window window = { .size = window_size(length) };
	int ret;

	window.page = largest_page(spapr, lowest < page ? lowest : page);
	if (spapr->containers == NULL || spapr->n_windows == MAX_WINDOWS ||
	    spapr->n_windows >= spapr->max_windows || window.page == 0) {
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": the %u DMA windows that there are have no "
			 "room for pages of %s, and there can be no further one: use less memory, or "
			 "huge pages for all of it", ioas_size_text(length).text, va,
			 spapr->n_windows, ioas_size_text(page).text);
		return -ENOSPC;
	}
	ret = create_in_all(spapr, &window);
	if (ret < 0) {
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": the platform gives no further DMA window of "
			 "%s: %s: use less memory", ioas_size_text(length).text, va,
			 ioas_size_text(window.size).text, strerror(-ret));
		return ret;
	}
	spapr->window[spapr->n_windows++] = window;
	ioas_log(backend->log, IOAS_LOG_INFO, "DMA window of %s at 0x%" PRIx64 ", pages of %s",
		 ioas_size_text(window.size).text, window.first,
		 ioas_size_text(window.page).text);
	return 0;
}

void
spapr_shrink(struct backend *backend)
{
	struct spapr *const spapr = to_spapr(backend);
	const struct window *const last = &spapr->window[--spapr->n_windows];

	for (const struct container *c = spapr->containers; c != NULL; c = c->next)
		spapr_remove_window(spapr, c, last->first);
}

int
spapr_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
	     uint64_t *alignment)
{
	const struct spapr *const spapr = to_spapr(backend);

	for (unsigned int i = 0; i < spapr->n_windows && i < n; i++) {
		const struct window *const window = &spapr->window[i];

		ranges[i] = (struct ioas_range){ window->first,
						 window->first + (window->size - 1) };
		pages[i] = window->page;
	}
	/* Memory is registered in pages of the CPU. */
	*alignment = sysconf(_SC_PAGESIZE);
	return spapr->n_windows;
}
