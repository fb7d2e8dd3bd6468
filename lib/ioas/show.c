/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "show.h"

/* Whether other areas show all addresses of an alias. */
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
show_area(struct ioas *space, struct area *area)
{
	struct departures *const departures = &space->family->departures;

	if (area->alias) {
		if (!is_covered(&space->ledger, area))
			departures_set_unshown(departures);
		return;
	}
	departures_begin_change(departures);
	pthread_mutex_lock(&space->table.lock);
	area->hidden = false;
	for (const struct piece *piece = area->pieces; piece != NULL; piece = piece->next) {
		const uint64_t first = piece->va.first, length = tree_length(&piece->va);

		/* The end of the departure shows the area again. */
		if (!departures_let_show(departures, first, piece->va.last))
			area->hidden = true;
		/* A piece may need details although the whole area needed none. */
		else if (ledger_is_cut(area) && table_prepare(&space->table, first, length) < 0)
			departures_set_unshown(departures);
		else
			table_set(&space->table, first, length,
				  area->iova.first + (first - area->va.first));
	}
	pthread_mutex_unlock(&space->table.lock);
	departures_end_change(departures);
}

void
hide_range(struct ioas *space, uint64_t first, uint64_t last)
{
	struct departures *const departures = &space->family->departures;

	departures_begin_change(departures);
	pthread_mutex_lock(&space->table.lock);
	if (!table_clear(&space->table, first, last))
		departures_set_unshown(departures);
	pthread_mutex_unlock(&space->table.lock);
	departures_end_change(departures);
}
