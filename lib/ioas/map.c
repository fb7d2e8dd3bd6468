/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "area.h"
#include "clock.h"
#include "follow.h"
#include "forget.h"
#include "fork.h"
#include "ranges.h"
#include "stats.h"

/* The size of the memory's pages if the backend depends on it; otherwise UINT64_MAX. */
static uint64_t
memory_page(const struct ioas *space, uint64_t va)
{
	struct ioas_memory memory;

	if (space->backend->ops->grow == NULL)
		return UINT64_MAX;
	return space->backend->sys->memory_at(va, &memory) == 0 ? memory.page : (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
undo_growth(struct ioas *space, struct old_ranges *old)
{
	space->backend->ops->shrink(space->backend);
	ranges_restore(space, old);
}

/* Finds a place for the area. May add a range; then old gets the previous ranges. */
static int
find_place(struct ioas *space, const struct area *area, uint64_t *iova, struct old_ranges *old)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	const uint64_t page = memory_page(space, va);
	struct placement *const placement = &space->family->placement;
	int ret;

	*old = (struct old_ranges){ 0 };
	if (area_place(space, va, length, page, iova))
		return 0;
	/* Releasing areas did not help, so they return to quarantine. */
	area_end_placing(space, -ENOSPC);
	if (space->backend->ops->grow != NULL) {
		ret = space->backend->ops->grow(space->backend, va, length, page);
		if (ret < 0)
			return ret;
		ret = ranges_refresh(space, old);
		if (ret < 0) {
			space->backend->ops->shrink(space->backend);
			return ret;
		}
		if (placement_find(placement, va, length, page, iova))
			return 0;
		undo_growth(space, old);
	}
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot map %s at 0x%" PRIx64 ": no free range of IOVAs is that long: use less "
		 "memory or a larger window (0x%" PRIx64 "-0x%" PRIx64 " now)",
		 ioas_size_text(length).text, va, placement->window.first, placement->window.last);
	return -ENOSPC;
}

/* If a child has mapped more areas than that, the search gives up. */
#define MAX_TRIES 1000

/* Another process (a child that fork() has made, or its parent) has mapped memory there that the records do
 * not show. Marks the range as lost. */
static bool
avoid_range(struct ioas *space, const struct area *area, struct ioas_range range)
{
	struct area *const taken = calloc(1, sizeof(*taken));

	if (taken == NULL)
		return false;
	taken->va = area->va;
	taken->iova.first = range.first;
	taken->iova.last = range.last;
	tree_insert(&space->family->root->ledger.lost, &taken->iova);
	return true;
}

/* The kernel's answer if a range is in use. type1 returns -ENOSPC for other reasons. */
static bool
is_taken(const struct ioas *space, int error)
{
	return space->family->processes.forked &&
	       (error == -EEXIST || (error == -ENOSPC && space->backend->ops->full == NULL));
}

static int
map_chosen(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	struct ioas_range window;
	unsigned int tries = 0;
	struct old_ranges old;
	uint64_t iova;
	int ret;

	do {
		ret = find_place(space, area, &window.first, &old);
		if (ret < 0)
			return ret;
		window.last = window.first + (length - 1);
		ret = backend_map(space->backend, va, length, window, &iova);
	} while (is_taken(space, ret) && old.own.ranges == NULL && tries++ < MAX_TRIES && avoid_range(space, area, window));
	if (ret < 0) {
		area_log_failure(space, va, length, ret);
		if (old.own.ranges != NULL)
			undo_growth(space, &old);
		return ret;
	}
	ranges_free_old(&old);
	area->iova.first = iova;
	area->iova.last = iova + (length - 1);
	return 0;
}

