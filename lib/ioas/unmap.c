/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>

#include "area.h"
#include "clock.h"
#include "stats.h"

static int
refuse_range(struct ioas *space, uint64_t first, uint64_t length)
{
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot unmap 0x%" PRIx64 " bytes at 0x%" PRIx64 ": empty, or beyond the last "
		 "address", length, first);
	return -EINVAL;
}

/* Counts a call that has removed so many areas, or failed. */
static void
end_unmap(struct ioas *space, uint64_t start, int ret)
{
	if (ret < 0)
		stats_failure(space->stats.unmap_failures, ret);
	else if (ret > 0)
		stats_call(&space->stats.unmap, start);
}

static bool
crosses(struct ioas_range range, uint64_t first, uint64_t last)
{
	return range.first <= last && range.last >= first &&
	       (range.first < first || range.last > last);
}

static int
refuse_part(struct ioas *space, const struct area *area)
{
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot unmap a part of the area at 0x%" PRIx64 "-0x%" PRIx64
		 ": an area is unmapped whole", area->va.first, area->va.last);
	return -EBUSY;
}

/* Refuses if an area has memory on both sides of a border of [first, last]. */
static int
check_va(struct ioas *space, uint64_t first, uint64_t last)
{
	const struct piece *piece = ledger_from_va(&space->ledger, first);

	for (; piece != NULL && piece->va.first <= last; piece = ledger_next_va(&space->ledger, piece)) {
		const struct area *const area = piece->area;

		if (area->copy.origin == NULL && crosses(ledger_live(area), first, last))
			return refuse_part(space, area);
	}
	for (const struct area *alias = ledger_alias(&space->ledger, first, last, NULL); alias != NULL;
	     alias = ledger_alias(&space->ledger, first, last, alias))
		if (alias->copy.origin == NULL && crosses(ledger_live(alias), first, last))
			return refuse_part(space, alias);
	return 0;
}

/* What came from the space that this one follows stays. Returns how many areas were removed. */
static int
remove_own(struct ioas *space, struct area *area)
{
	if (area->copy.origin != NULL)
		return 0;
	area_remove(space, area);
	return 1;
}

int
ioas_unmap(struct ioas *space, const void *va, uint64_t length)
{
	const uint64_t first = (uintptr_t)va, last = first + (length - 1);
	const uint64_t start = clock_ns();
	struct area *area, *next;
	struct piece *piece;
	uint64_t from = first;
	int ret;

	space_lock(space);
	ret = length == 0 || last < first ? refuse_range(space, first, length)
					  : check_va(space, first, last);
	if (ret < 0)
		goto out_unlock;
	for (area = ledger_alias(&space->ledger, first, last, NULL); area != NULL; area = next) {
		next = ledger_alias(&space->ledger, first, last, area);
		/* A copy may have lost its memory before its origin has. */
		if (area->copy.origin == NULL && ledger_live(area).first >= first && ledger_live(area).last <= last)
			ret += remove_own(space, area);
	}
	/* An area takes all of its pieces with it: the search begins behind the piece that was found. */
	while ((piece = ledger_from_va(&space->ledger, from)) != NULL && piece->va.first <= last) {
		from = piece->va.last;
		ret += remove_own(space, piece->area);
		if (from++ == UINT64_MAX)
			break;
	}
	area_end_removal(space);
out_unlock:
	end_unmap(space, start, ret);
	history_free_dead(&space->ledger.history);
	space_unlock(space);
	return ret;
}

int
ioas_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length)
{
	const uint64_t last = iova + (length - 1), ends[] = { iova, last };
	const uint64_t start = clock_ns();
	struct area *area, *next;
	int ret = 0;

	space_lock(space);
	if (length == 0 || last < iova) {
		ret = refuse_range(space, iova, length);
		goto out_unlock;
	}
	for (unsigned int i = 0; i < 2; i++) {
		area = ledger_from_iova(&space->ledger, ends[i]);
		if (area != NULL && area->copy.origin == NULL &&
		    crosses((struct ioas_range){ area->iova.first, area->iova.last }, iova, last)) {
			ret = refuse_part(space, area);
			goto out_unlock;
		}
	}
	for (area = ledger_from_iova(&space->ledger, iova); area != NULL && area->iova.last <= last;
	     area = next) {
		next = ledger_next(&space->ledger, area);
		ret += remove_own(space, area);
	}
	area_end_removal(space);
out_unlock:
	end_unmap(space, start, ret);
	history_free_dead(&space->ledger.history);
	space_unlock(space);
	return ret;
}
