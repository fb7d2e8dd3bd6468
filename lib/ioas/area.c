/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "area.h"
#include "show.h"
#include "stats.h"

int
area_prepare(struct ioas *space, uint64_t va, uint64_t length)
{
	int ret;

	pthread_mutex_lock(&space->table.lock);
	ret = table_prepare(&space->table, va, length);
	pthread_mutex_unlock(&space->table.lock);
	if (ret == -ERANGE)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": the address lies beyond the user address space",
			 ioas_size_text(length).text, va);
	else if (ret < 0)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": no memory for the lookup table: %s",
			 ioas_size_text(length).text, va, table_explain(ret));
	return ret == -EAGAIN ? -ENOMEM : ret;
}

/* Halves the quarantine; false if it is empty. */
static bool
halve_quarantine(struct family *family)
{
	bool any = false;

	for_each_space(space, family) {
		struct history *const history = &space->history;

		any = any || history->oldest_held != NULL;
		history_release(history, history->held_bytes / 2);
	}
	return any;
}

bool
area_place(struct ioas *space, uint64_t va, uint64_t length, uint64_t page, uint64_t *iova)
{
	struct placement *const placement = &space->family->placement;
	bool found = placement_find(placement, va, length, page, iova);

	if (found || !placement_is_long(placement, length))
		return found;
	while (!found && halve_quarantine(space->family))
		found = placement_find(placement, va, length, page, iova);
	return found;
}

/* Settles the releases of one space. Returns whether any IOVAs left the quarantine other than by a fixed map. */
static bool
settle_history(struct history *history, int ret)
{
	if (ret == 0)
		return history_settle(history);
	history_take_back(history);
	return false;
}

void
area_end_placing(struct ioas *space, int ret)
{
	bool any = false;

	for_each_space(each, space->family)
		any = settle_history(&each->history, ret) || any;
	if (any)
		ioas_log(&space->family->root->log, IOAS_LOG_WARNING,
			 "no other IOVAs are free: those that have been in quarantine for longest are "
			 "used again: choose a smaller quarantine, or a larger window");
}

void
area_add(struct ioas *space, struct area *area)
{
	struct family *const family = space->family;

	area->process = family->processes.self;
	history_reuse(&space->history, area->iova.first, area->iova.last);
	ledger_add(&space->ledger, area);
	placement_take(&family->placement, area);
}

void
area_show(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);

	show_area(space, area);
	ioas_log(&space->log, IOAS_LOG_DEBUG, "mapped %s at 0x%" PRIx64 " to IOVA 0x%" PRIx64 "%s",
		 ioas_size_text(length).text, va, area->iova.first, area->fixed ? " (fixed)" : "");
}

void
area_unlink(struct area *copy)
{
	struct area **link = &copy->copy.origin->copies;

	while (*link != copy)
		link = &(*link)->copy.next;
	*link = copy->copy.next;
	copy->copy.origin = NULL;
}

/* Hides an area from lookups. This hides its aliases too, although their memory is still mapped. */
static void
hide_area(struct ioas *space, const struct area *area)
{
	if (area->alias)
		return;
	if (ledger_alias(&space->ledger, area->va.first, area->va.last, NULL) != NULL)
		departures_set_unshown(&space->family->departures);
	for (const struct piece *piece = area->pieces; piece != NULL; piece = piece->next)
		hide_range(space, piece->va.first, piece->va.last);
}

void
area_log_lost(const struct ioas *space, uint64_t length, uint64_t iova, int error)
{
	ioas_log(&space->log, IOAS_LOG_ERR, "cannot unmap %s at IOVA 0x%" PRIx64 ": %s: the IOVAs are lost",
		 ioas_size_text(length).text, iova, strerror(-error));
}

/* Unmaps an area; false if the kernel refuses, and the IOVAs are lost. */
static bool
unmap_area(struct ioas *space, struct area *area)
{
	const uint64_t length = tree_length(&area->va);
	struct family *const family = space->family;
	struct departures *const departures = &family->departures;
	int ret;

	if (area->copy.origin != NULL)
		area_unlink(area);
	/* The area belongs to the parent of a fork, or to another child, that is alive. */
	if (!processes_own(&family->processes, area->process)) {
		placement_release(&family->placement, area);
		ledger_lose(&space->ledger, area);
		area->left = true;
		family->processes.left++;
		return false;
	}
	/* The ledger knows exactly what the kernel has mapped, so this should not fail. If it does, the IOVAs
	 * are not chosen again. */
	ret = space->backend->ops->unmap(space->backend, area->va.first, length, area->iova.first);
	if (ret < 0) {
		stats_failure(space->stats.unmap_failures, ret);
		placement_release(&family->placement, area);
		if (departures->silent) {
			departures->unsaid.error = ret;
			departures->unsaid.iova = area->iova.first;
			departures->unsaid.length = length;
		} else {
			area_log_lost(space, length, area->iova.first, ret);
		}
		ledger_lose(&space->ledger, area);
		return false;
	}
	ledger_remove(&space->ledger, area);
	if (!departures->silent)
		ioas_log(&space->log, IOAS_LOG_DEBUG, "unmapped %s at 0x%" PRIx64 ", IOVA 0x%" PRIx64,
			 ioas_size_text(length).text, area->va.first, area->iova.first);
	return true;
}

void
area_remove(struct ioas *space, struct area *area)
{
	hide_area(space, area);
	while (area->copies != NULL)
		area_remove(area->copies->copy.space, area->copies);
	if (unmap_area(space, area))
		history_add(&space->history, area);
}

void
area_end_removal(struct ioas *space)
{
	/* An unmap in the root also removed copies in all followers. */
	for_each_space(each, space->family)
		if (each == space || !space_follows(space))
			history_end_call(&each->history);
}

void
area_undo(struct ioas *space, struct area *area)
{
	hide_area(space, area);
	while (area->copies != NULL)
		area_undo(area->copies->copy.space, area->copies);
	if (!unmap_area(space, area))
		return;
	placement_release(&space->family->placement, area);
	free(area);
}

struct ioas_area
area_public(const struct area *area)
{
	return (struct ioas_area){
		.va = (void *)(uintptr_t)area->va.first,
		.iova = area->iova.first,
		.length = tree_length(&area->va),
		.fixed = area->fixed,
		.copy = area->copy.origin != NULL,
	};
}

void
area_log_failure(const struct ioas *space, uint64_t va, uint64_t length, int error)
{
	const struct ioas_size_text size = ioas_size_text(length);
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (error == -ENOMEM && limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur < space->ledger.bytes + length)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": RLIMIT_MEMLOCK is %s, %s is needed: raise "
			 "it with `ulimit -l` or LimitMEMLOCK=, or use less memory", size.text, va,
			 ioas_size_text(limit.rlim_cur).text,
			 ioas_size_text(space->ledger.bytes + length).text);
	else if (error == -ENOMEM)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": not enough memory, or RLIMIT_MEMLOCK of "
			 "this user is used up by other processes: raise it with `ulimit -l`",
			 size.text, va);
	else if (error == -EFAULT)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": it is not readable and writable memory of "
			 "this process%s", size.text, va, space->backend->ops->unmappable);
	else if (error == -ENOSPC && space->backend->ops->full != NULL)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": the kernel takes no more maps than the %"
			 PRIu64 " that there are: %s", size.text, va, space->ledger.areas,
			 space->backend->ops->full);
	else
		ioas_log(&space->log, IOAS_LOG_ERR, "cannot map %s at 0x%" PRIx64 ": %s", size.text,
			 va, strerror(-error));
}