static int
map_fixed(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	const uint64_t iova = area->iova.first, last = area->iova.last;
	struct ioas_range hole;
	int ret;

	if (ranges_hole(space, iova, last, &hole)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at IOVA 0x%" PRIx64 ": 0x%" PRIx64 "-0x%" PRIx64 " is %s: "
			 "choose another IOVA, or let one be chosen", ioas_size_text(length).text,
			 iova, hole.first, hole.last,
			 iova == 0 ? "never an IOVA"
				   : hole.last == UINT64_MAX ? "beyond the aperture" : "reserved");
		return -EINVAL;
	}
	if (!tree_is_free(&space->ledger.by_iova, iova, last)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at IOVA 0x%" PRIx64 ": the range is in use",
			 ioas_size_text(length).text, iova);
		return -EEXIST;
	}
	if (!usable_serves(&space->family->placement.usable, iova, va, length, memory_page(space, va))) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at IOVA 0x%" PRIx64 ": the IOMMU's pages there are larger than "
			 "the memory's, or it is not aligned to them: choose another IOVA, or let one "
			 "be chosen", ioas_size_text(length).text, iova);
		return -EINVAL;
	}
	ret = space->backend->ops->map_fixed(space->backend, va, length, iova);
	if (ret < 0)
		area_log_failure(space, va, length, ret);
	return ret;
}

static int
check_and_map(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	const bool known = !tree_is_free(&space->ledger.by_va, va, area->va.last);
	int ret;

	if (((va | length | area->iova.first) & (space_usable(space)->alignment - 1)) != 0) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map 0x%" PRIx64 " bytes at 0x%" PRIx64 ": not aligned to %s", length,
			 va, ioas_size_text(space_usable(space)->alignment).text);
		return -EINVAL;
	}
	if (known && !area->fixed) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": part of it is mapped already",
			 ioas_size_text(length).text, va);
		return -EEXIST;
	}
	if (!known) {
		ret = area_prepare(space, va, length);
		if (ret < 0)
			return ret;
	}
	return area->fixed ? map_fixed(space, area) : map_chosen(space, area);
}

/* Maps the area for the devices of the space and of its followers; frees it on failure. */
static int
map_for_all(struct ioas *space, struct area *area)
{
	struct family *const family = space->family;
	int ret;

	fork_take_over(family);
	while (!departures_start_map(&family->departures, area->va.first, area->va.last))
		forget_wait(family);
	ret = check_and_map(space, area);
	if (ret < 0) {
		free(area);
		goto out;
	}
	ret = follow_add(space, area);
out:
	departures_end_map(&family->departures);
	forget_report(family);
	history_free_dead(&space->history);
	placement_free_ended(&family->placement);
	return ret;
}

/* Makes an area that is not mapped yet. iova: a fixed IOVA, or NULL. */
static int
make_area(const struct ioas *space, void *va, uint64_t length, const uint64_t *iova,
	  struct area **made)
{
	const uint64_t first = (uintptr_t)va;
	struct area *area;

	if (length == 0 || first + (length - 1) < first ||
	    (iova != NULL && *iova + (length - 1) < *iova)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map 0x%" PRIx64 " bytes at %p: empty, or beyond the last address",
			 length, va);
		return -EINVAL;
	}
	area = calloc(1, sizeof(*area));
	if (area == NULL)
		return ioas_no_memory(&space->log, "map memory");
	area->va.first = first;
	area->va.last = first + (length - 1);
	area->fixed = iova != NULL;
	if (iova != NULL) {
		area->iova.first = *iova;
		area->iova.last = *iova + (length - 1);
	}
	*made = area;
	return 0;
}

static int
map_area(struct ioas *space, void *va, uint64_t length, bool fixed, uint64_t *iova)
{
	const uint64_t start = clock_ns();
	struct area *area = NULL;
	int ret;

	ret = make_area(space, va, length, fixed ? iova : NULL, &area);
	space_lock(space);
	if (ret == 0)
		ret = map_for_all(space, area);
	area_end_placing(space, ret);
	if (ret < 0) {
		stats_failure(space->stats.map_failures, ret);
	} else {
		*iova = area->iova.first;
		stats_call(&space->stats.map, start);
	}
	space_unlock(space);
	return ret;
}

int
ioas_map(struct ioas *space, void *va, uint64_t length, uint64_t *iova)
{
	uint64_t unused;

	return map_area(space, va, length, false, iova != NULL ? iova : &unused);
}

int
ioas_map_fixed(struct ioas *space, void *va, uint64_t length, uint64_t iova)
{
	return map_area(space, va, length, true, &iova);
}
