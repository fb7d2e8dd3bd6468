/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "area.h"

/* Spare pieces come in slabs; the first place holds the link to the next slab. */
#define SLAB_SIZE (UINT64_C(64) << 10)
#define SLAB_PIECES (SLAB_SIZE / sizeof(struct piece) - 1)

static bool
overlaps(uint64_t first, uint64_t last, uint64_t other_first, uint64_t other_last)
{
	return first <= other_last && last >= other_first;
}

static enum departure_state
state_of(const struct departure *departure)
{
	return __atomic_load_n(&departure->state, __ATOMIC_SEQ_CST);
}

static void
set_state(struct departure *departure, enum departure_state state)
{
	__atomic_store_n(&departure->state, state, __ATOMIC_SEQ_CST);
}

/* Others read a range in any state but CLAIMED; it may be another departure's by then, whose state they see. */
static struct ioas_range
range_of(const struct departure *departure)
{
	return (struct ioas_range){ __atomic_load_n(&departure->first, __ATOMIC_RELAXED),
				    __atomic_load_n(&departure->last, __ATOMIC_RELAXED) };
}

static void
free_slot(struct departures *departures, struct departure *departure)
{
	set_state(departure, DEPARTURE_FREE);
	__atomic_fetch_sub(&departures->used, 1, __ATOMIC_SEQ_CST);
}

static bool
is_of(const struct departure *departure, uint64_t first, uint64_t last)
{
	const struct ioas_range range = range_of(departure);

	return overlaps(first, last, range.first, range.last);
}

/* Whether memory of the range is on its way, or the records do not know yet that it has gone. */
static bool
is_leaving(const struct departures *departures, uint64_t first, uint64_t last)
{
	if (__atomic_load_n(&departures->used, __ATOMIC_SEQ_CST) == 0)
		return false;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		const struct departure *const departure = &departures->slots[i];
		const enum departure_state state = state_of(departure);

		if (state >= DEPARTURE_PENDING && state <= DEPARTURE_GONE && is_of(departure, first, last))
			return true;
	}
	return false;
}

/* It has to tell the records what has become of its memory. False: it has ended before. */
static bool
make_touching(struct departure *departure)
{
	enum departure_state state = DEPARTURE_PENDING;

	return __atomic_compare_exchange_n(&departure->state, &state, DEPARTURE_TOUCHING, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) || state >= DEPARTURE_TOUCHING;
}

/* With the space locked: whether lookups must not find the range now. All departures that are the reason
 * know afterwards that there is memory in the range; they stay in use until the lock is given back. */
static bool
is_withheld(struct departures *departures, uint64_t first, uint64_t last)
{
	bool withheld = false;

	if (__atomic_load_n(&departures->used, __ATOMIC_SEQ_CST) == 0)
		return false;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		struct departure *const departure = &departures->slots[i];

		/* Once it touches memory its range does not change, so it is looked at again. */
		if (state_of(departure) >= DEPARTURE_PENDING && is_of(departure, first, last) &&
		    make_touching(departure))
			withheld = is_of(departure, first, last) || withheld;
	}
	return withheld;
}

/* Tables change in a way that a departure cannot tell from one that it need not know of. */
static void
begin_change(struct departures *departures)
{
	__atomic_fetch_add(&departures->changing, 1, __ATOMIC_SEQ_CST);
}

static void
end_change(struct departures *departures)
{
	__atomic_fetch_sub(&departures->changing, 1, __ATOMIC_SEQ_CST);
}

/* Whether memory may be mapped that the tables do not show. */
static bool
is_unsettled(const struct departures *departures)
{
	return __atomic_load_n(&departures->changing, __ATOMIC_SEQ_CST) != 0 ||
	       __atomic_load_n(&departures->unshown, __ATOMIC_SEQ_CST);
}

void
forget_set_unshown(struct family *family)
{
	__atomic_store_n(&family->departures.unshown, true, __ATOMIC_SEQ_CST);
}

