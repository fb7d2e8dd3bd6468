/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <sched.h>

#include "departures.h"

static bool
overlaps(uint64_t first, uint64_t last, uint64_t other_first, uint64_t other_last)
{
	return first <= other_last && last >= other_first;
}

enum departure_state
departure_state(const struct departure *departure)
{
	return __atomic_load_n(&departure->state, __ATOMIC_SEQ_CST);
}

static void
set_state(struct departure *departure, enum departure_state state)
{
	__atomic_store_n(&departure->state, state, __ATOMIC_SEQ_CST);
}

/* Others may read a range in any state but CLAIMED. By then it may belong to another departure, whose state
 * they see. */
struct ioas_range
departure_range(const struct departure *departure)
{
	return (struct ioas_range){ __atomic_load_n(&departure->first, __ATOMIC_RELAXED),
				    __atomic_load_n(&departure->last, __ATOMIC_RELAXED) };
}

void
departure_free(struct departures *departures, struct departure *departure)
{
	set_state(departure, DEPARTURE_FREE);
	__atomic_fetch_sub(&departures->used, 1, __ATOMIC_SEQ_CST);
}

static bool
is_of(const struct departure *departure, uint64_t first, uint64_t last)
{
	const struct ioas_range range = departure_range(departure);

	return overlaps(first, last, range.first, range.last);
}

bool
departures_are_leaving(const struct departures *departures, uint64_t first, uint64_t last)
{
	if (__atomic_load_n(&departures->used, __ATOMIC_SEQ_CST) == 0)
		return false;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		const struct departure *const departure = &departures->slots[i];
		const enum departure_state state = departure_state(departure);

		if (state >= DEPARTURE_PENDING && state <= DEPARTURE_GONE && is_of(departure, first, last))
			return true;
	}
	return false;
}

bool
departure_touch(struct departure *departure)
{
	enum departure_state state = DEPARTURE_PENDING;

	return __atomic_compare_exchange_n(&departure->state, &state, DEPARTURE_TOUCHING, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) || state >= DEPARTURE_TOUCHING;
}

bool
departures_let_show(struct departures *departures, uint64_t first, uint64_t last)
{
	bool show = true;

	if (__atomic_load_n(&departures->used, __ATOMIC_SEQ_CST) == 0)
		return true;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		struct departure *const departure = &departures->slots[i];

		/* The range cannot change any more once it is TOUCHING, so compare it again. */
		if (departure_state(departure) >= DEPARTURE_PENDING && is_of(departure, first, last) &&
		    departure_touch(departure))
			show = !is_of(departure, first, last) && show;
	}
	return show;
}

void
departures_begin_change(struct departures *departures)
{
	__atomic_fetch_add(&departures->changing, 1, __ATOMIC_SEQ_CST);
}

void
departures_end_change(struct departures *departures)
{
	__atomic_fetch_sub(&departures->changing, 1, __ATOMIC_SEQ_CST);
}

void
departures_set_unshown(struct departures *departures)
{
	__atomic_store_n(&departures->unshown, true, __ATOMIC_SEQ_CST);
}

bool
departures_have_unshown(const struct departures *departures)
{
	return __atomic_load_n(&departures->unshown, __ATOMIC_SEQ_CST);
}

/* Whether some mapped memory may be missing in the tables. */
static bool
is_unsettled(const struct departures *departures)
{
	return __atomic_load_n(&departures->changing, __ATOMIC_SEQ_CST) != 0 ||
	       departures_have_unshown(departures);
}

bool
departures_start_map(struct departures *departures, uint64_t first, uint64_t last)
{
	__atomic_store_n(&departures->mapping.first, first, __ATOMIC_SEQ_CST);
	__atomic_store_n(&departures->mapping.last, last, __ATOMIC_SEQ_CST);
	if (!departures_are_leaving(departures, first, last))
		return true;
	departures_end_map(departures);
	return false;
}

void
departures_end_map(struct departures *departures)
{
	__atomic_store_n(&departures->mapping.last, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&departures->mapping.first, UINT64_MAX, __ATOMIC_SEQ_CST);
}

void
departures_reset(struct departures *departures)
{
	/* Memory that had gone before the fork is not in the child either. */
	for (unsigned int i = 0; i < DEPARTURES; i++)
		set_state(&departures->slots[i], DEPARTURE_FREE);
	departures->used = departures->readers = departures->changing = 0;
	departures->ended = departures->unshown = false;
	departures_end_map(departures);
}

/* Claims a free slot for this thread. Different threads start at different slots. */
static struct departure *
claim_slot(struct departures *departures)
{
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0) >> 12;

	for (unsigned int i = 0;; i++) {
		struct departure *const slot = &departures->slots[(here + i) % DEPARTURES];
		enum departure_state state = DEPARTURE_FREE;

		if (i > 0 && i % DEPARTURES == 0)
			sched_yield();
		if (departure_state(slot) != DEPARTURE_FREE ||
		    !__atomic_compare_exchange_n(&slot->state, &state, DEPARTURE_CLAIMED, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		__atomic_fetch_add(&departures->used, 1, __ATOMIC_SEQ_CST);
		return slot;
	}
}

static bool
is_being_mapped(const struct departures *departures, uint64_t first, uint64_t last)
{
	return overlaps(first, last, __atomic_load_n(&departures->mapping.first, __ATOMIC_SEQ_CST),
			__atomic_load_n(&departures->mapping.last, __ATOMIC_SEQ_CST));
}

/* Whether the tables may hide this departure's memory because of another departure. */
static bool
meets_another(const struct departures *departures, const struct departure *departure)
{
	const uint64_t first = departure->first, last = departure->last;

	if (__atomic_load_n(&departures->used, __ATOMIC_SEQ_CST) == 1)
		return false;
	for (unsigned int i = 0; i < DEPARTURES; i++) {
		const struct departure *const other = &departures->slots[i];
		const enum departure_state state = departure_state(other);

		if (other != departure && (state == DEPARTURE_CLAIMED ||
					   (state != DEPARTURE_FREE && is_of(other, first, last))))
			return true;
	}
	return false;
}

struct departure *
departure_begin(struct departures *departures, uint64_t first, uint64_t last, bool *unsure)
{
	struct departure *const departure = claim_slot(departures);

	__atomic_store_n(&departure->first, first, __ATOMIC_RELAXED);
	__atomic_store_n(&departure->last, last, __ATOMIC_RELAXED);
	set_state(departure, DEPARTURE_PENDING);
	*unsure = is_unsettled(departures) || is_being_mapped(departures, first, last) ||
		  meets_another(departures, departure);
	return departure;
}

bool
departure_end(struct departures *departures, struct departure *departure, bool gone)
{
	enum departure_state state = DEPARTURE_PENDING;

	if (!is_unsettled(departures) &&
	    __atomic_compare_exchange_n(&departure->state, &state, DEPARTURE_FREE, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		__atomic_fetch_sub(&departures->used, 1, __ATOMIC_SEQ_CST);
		return false;
	}
	set_state(departure, gone ? DEPARTURE_GONE : DEPARTURE_KEPT);
	__atomic_store_n(&departures->ended, true, __ATOMIC_SEQ_CST);
	return true;
}
