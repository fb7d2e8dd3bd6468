/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Translates an IOVA back to memory, for fault reports.
 */

#include "area.h"
#include "ranges.h"

static uint64_t
va_of(const struct area *area, uint64_t iova)
{
	return area->va.first + (iova - area->iova.first);
}

void *
ioas_lookup_iova(struct ioas *space, uint64_t iova, struct ioas_area *out)
{
	const struct area *area;
	void *va = NULL;

	space_lock(space);
	area = ledger_from_iova(&space->ledger, iova);
	if (area != NULL && area->iova.first <= iova && ledger_has(area, va_of(area, iova))) {
		va = (void *)(uintptr_t)va_of(area, iova);
		if (out != NULL)
			*out = area_public(area);
	}
	space_unlock(space);
	return va;
}

/* Describes an area that has or had the IOVA. */
static void
explain_area(const struct area *area, uint64_t iova, struct ioas_explanation *explanation)
{
	explanation->area = area_public(area);
	explanation->va = (void *)(uintptr_t)va_of(area, iova);
}

static void
explain_iova(const struct ioas *space, uint64_t iova, struct ioas_explanation *explanation)
{
	const struct area *const below = ledger_before_iova(&space->ledger, iova);
	const struct history *const history = &space->history;
	const struct area *freed;

	if (below != NULL && iova <= below->iova.last) {
		explanation->state = IOAS_IOVA_MAPPED;
		explain_area(below, iova, explanation);
		return;
	}
	freed = history_find(history, iova);
	if (freed != NULL) {
		explanation->state = IOAS_IOVA_UNMAPPED;
		explain_area(freed, iova, explanation);
		explanation->unmapped_at = freed->freed.at;
		explanation->quarantined = history_holds(history, iova);
		return;
	}
	explanation->state = ranges_hole(space, iova, iova, &explanation->hole)
		? IOAS_IOVA_UNUSABLE : IOAS_IOVA_FREE;
	if (below != NULL)
		explanation->area = area_public(below);
}

void
ioas_explain(struct ioas *space, uint64_t iova, struct ioas_explanation *explanation)
{
	*explanation = (struct ioas_explanation){ .state = IOAS_IOVA_FREE };
	space_lock(space);
	explain_iova(space, iova, explanation);
	space_unlock(space);
}