bool
forget_start_map(struct family *family, uint64_t first, uint64_t last)
{
	struct departures *const departures = &family->departures;

	__atomic_store_n(&departures->mapping.first, first, __ATOMIC_SEQ_CST);
	__atomic_store_n(&departures->mapping.last, last, __ATOMIC_SEQ_CST);
	if (!is_leaving(departures, first, last))
		return true;
	forget_end_map(family);
	return false;
}

void
forget_end_map(struct family *family)
{
	__atomic_store_n(&family->departures.mapping.last, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&family->departures.mapping.first, UINT64_MAX, __ATOMIC_SEQ_CST);
}

void
forget_wait(struct family *family)
{
	const struct timespec pause = { .tv_nsec = 10000 };

	family_unlock(family);
	/* A thread of real-time priority must not keep away the one that it waits for. */
	nanosleep(&pause, NULL);
	family_lock(family);
}

/* Whether other areas show all the addresses of an alias. */
static bool
is_covered(const struct ledger *ledger, const struct area *alias)
{
	const struct piece *piece = ledger_from_va(ledger, alias->va.first);
	uint64_t first = alias->va.first;

	for (; piece != NULL && piece->va.first <= first; piece = ledger_next_va(ledger, piece)) {
		if (piece->va.last >= alias->va.last)
			return true;
		first = piece->va.last + 1;
	}
	return false;
}

void
forget_show(struct ioas *space, struct area *area)
{
	struct departures *const departures = &space->family->departures;

	if (area->alias) {
		if (!is_covered(&space->ledger, area))
			forget_set_unshown(space->family);
		return;
	}
	begin_change(departures);
	pthread_mutex_lock(&space->table.lock);
	area->hidden = false;
	for (const struct piece *piece = area->pieces; piece != NULL; piece = piece->next) {
		const uint64_t first = piece->va.first, length = tree_length(&piece->va);

		/* It is looked at again when the departure has ended. */
		if (is_withheld(departures, first, piece->va.last))
			area->hidden = true;
		/* A cut piece needs details where the whole area needed none. */
		else if (ledger_is_cut(area) && table_prepare(&space->table, first, length) < 0)
			forget_set_unshown(space->family);
		else
			table_set(&space->table, first, length,
				  area->iova.first + (first - area->va.first));
	}
	pthread_mutex_unlock(&space->table.lock);
	end_change(departures);
}

void
forget_hide(struct ioas *space, uint64_t first, uint64_t last)
{
	struct departures *const departures = &space->family->departures;

	begin_change(departures);
	pthread_mutex_lock(&space->table.lock);
	if (!table_clear(&space->table, first, last))
		forget_set_unshown(space->family);
	pthread_mutex_unlock(&space->table.lock);
	end_change(departures);
}

/* Adds spare pieces, if the kernel has memory. */
static bool
refill(struct ioas *space)
{
	struct piece *slab;
	int error;

	slab = space->table.sys->reserve(SLAB_SIZE, PROT_READ | PROT_WRITE, &error);
	if (slab == NULL)
		return false;
	slab->next = space->slabs;
	space->slabs = slab;
	for (uint64_t i = 1; i <= SLAB_PIECES; i++) {
		slab[i].next = space->ledger.spare;
		space->ledger.spare = &slab[i];
	}
	return true;
}

bool
forget_prepare_copy(struct ioas *space, const struct area *origin)
{
	uint64_t wanted = 0, spare = 0;

	for (const struct piece *piece = origin->pieces->next; piece != NULL; piece = piece->next)
		wanted++;
	for (const struct piece *piece = space->ledger.spare; piece != NULL && spare < wanted; piece = piece->next)
		spare++;
	for (; spare < wanted; spare += SLAB_PIECES)
		if (!refill(space))
			return false;
	return true;
}

void
forget_free_slabs(struct ioas *space)
{
	while (space->slabs != NULL) {
		struct piece *const slab = space->slabs;

		space->slabs = slab->next;
		space->table.sys->unreserve(slab, SLAB_SIZE);
	}
}

