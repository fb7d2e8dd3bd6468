/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdlib.h>

#include "clock.h"
#include "history.h"

static void
unlink_area(struct history *history, struct area *area)
{
	/* If it is the first area of its call, the next one takes over the role. */
	if (area->freed.newer != NULL && area->freed.newer->freed.by == area->freed.by)
		area->freed.newer->freed.total = area->freed.total;
	*(area->freed.older != NULL ? &area->freed.older->freed.newer : &history->oldest) = area->freed.newer;
	*(area->freed.newer != NULL ? &area->freed.newer->freed.older : &history->newest) = area->freed.older;
	if (history->oldest_held == area)
		history->oldest_held = area->freed.newer;
}

static void
bury_area(struct history *history, struct area *area)
{
	area->freed.newer = history->dead;
	history->dead = area;
}

void
history_free_dead(struct history *history)
{
	while (history->dead != NULL) {
		struct area *const area = history->dead;

		history->dead = area->freed.newer;
		free(area);
	}
}

/* Links an area between the neighbours that it was unlinked from, which are adjacent again. */
static void
link_area(struct history *history, struct area *area)
{
	*(area->freed.older != NULL ? &area->freed.older->freed.newer : &history->oldest) = area;
	*(area->freed.newer != NULL ? &area->freed.newer->freed.older : &history->newest) = area;
}

static void
hold_area(struct history *history, struct area *area)
{
	tree_insert(&history->ledger->held, &area->iova);
	history->held_bytes += tree_length(&area->iova);
}

/* Allows its IOVAs to be chosen again, unless history_take_back() follows. */
static void
let_area_go(struct history *history, struct area *area)
{
	if (history->let_go == NULL) {
		history->oldest_held_before = history->oldest_held;
		history->released_before = history->released;
	}
	tree_remove(&history->ledger->held, &area->iova);
	history->held_bytes -= tree_length(&area->iova);
	placement_release(history->placement, area);
	area->freed.next_let_go = history->let_go;
	history->let_go = area;
}

/* Releases the areas of the oldest call. */
static void
release_call(struct history *history)
{
	const uint64_t call = history->oldest_held->freed.by;

	while (history->oldest_held != NULL && history->oldest_held->freed.by == call) {
		let_area_go(history, history->oldest_held);
		history->oldest_held = history->oldest_held->freed.newer;
		history->released++;
	}
}

void
history_release(struct history *history, uint64_t bytes)
{
	while (history->oldest_held != NULL && history->held_bytes > bytes)
		release_call(history);
}

bool
history_settle(struct history *history)
{
	bool any = false;

	while (history->let_go != NULL) {
		struct area *const area = history->let_go;

		history->let_go = area->freed.next_let_go;
		if (area->freed.forgotten)
			bury_area(history, area);
		else
			any = true;
	}
	while (history->released > HISTORY_AREAS) {
		struct area *const area = history->oldest;

		unlink_area(history, area);
		history->released--;
		bury_area(history, area);
	}
	return any;
}

void
history_take_back(struct history *history)
{
	if (history->let_go == NULL)
		return;
	/* Links the areas in reverse order of unlinking, so that each finds its neighbours again. */
	while (history->let_go != NULL) {
		struct area *const area = history->let_go;

		history->let_go = area->freed.next_let_go;
		if (area->freed.forgotten)
			link_area(history, area);
		area->freed.forgotten = false;
		hold_area(history, area);
		placement_take_back(history->placement, area);
	}
	history->oldest_held = history->oldest_held_before;
	history->released = history->released_before;
}

void
history_reuse(struct history *history, uint64_t first, uint64_t last)
{
	struct tree_node *node;

	while ((node = tree_from(&history->ledger->held, first)) != NULL && node->first <= last) {
		struct area *const area = container_of(node, struct area, iova);

		let_area_go(history, area);
		unlink_area(history, area);
		area->freed.forgotten = true;
	}
}

void
history_add(struct history *history, struct area *area)
{
	area->freed.at = clock_ns();
	area->freed.by = history->calls;
	area->freed.older = history->newest;
	area->freed.newer = NULL;
	*(history->newest != NULL ? &history->newest->freed.newer : &history->oldest) = area;
	history->newest = area;
	if (history->oldest_held == NULL)
		history->oldest_held = area;
	if (history->first_of_call == NULL)
		history->first_of_call = area;
	history->freed_total += tree_length(&area->iova);
	hold_area(history, area);
}

/* Whether calls after the oldest held one have unmapped as much as the quarantine takes. */
static bool
oldest_is_over(const struct history *history)
{
	return history->oldest_held != NULL &&
	       history->freed_total - history->oldest_held->freed.total >= history->quarantine;
}

void
history_end_call(struct history *history)
{
	history->calls++;
	if (history->first_of_call != NULL)
		history->first_of_call->freed.total = history->freed_total;
	history->first_of_call = NULL;
	while (oldest_is_over(history))
		release_call(history);
	history_settle(history);
}

const struct area *
history_find(const struct history *history, uint64_t iova)
{
	struct tree_node *const node = tree_find(&history->ledger->held, iova);
	const struct area *const held = history->oldest_held;
	const struct area *area = held != NULL ? held->freed.older : history->newest;

	if (node != NULL)
		return container_of(node, struct area, iova);
	while (area != NULL && (iova < area->iova.first || iova > area->iova.last))
		area = area->freed.older;
	return area;
}

bool
history_holds(const struct history *history, uint64_t iova)
{
	return tree_find(&history->ledger->held, iova) != NULL;
}

void
history_clear(struct history *history)
{
	history_release(history, 0);
	history_settle(history);
	while (history->oldest != NULL) {
		struct area *const area = history->oldest;

		unlink_area(history, area);
		free(area);
	}
	history->released = 0;
	history_free_dead(history);
}
