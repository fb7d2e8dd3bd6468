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

/* Copies stay. Returns the number of removed areas. */
static int
remove_own(struct ioas *space, struct area *area)
{
	if (area->copy.origin != NULL)
		return 0;
	area_remove(space, area);
	return 1;
}

static int
unmap_addresses(struct ioas *space, uint64_t first, uint64_t last)
{
	struct area *area, *next;
	struct piece *piece;
	uint64_t from = first;
	int ret;

	ret = check_va(space, first, last);
	if (ret < 0)
		return ret;
	for (area = ledger_alias(&space->ledger, first, last, NULL); area != NULL; area = next) {
		next = ledger_alias(&space->ledger, first, last, area);
		/* A copy may have lost its memory before its origin. */
		if (area->copy.origin == NULL && ledger_live(area).first >= first && ledger_live(area).last <= last)
			ret += remove_own(space, area);
	}
	/* An area is removed with all of its pieces: search again behind the piece that was found. */
	while ((piece = ledger_from_va(&space->ledger, from)) != NULL && piece->va.first <= last) {
		from = piece->va.last;
		ret += remove_own(space, piece->area);
		if (from++ == UINT64_MAX)
			break;
	}
	return ret;
}

static int
unmap_iovas(struct ioas *space, uint64_t first, uint64_t last)
{
	const uint64_t ends[] = { first, last };
	struct area *area, *next;
	int ret = 0;

	for (unsigned int i = 0; i < 2; i++) {
		area = ledger_from_iova(&space->ledger, ends[i]);
		if (area != NULL && area->copy.origin == NULL &&
		    crosses((struct ioas_range){ area->iova.first, area->iova.last }, first, last))
			return refuse_part(space, area);
	}
	for (area = ledger_from_iova(&space->ledger, first); area != NULL && area->iova.last <= last; area = next) {
		next = ledger_next(&space->ledger, area);
		ret += remove_own(space, area);
	}
	return ret;
}

/* Removes the areas of a range with unmap, as one call. Returns the number of areas. */
static int
unmap_range(struct ioas *space, uint64_t first, uint64_t length,
	    int (*unmap)(struct ioas *space, uint64_t first, uint64_t last))
{
	const uint64_t last = first + (length - 1), start = clock_ns();
	int ret;

	space_lock(space);
	ret = length == 0 || last < first ? refuse_range(space, first, length) : unmap(space, first, last);
	if (ret >= 0)
		area_end_removal(space);
	if (ret < 0)
		stats_failure(space->stats.unmap_failures, ret);
	else if (ret > 0)
		stats_call(&space->stats.unmap, start);
	history_free_dead(&space->history);
	space_unlock(space);
	return ret;
}

int
ioas_unmap(struct ioas *space, const void *va, uint64_t length)
{
	return unmap_range(space, (uintptr_t)va, length, unmap_addresses);
}

int
ioas_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length)
{
	return unmap_range(space, iova, length, unmap_iovas);
}
