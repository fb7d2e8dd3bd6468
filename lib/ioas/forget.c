/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <time.h>

#include "area.h"
#include "forget.h"
#include "pieces.h"
#include "show.h"

void
forget_wait(struct family *family)
{
	const struct timespec pause = { .tv_nsec = 10000 };

	family_unlock(family);
	/* Sleeps, because a thread of real-time priority must not starve the thread that it waits for. */
	nanosleep(&pause, NULL);
	family_lock(family);
}

/* Removes a range from an area. If no memory is left, unmaps the area; a copy is unmapped with its origin. */
static void
cut_area(struct ioas *space, struct area *area, uint64_t first, uint64_t last)
{
	/* Without a spare piece more memory is cut. */
	if (space->ledger.spare == NULL)
		pieces_add(&space->ledger, space->family->sys);
	ledger_cut(&space->ledger, area, first, last);
	if (area->pieces == NULL && area->copy.origin == NULL)
		area_remove(space, area);
	else if (area->hidden || departures_have_unshown(&space->family->departures))
		show_area(space, area);
}

static void
cut_space(struct ioas *space, uint64_t first, uint64_t last)
{
	struct area *alias, *next;
	struct piece *piece;

	for (alias = ledger_alias(&space->ledger, first, last, NULL); alias != NULL; alias = next) {
		next = ledger_alias(&space->ledger, first, last, alias);
		cut_area(space, alias, first, last);
	}
	while ((piece = ledger_from_va(&space->ledger, first)) != NULL && piece->va.first <= last)
		cut_area(space, piece->area, first, last);
}

static void
show_range(struct ioas *space, uint64_t first, uint64_t last)
{
	struct piece *piece = ledger_from_va(&space->ledger, first);

	for (; piece != NULL && piece->va.first <= last; piece = ledger_next_va(&space->ledger, piece))
		show_area(space, piece->area);
}

void
forget_cut(struct family *family, uint64_t first, uint64_t last)
{
	for_each_space(space, family)
		cut_space(space, first, last);
	placement_end_regions(&family->placement, first, last);
	area_end_removal(family->root);
}

/* Updates the records after departures. */
static void
follow_departures(struct family *family)
{
	struct departures *const departures = &family->departures;

	departures->silent = true;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		struct departure *const departure = &departures->slots[i];

		if (departure_state(departure) != DEPARTURE_GONE)
			continue;
		forget_cut(family, departure->first, departure->last);
		departure_free(departures, departure);
	}
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		struct departure *const departure = &departures->slots[i];
		struct ioas_range range;

		if (departure_state(departure) != DEPARTURE_KEPT)
			continue;
		range = departure_range(departure);
		departures_begin_change(departures);
		departure_free(departures, departure);
		for_each_space(space, family)
			show_range(space, range.first, range.last);
		departures_end_change(departures);
	}
	departures->silent = false;
}

/* The lock's owner does the work that other threads could not do. So does a thread that finds the lock free. */
static void
try_to_follow(struct family *family)
{
	while (__atomic_load_n(&family->departures.ended, __ATOMIC_SEQ_CST) &&
	       pthread_mutex_trylock(&family->lock) == 0) {
		if (__atomic_exchange_n(&family->departures.ended, false, __ATOMIC_SEQ_CST))
			follow_departures(family);
		pthread_mutex_unlock(&family->lock);
	}
}

void
family_lock(struct family *family)
{
	pthread_mutex_lock(&family->lock);
	if (__atomic_load_n(&family->departures.ended, __ATOMIC_SEQ_CST) &&
	    __atomic_exchange_n(&family->departures.ended, false, __ATOMIC_SEQ_CST))
		follow_departures(family);
}

void
family_unlock(struct family *family)
{
	pthread_mutex_unlock(&family->lock);
	try_to_follow(family);
}

void
forget_report(struct family *family)
{
	struct departures *const departures = &family->departures;

	if (departures->unsaid.error == 0)
		return;
	area_log_lost(family->root, departures->unsaid.length, departures->unsaid.iova, departures->unsaid.error);
	departures->unsaid.error = 0;
}

/* Hides these addresses if a table shows any of them, or may do so in a moment. */
static bool
hide_in_space(struct ioas *space, uint64_t first, uint64_t last, bool unsure)
{
	if (!unsure && !table_any(&space->table, first, last))
		return false;
	hide_range(space, first, last);
	return true;
}

/* The same for all spaces. A space that leaves the family waits for readers; the root does not leave. */
static bool
hide_in_family(struct family *family, uint64_t first, uint64_t last, bool unsure)
{
	struct departures *const departures = &family->departures;
	bool any = false;

	if (__atomic_load_n(&family->spaces, __ATOMIC_SEQ_CST) == family->root)
		return hide_in_space(family->root, first, last, unsure);
	__atomic_fetch_add(&departures->readers, 1, __ATOMIC_SEQ_CST);
	for (struct ioas *space = __atomic_load_n(&family->spaces, __ATOMIC_SEQ_CST); space != NULL;
	     space = __atomic_load_n(&space->next, __ATOMIC_SEQ_CST))
		any = hide_in_space(space, first, last, unsure) || any;
	__atomic_fetch_sub(&departures->readers, 1, __ATOMIC_SEQ_CST);
	return any;
}

unsigned int
ioas_forget_begin(struct ioas *space, const void *va, uint64_t length)
{
	struct family *const family = space->family;
	struct departures *const departures = &family->departures;
	const uint64_t page = family->sys->page() - 1, first = (uintptr_t)va & ~page;
	uint64_t last = (uintptr_t)va + (length - 1);
	struct departure *departure;
	bool unsure;

	if (length == 0)
		return 0;
	/* Whole pages are affected. A range that wraps ends at the last address. */
	last = last < (uintptr_t)va ? UINT64_MAX : last | page;
	departure = departure_begin(departures, first, last, &unsure);
	if (hide_in_family(family, first, last, unsure))
		departure_touch(departure);
	return (unsigned int)(departure - departures->slots) + 1;
}

bool
ioas_forget_end(struct ioas *space, unsigned int token, bool gone)
{
	struct departures *const departures = &space->family->departures;

	if (token == 0 || !departure_end(departures, &departures->slots[token - 1], gone))
		return false;
	try_to_follow(space->family);
	return true;
}

void
forget_gone(const struct ioas_range *range, void *root)
{
	void *const va = (void *)(uintptr_t)range->first;

	ioas_forget_end(root, ioas_forget_begin(root, va, range->last - range->first + 1), true);
}

int
ioas_watch(struct ioas *space, const void *va, uint64_t length, bool shared)
{
	return watch_add(&space->family->watch, (uintptr_t)va, length, shared);
}

uint64_t
ioas_lookup_or_wait(struct ioas *space, const void *va)
{
	const uint64_t addr = (uintptr_t)va;
	uint64_t iova = IOAS_BAD_IOVA;
	const struct piece *piece;

	space_lock(space);
	while (departures_are_leaving(&space->family->departures, addr, addr))
		forget_wait(space->family);
	piece = ledger_from_va(&space->ledger, addr);
	if (piece != NULL && piece->va.first <= addr) {
		iova = piece->area->iova.first + (addr - piece->area->va.first);
		show_area(space, piece->area);
	}
	space_unlock(space);
	return iova;
}