/* Takes a range out of an area; what has no memory any more is unmapped, a copy with its origin. */
static void
cut(struct ioas *space, struct area *area, uint64_t first, uint64_t last)
{
	/* Without a spare piece more is cut. */
	if (space->ledger.spare == NULL)
		refill(space);
	ledger_cut(&space->ledger, area, first, last);
	if (area->pieces == NULL && area->copy.origin == NULL)
		area_remove(space, area);
	else if (area->hidden || __atomic_load_n(&space->family->departures.unshown, __ATOMIC_SEQ_CST))
		forget_show(space, area);
}

static void
cut_all(struct ioas *space, uint64_t first, uint64_t last)
{
	struct area *alias, *next;
	struct piece *piece;

	for (alias = ledger_alias(&space->ledger, first, last, NULL); alias != NULL; alias = next) {
		next = ledger_alias(&space->ledger, first, last, alias);
		cut(space, alias, first, last);
	}
	while ((piece = ledger_from_va(&space->ledger, first)) != NULL && piece->va.first <= last)
		cut(space, piece->area, first, last);
}

static void
show_all(struct ioas *space, uint64_t first, uint64_t last)
{
	struct piece *piece = ledger_from_va(&space->ledger, first);

	for (; piece != NULL && piece->va.first <= last; piece = ledger_next_va(&space->ledger, piece))
		forget_show(space, piece->area);
}

void
forget_cut(struct family *family, uint64_t first, uint64_t last)
{
	for_each_space(space, family)
		cut_all(space, first, last);
	placement_end_regions(&family->placement, first, last);
	area_end_removal(family->root);
}

void
forget_reset(struct family *family)
{
	struct departures *const departures = &family->departures;

	/* What had gone but was not followed yet is no memory of the child either. */
	for (unsigned int i = 0; i < DEPARTURES; i++)
		set_state(&departures->slots[i], DEPARTURE_FREE);
	departures->used = departures->readers = departures->changing = 0;
	departures->ended = departures->unshown = false;
	forget_end_map(family);
}

/* Has the records follow what has left or stayed. */
static void
follow_departures(struct family *family)
{
	struct departures *const departures = &family->departures;

	departures->silent = true;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		struct departure *const departure = &departures->slots[i];

		if (state_of(departure) != DEPARTURE_GONE)
			continue;
		forget_cut(family, departure->first, departure->last);
		free_slot(departures, departure);
	}
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		struct departure *const departure = &departures->slots[i];
		struct ioas_range range;

		if (state_of(departure) != DEPARTURE_KEPT)
			continue;
		range = range_of(departure);
		begin_change(departures);
		free_slot(departures, departure);
		for_each_space(space, family)
			show_all(space, range.first, range.last);
		end_change(departures);
	}
	departures->silent = false;
}

/* The holder of the lock does what others could not do; so does who finds the lock free. */
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

