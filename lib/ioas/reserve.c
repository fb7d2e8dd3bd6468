/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "ranges.h"

/* Places a reservation, and frees it on failure. */
static int
reserve_iovas(struct ioas *space, uint64_t first, uint64_t last, bool passing)
{
	struct region *const region = calloc(1, sizeof(*region));
	int ret;

	if (region == NULL)
		return ioas_no_memory(&space->log, "reserve IOVAs");
	region->va.first = first;
	region->va.last = last;
	region->passing = passing;
	ret = placement_reserve(&space->family->placement, region);
	if (ret == 0)
		ioas_log(&space->log, IOAS_LOG_DEBUG,
			 "kept IOVAs 0x%" PRIx64 "-0x%" PRIx64 " for addresses from 0x%" PRIx64,
			 region->place.first, region->place.last, first);
	else
		free(region);
	return ret;
}

int
ioas_reserve(struct ioas *space, const void *va, uint64_t length)
{
	const uint64_t first = (uintptr_t)va, last = first + (length - 1);
	int ret;

	if (length == 0 || !ranges_are_pages(first, last)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve for 0x%" PRIx64 " bytes at %p: empty, not aligned to 4 KiB, "
			 "or beyond the last address", length, va);
		return -EINVAL;
	}
	space_lock(space);
	ret = reserve_iovas(space, first, last, false);
	if (ret == -EEXIST)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve for 0x%" PRIx64 " bytes at %p: it overlaps with an earlier "
			 "range", length, va);
	space_unlock(space);
	return ret;
}

int
ioas_reserve_around(struct ioas *space, const void *va, struct ioas_range range)
{
	const uint64_t addr = (uintptr_t)va;
	int ret = 0;

	if (!ranges_are_pages(range.first, range.last) || addr < range.first || addr > range.last) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve around %p: it is not in the range 0x%" PRIx64 "-0x%" PRIx64 ", or the range is "
			 "not aligned to 4 KiB", va, range.first, range.last);
		return -EINVAL;
	}
	space_lock(space);
	if (placement_unreserved(&space->family->placement, addr, &range))
		ret = reserve_iovas(space, range.first, range.last, true);
	space_unlock(space);
	return ret;
}
