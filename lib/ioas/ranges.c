/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "members.h"
#include "ranges.h"

int
ranges_read(const struct ioas *space, struct usable *usable)
{
	unsigned int room = 8;
	int n;

	for (;;) {
		*usable = (struct usable){
			.ranges = calloc(room, sizeof(*usable->ranges)),
			.pages = calloc(room, sizeof(*usable->pages)),
		};
		n = -ENOMEM;
		if (usable->ranges != NULL && usable->pages != NULL)
			n = space->backend->ops->ranges(space->backend, usable->ranges, usable->pages,
							room, &usable->alignment);
		if (n >= 0 && (unsigned int)n <= room)
			break;
		usable_free(usable);
		if (n < 0) {
			ioas_log(&space->log, IOAS_LOG_ERR, "cannot read the usable IOVA ranges: %s",
				 strerror(-n));
			return n;
		}
		room = n;
	}
	usable->n = n;
	if (usable->alignment < 4096)
		usable->alignment = 4096;
	usable_leave_out_last_page(usable);
	return 0;
}

void
ranges_restore(struct ioas *space, struct old_ranges *old)
{
	usable_free(&space->own);
	space->own = old->own;
	usable_free(&space->family->placement.usable);
	space->family->placement.usable = old->all;
}

void
ranges_free_old(struct old_ranges *old)
{
	usable_free(&old->own);
	usable_free(&old->all);
}

int
ranges_refresh(struct ioas *space, struct old_ranges *old)
{
	struct placement *const placement = &space->family->placement;
	struct usable own, all;
	int ret;

	ret = ranges_read(space, &own);
	if (ret < 0)
		return ret;
	old->own = space->own;
	space->own = own;
	ret = members_intersect(space->family, &all);
	if (ret < 0) {
		space->own = old->own;
		usable_free(&own);
		return ioas_no_memory(&space->log, "keep the usable IOVA ranges");
	}
	old->all = placement->usable;
	placement->usable = all;
	return 0;
}

void
ranges_widen(struct ioas *space)
{
	struct old_ranges old;

	if (ranges_refresh(space, &old) == 0)
		ranges_free_old(&old);
}

bool
ranges_are_pages(uint64_t first, uint64_t last)
{
	return last >= first && (first & 4095) == 0 && (last & 4095) == 4095;
}

bool
ranges_hole(const struct ioas *space, uint64_t iova, uint64_t last, struct ioas_range *hole)
{
	const struct tree_node *lost;

	if (iova == 0) {
		*hole = (struct ioas_range){ 0, space_usable(space)->alignment - 1 };
		return true;
	}
	if (usable_hole(space_usable(space), iova, last, hole))
		return true;
	lost = tree_from(&space->ledger.lost, iova);
	if (lost == NULL || lost->first > last)
		return false;
	*hole = (struct ioas_range){ lost->first, lost->last };
	return true;
}

int
ioas_check_fixed(struct ioas *space, uint64_t iova, uint64_t length, struct ioas_range *hole)
{
	struct ioas_range unused;
	bool found;

	if (length == 0 || iova + (length - 1) < iova) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot check 0x%" PRIx64 " bytes at IOVA 0x%" PRIx64 ": empty, or beyond "
			 "the last one", length, iova);
		return -EINVAL;
	}
	space_lock(space);
	found = ranges_hole(space, iova, iova + (length - 1), hole != NULL ? hole : &unused);
	space_unlock(space);
	return found ? -ERANGE : 0;
}

unsigned int
ioas_ranges(struct ioas *space, struct ioas_range *ranges, unsigned int n)
{
	unsigned int total;

	space_lock(space);
	total = space_usable(space)->n;
	for (unsigned int i = 0; ranges != NULL && i < n && i < total; i++)
		ranges[i] = space_usable(space)->ranges[i];
	space_unlock(space);
	return total;
}