/* A free slot, which is this thread's then. Threads begin to look at different places. */
static struct departure *
claim_slot(struct departures *departures)
{
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0) >> 12;

	for (unsigned int i = 0;; i++) {
		struct departure *const slot = &departures->slots[(here + i) % DEPARTURES];
		enum departure_state state = DEPARTURE_FREE;

		if (i > 0 && i % DEPARTURES == 0)
			sched_yield();
		if (state_of(slot) != DEPARTURE_FREE ||
		    !__atomic_compare_exchange_n(&slot->state, &state, DEPARTURE_CLAIMED, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		__atomic_fetch_add(&departures->used, 1, __ATOMIC_SEQ_CST);
		return slot;
	}
}

/* Hides these addresses if a table shows any of them, or may show them in a moment. */
static bool
hide(struct ioas *space, uint64_t first, uint64_t last, bool unsure)
{
	if (!unsure && !table_any(&space->table, first, last))
		return false;
	forget_hide(space, first, last);
	return true;
}

/* The same for all spaces. A space that leaves waits for readers; the root does not leave. */
static bool
hide_in_family(struct family *family, uint64_t first, uint64_t last, bool unsure)
{
	struct departures *const departures = &family->departures;
	bool any = false;

	if (__atomic_load_n(&family->spaces, __ATOMIC_SEQ_CST) == family->root)
		return hide(family->root, first, last, unsure);
	__atomic_fetch_add(&departures->readers, 1, __ATOMIC_SEQ_CST);
	for (struct ioas *space = __atomic_load_n(&family->spaces, __ATOMIC_SEQ_CST); space != NULL;
	     space = __atomic_load_n(&space->next, __ATOMIC_SEQ_CST))
		any = hide(space, first, last, unsure) || any;
	__atomic_fetch_sub(&departures->readers, 1, __ATOMIC_SEQ_CST);
	return any;
}

static bool
is_being_mapped(const struct departures *departures, uint64_t first, uint64_t last)
{
	return overlaps(first, last, __atomic_load_n(&departures->mapping.first, __ATOMIC_SEQ_CST),
			__atomic_load_n(&departures->mapping.last, __ATOMIC_SEQ_CST));
}

/* Whether another departure may be the reason why the tables do not show the memory of this one. */
static bool
meets_another(const struct departures *departures, const struct departure *departure)
{
	const uint64_t first = departure->first, last = departure->last;

	if (__atomic_load_n(&departures->used, __ATOMIC_SEQ_CST) == 1)
		return false;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		const struct departure *const other = &departures->slots[i];
		const enum departure_state state = state_of(other);

		if (other != departure && (state == DEPARTURE_CLAIMED ||
					   (state != DEPARTURE_FREE && is_of(other, first, last))))
			return true;
	}
	return false;
}

/*
 * A departure and a thread that has the space's lock each store first and then look what the other has stored:
 * the departure that it is PENDING, the other thread what it is mapping, or that it changes tables. So at least
 * one of them sees the other. Of two departures the later one sees the earlier.
 */
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
	/* Pages go as a whole; a range that wraps goes to the end. */
	last = last < (uintptr_t)va ? UINT64_MAX : last | page;
	departure = claim_slot(departures);
	__atomic_store_n(&departure->first, first, __ATOMIC_RELAXED);
	__atomic_store_n(&departure->last, last, __ATOMIC_RELAXED);
	set_state(departure, DEPARTURE_PENDING);
	unsure = is_unsettled(departures) || is_being_mapped(departures, first, last) ||
		 meets_another(departures, departure);
	if (hide_in_family(family, first, last, unsure))
		make_touching(departure);
	return (unsigned int)(departure - departures->slots) + 1;
}

bool
ioas_forget_end(struct ioas *space, unsigned int token, bool gone)
{
	struct departures *const departures = &space->family->departures;
	enum departure_state state = DEPARTURE_PENDING;
	struct departure *departure;

	if (token == 0)
		return false;
	departure = &departures->slots[token - 1];
	if (!is_unsettled(departures) &&
	    __atomic_compare_exchange_n(&departure->state, &state, DEPARTURE_FREE, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		__atomic_fetch_sub(&departures->used, 1, __ATOMIC_SEQ_CST);
		return false;
	}
	set_state(departure, gone ? DEPARTURE_GONE : DEPARTURE_KEPT);
	__atomic_store_n(&departures->ended, true, __ATOMIC_SEQ_CST);
	try_to_follow(space->family);
	return true;
}

uint64_t
ioas_lookup_or_wait(struct ioas *space, const void *va)
{
	const uint64_t addr = (uintptr_t)va;
	uint64_t iova = IOAS_BAD_IOVA;
	const struct piece *piece;

	space_lock(space);
	while (is_leaving(&space->family->departures, addr, addr))
		forget_wait(space->family);
	piece = ledger_from_va(&space->ledger, addr);
	if (piece != NULL && piece->va.first <= addr) {
		iova = piece->area->iova.first + (addr - piece->area->va.first);
		forget_show(space, piece->area);
	}
	space_unlock(space);
	return iova;
}
