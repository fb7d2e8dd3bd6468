/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdlib.h>

#include "backend.h"
#include "clock.h"
#include "placement.h"

static void
unlink_area(struct history *history, struct area *area)
{
	*(area->older != NULL ? &area->older->newer : &history->oldest) = area->newer;
	*(area->newer != NULL ? &area->newer->older : &history->newest) = area->older;
	if (history->oldest_held == area)
		history->oldest_held = area->newer;
}

static void
bury(struct history *history, struct area *area)
{
	area->newer = history->dead;
	history->dead = area;
}

void
history_free_dead(struct history *history)
{
	while (history->dead != NULL) {
		struct area *const area = history->dead;

		history->dead = area->newer;
		free(area);
	}
}

/* Its IOVAs can be given out again. */
static void
let_go(struct history *history, struct placement *placement, struct area *area)
{
	tree_remove(&history->held, &area->iova);
	history->held_bytes -= area->iova.last - area->iova.first + 1;
	placement_release(placement, area);
}

/* Lets go of what the oldest call has unmapped. */
static void
release_call(struct history *history, struct placement *placement)
{
	const uint64_t call = history->oldest_held->freed_by;

	while (history->oldest_held != NULL && history->oldest_held->freed_by == call) {
		let_go(history, placement, history->oldest_held);
		history->oldest_held = history->oldest_held->newer;
		history->released++;
	}
}

void
history_release(struct history *history, struct placement *placement, uint64_t bytes)
{
	while (history->oldest_held != NULL && history->held_bytes > bytes)
		release_call(history, placement);
	while (history->released > HISTORY_AREAS) {
		struct area *const area = history->oldest;

		unlink_area(history, area);
		history->released--;
		bury(history, area);
	}
}

void
history_reuse(struct history *history, struct placement *placement, uint64_t first, uint64_t last)
{
	struct tree_node *node;

	while ((node = tree_from(&history->held, first)) != NULL && node->first <= last) {
		struct area *const area = container_of(node, struct area, iova);

		let_go(history, placement, area);
		unlink_area(history, area);
		bury(history, area);
	}
}

void
history_add(struct history *history, struct area *area)
{
	area->freed_at = clock_ns();
	area->freed_by = history->calls;
	area->older = history->newest;
	area->newer = NULL;
	*(history->newest != NULL ? &history->newest->newer : &history->oldest) = area;
	history->newest = area;
	if (history->oldest_held == NULL)
		history->oldest_held = area;
	tree_insert(&history->held, &area->iova);
	history->held_bytes += area->iova.last - area->iova.first + 1;
}

void
history_end_call(struct history *history, struct placement *placement)
{
	history->calls++;
	history_release(history, placement, history->quarantine);
}

const struct area *
history_find(const struct history *history, uint64_t iova)
{
	struct tree_node *const node = tree_find(&history->held, iova);
	const struct area *const held = history->oldest_held;
	const struct area *area = held != NULL ? held->older : history->newest;

	if (node != NULL)
		return container_of(node, struct area, iova);
	while (area != NULL && (iova < area->iova.first || iova > area->iova.last))
		area = area->older;
	return area;
}

bool
history_holds(const struct history *history, uint64_t iova)
{
	return tree_find(&history->held, iova) != NULL;
}

void
history_clear(struct history *history, struct placement *placement)
{
	history_release(history, placement, 0);
	while (history->oldest != NULL) {
		struct area *const area = history->oldest;

		unlink_area(history, area);
		free(area);
	}
	history->released = 0;
	history_free_dead(history);
}
