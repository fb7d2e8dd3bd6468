/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"
#include "follow.h"
#include "members.h"
#include "pieces.h"

void
follow_leave(struct ioas *space)
{
	struct placement *const placement = &space->family->placement;

	space_lock(space);
	members_leave(space);
	for (struct area *area = ledger_from_iova(&space->ledger, 0); area != NULL;
	     area = ledger_next(&space->ledger, area)) {
		if (area->copy.origin != NULL)
			area_unlink(area);
		placement_release(placement, area);
	}
	history_clear(&space->history);
	space_unlock(space);
}

/* The IOVA of a copy: that of its origin, or if that is not possible, another one. */
static int
choose_iova(struct ioas *space, const struct area *origin, uint64_t *iova)
{
	const uint64_t va = origin->va.first, length = tree_length(&origin->va);
	struct ioas_range hole;

	*iova = origin->iova.first;
	if (!usable_hole(&space->own, *iova, origin->iova.last, &hole) &&
	    ledger_user(&space->ledger, *iova, origin->iova.last) == NULL)
		return 0;
	if (space->same_iova) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot have %s at IOVA 0x%" PRIx64 " as other devices have: a device reserves "
			 "these IOVAs, or other memory is mapped there: attach the device before memory "
			 "is mapped, or keep them free with a window", ioas_size_text(length).text,
			 *iova);
		return -EADDRINUSE;
	}
	if (area_place(space, va, length, UINT64_MAX, iova))
		return 0;
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot map %s at 0x%" PRIx64 " for another device: no free range of IOVAs is that "
		 "long: use less memory or a larger window", ioas_size_text(length).text, va);
	return -ENOSPC;
}

static int
make_copy(struct ioas *space, struct area *origin, struct area *copy)
{
	const uint64_t va = origin->va.first, length = tree_length(&origin->va);
	int ret;

	ret = choose_iova(space, origin, &copy->iova.first);
	if (ret < 0)
		return ret;
	copy->iova.last = copy->iova.first + (length - 1);
	if (!pieces_prepare_copy(&space->ledger, space->family->sys, origin))
		return ioas_no_memory(&space->log, "map for another device");
	for (const struct piece *piece = origin->pieces; ret == 0 && piece != NULL; piece = piece->next)
		if (tree_is_free(&space->ledger.by_va, piece->va.first, piece->va.last))
			ret = area_prepare(space, piece->va.first, tree_length(&piece->va));
	if (ret < 0)
		return ret;
	ret = space->backend->ops->copy(space->backend, space->family->root->backend, origin->iova.first,
					length, copy->iova.first);
	if (ret < 0)
		area_log_failure(space, va, length, ret);
	return ret;
}

static int
copy_area(struct ioas *space, struct area *origin)
{
	struct area *const copy = calloc(1, sizeof(*copy));
	int ret;

	if (copy == NULL)
		return ioas_no_memory(&space->log, "map for another device");
	copy->va.first = origin->va.first;
	copy->va.last = origin->va.last;
	ret = make_copy(space, origin, copy);
	if (ret < 0) {
		free(copy);
		return ret;
	}
	copy->fixed = origin->fixed && copy->iova.first == origin->iova.first;
	copy->copy.origin = origin;
	copy->copy.space = space;
	copy->copy.next = origin->copies;
	origin->copies = copy;
	area_add(space, copy);
	area_show(space, copy);
	return 0;
}

/* Copies an area of the root to all followers. On failure earlier copies stay. */
static int
copy_to_all(struct family *family, struct area *area)
{
	int ret = 0;

	for_each_space(space, family)
		if (ret == 0 && space->joined)
			ret = copy_area(space, area);
	return ret;
}

int
follow_add(struct ioas *space, struct area *area)
{
	int ret;

	area_add(space, area);
	ret = space_follows(space) ? 0 : copy_to_all(space->family, area);
	if (ret < 0)
		area_undo(space, area);
	else
		area_show(space, area);
	return ret;
}

int
follow_copy_all(struct ioas *space)
{
	const struct ledger *const from = &space->family->root->ledger;
	int ret = 0;

	/* Aliases come last, so that an alias in the root becomes an alias here. */
	for (unsigned int alias = 0; alias < 2; alias++)
		for (struct area *area = ledger_from_iova(from, 0); ret == 0 && area != NULL;
		     area = ledger_next(from, area))
			if (area->alias == (alias == 1))
				ret = copy_area(space, area);
	return ret;
}

void
follow_drop_all(struct ioas *space)
{
	struct area *area = ledger_from_iova(&space->ledger, 0), *next;

	for (; area != NULL; area = next) {
		next = ledger_next(&space->ledger, area);
		if (area->copy.origin != NULL)
			area_undo(space, area);
	}
}
