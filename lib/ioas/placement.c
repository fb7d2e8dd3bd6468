/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>

#include "placement.h"

#define GIB (UINT64_C(1) << 30)

/* The part of range i that is inside a window. IOVA 0 is never used, because buggy drivers use it. */
static struct ioas_range
range_inside(const struct placement *placement, unsigned int i, struct ioas_range window)
{
	struct ioas_range range = placement->usable.ranges[i];

	if (range.first < window.first)
		range.first = window.first;
	if (range.first == 0)
		range.first = placement->usable.alignment;
	if (range.last > window.last)
		range.last = window.last;
	return range;
}

static struct ioas_range
usable_range(const struct placement *placement, unsigned int i)
{
	return range_inside(placement, i, placement->window);
}

bool
placement_window_fits(const struct placement *placement, struct ioas_range window)
{
	for (unsigned int i = 0; i < placement->usable.n; i++) {
		const struct ioas_range range = range_inside(placement, i, window);

		if (range.first <= range.last)
			return true;
	}
	return false;
}

bool
placement_is_long(const struct placement *placement, uint64_t length)
{
	for (unsigned int i = 0; i < placement->usable.n; i++) {
		const struct ioas_range range = usable_range(placement, i);

		if (range.first <= range.last && range.last - range.first >= length - 1)
			return true;
	}
	return false;
}

/* A range in [first, last] that is in use, lost or in quarantine, in any space; NULL: none. */
static const struct tree_node *
find_obstacle(const struct placement *placement, uint64_t first, uint64_t last)
{
	const struct tree_node *node = NULL;

	for (const struct ledger *ledger = placement->ledgers; node == NULL && ledger != NULL; ledger = ledger->next)
		node = ledger_obstacle(ledger, first, last);
	return node;
}

/* Whether a chosen map could be there. */
static bool
is_free(const struct placement *placement, uint64_t first, uint64_t last)
{
	struct ioas_range hole;

	return first >= placement->window.first && last <= placement->window.last &&
	       first != 0 && first <= last && !usable_hole(&placement->usable, first, last, &hole) &&
	       find_obstacle(placement, first, last) == NULL;
}

/* The memory to place. */
struct wanted {
	uint64_t va, length;
	uint64_t page;  /* size of the memory's pages */
	uint64_t align; /* alignment of the IOVA */
	uint64_t guard; /* free IOVAs on both sides */
};

/*
 * Finds the lowest place in [low, high]. Areas inside reservations of other memory are obstacles as well.
 * Skips an IOVA that equals its address, because it would hide a driver that confuses the two.
 */
static bool
find_between(struct placement *placement, uint64_t low, uint64_t high, const struct wanted *wanted,
	     uint64_t *iova)
{
	const struct tree_hole hole = {
		.length = wanted->length + 2 * wanted->guard,
		.align = wanted->align,
		.phase = (wanted->va - wanted->guard) & (wanted->align - 1),
	};
	uint64_t first;

	while (tree_find_hole(&placement->taken, low, high, &hole, &first)) {
		const struct tree_node *const obstacle =
			find_obstacle(placement, first, first + (hole.length - 1));
		uint64_t passed = first;

		*iova = first + wanted->guard;
		if (obstacle != NULL)
			passed = obstacle->last;
		else if (*iova != wanted->va)
			return true;
		if (passed >= high)
			break;
		low = passed + 1;
	}
	return false;
}

/* Searches from the last place used to the top, then from the bottom. */
static bool
find_anywhere(struct placement *placement, const struct wanted *wanted, uint64_t *iova)
{
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int i = 0; i < placement->usable.n; i++) {
			struct ioas_range range = usable_range(placement, i);
			const uint64_t iommu_page = placement->usable.pages[i];
			struct wanted here = *wanted;

			if (!usable_page_serves(iommu_page, wanted->va | wanted->length, wanted->page))
				continue;
			if (here.align < iommu_page)
				here.align = iommu_page;
			if (pass == 0 && range.first < placement->next)
				range.first = placement->next;
			if (range.first <= range.last &&
			    find_between(placement, range.first, range.last, &here, iova))
				return true;
		}
	}
	return false;
}

/* The kernel's alignment of a chosen IOVA: the smallest of the length rounded up to a power of two, the
 * lowest set bit of the address, and HPAGE_SIZE. A window of exactly the length must have this alignment. */
static uint64_t
least_alignment(const struct placement *placement, uint64_t va, uint64_t length)
{
	uint64_t align = placement->alignment;

	while (align / 2 >= length)
		align >>= 1;
	if (va != 0 && (va & -va) < align)
		align = va & -va;
	return align > placement->usable.alignment ? align : placement->usable.alignment;
}

/* The largest power of two that fits, up to the largest entry of IOMMUs. */
static uint64_t
best_alignment(uint64_t length, uint64_t least)
{
	uint64_t align = GIB;

	while (align > length)
		align >>= 1;
	return align > least ? align : least;
}

/* Finds a place with the best alignment, or with less if no such place is free. */
static bool
find_aligned(struct placement *placement, uint64_t va, uint64_t length, uint64_t page, uint64_t guard,
	     uint64_t *iova)
{
	const uint64_t least = least_alignment(placement, va, length);
	struct wanted wanted = {
		.va = va,
		.length = length,
		.page = page,
		.align = best_alignment(length, least),
		.guard = guard,
	};

	for (;;) {
		if (find_anywhere(placement, &wanted, iova))
			return true;
		if (wanted.align <= least)
			return false;
		wanted.align = wanted.align > PLACEMENT_ALIGNMENT && PLACEMENT_ALIGNMENT > least
			? PLACEMENT_ALIGNMENT : least;
	}
}

/* The reservation that contains all of the memory, or NULL. */
static const struct region *
find_region(const struct placement *placement, uint64_t va, uint64_t length)
{
	struct tree_node *const node = tree_find(&placement->regions, va);

	return node == NULL || va + (length - 1) > node->last
		? NULL : container_of(node, struct region, va);
}

/* The IOVA that a reservation gives to an address. */
static uint64_t
reserved_place(const struct region *region, uint64_t va)
{
	return region->place.first + (va - region->va.first);
}

/* The IOVA that a reservation gives to the memory, if one exists and the IOVA is free. */
static bool
find_reserved(const struct placement *placement, uint64_t va, uint64_t length, uint64_t *iova)
{
	const struct region *const region = find_region(placement, va, length);

	if (region == NULL)
		return false;
	*iova = reserved_place(region, va);
	return is_free(placement, *iova, *iova + (length - 1));
}

/* The area that ends where the memory begins, or NULL. */
static const struct area *
area_before(const struct placement *placement, uint64_t va)
{
	const struct piece *const before = va == 0 ? NULL : ledger_from_va(placement->first, va - 1);

	return before == NULL || before->va.first >= va || before->area->va.last != va - 1 ? NULL
											   : before->area;
}

/* Whether the memory below is not at the IOVA that their common reservation gives to it. The new memory
 * should then follow it instead, because pages that are added together must be contiguous. */
static bool
is_off(const struct placement *placement, uint64_t va, uint64_t length)
{
	const struct region *const region = find_region(placement, va, length);
	const struct area *const before = area_before(placement, va);

	return region != NULL && before != NULL && before->va.first >= region->va.first &&
	       before->iova.first != reserved_place(region, before->va.first);
}

/* Finds a place right behind the area that ends where the memory begins. Not behind a fixed IOVA, because the
 * caller may name the next one as well. */
static bool
find_behind(const struct placement *placement, uint64_t va, uint64_t length, uint64_t *iova)
{
	const uint64_t align = best_alignment(length, least_alignment(placement, va, length));
	const struct area *const before = area_before(placement, va);

	if (before == NULL || before->fixed || before->iova.last == UINT64_MAX)
		return false;
	*iova = before->iova.last + 1;
	return *iova != va && ((*iova - va) & (align - 1)) == 0 &&
	       is_free(placement, *iova, *iova + (length - 1)) &&
	       tree_is_free(&placement->taken, *iova, *iova + (length - 1) + placement->guard);
}

bool
placement_find(struct placement *placement, uint64_t va, uint64_t length, uint64_t page, uint64_t *iova)
{
	if (((is_off(placement, va, length) && find_behind(placement, va, length, iova)) ||
	     find_reserved(placement, va, length, iova) ||
	     find_behind(placement, va, length, iova)) &&
	    usable_serves(&placement->usable, *iova, va, length, page))
		return true;
	return find_aligned(placement, va, length, page, placement->guard, iova) ||
	       (placement->guard != 0 && find_aligned(placement, va, length, page, 0, iova));
}

static void
take_iovas(struct placement *placement, struct tree_node *node)
{
	tree_insert(&placement->taken, node);
	placement->taken_bytes += tree_length(node);
}

void
placement_take(struct placement *placement, struct area *area)
{
	/* The IOVAs inside a reservation are taken already. */
	area->place.taken = tree_is_free(&placement->taken, area->iova.first, area->iova.last);
	if (!area->place.taken)
		return;
	area->place.iova.first = area->iova.first;
	area->place.iova.last = area->iova.last;
	area->place.iova.memory = &area->place.memory;
	take_iovas(placement, &area->place.iova);
	if (!area->fixed)
		placement->next = area->iova.last + 1;
}

void
placement_release(struct placement *placement, struct area *area)
{
	if (!area->place.taken)
		return;
	tree_remove(&placement->taken, &area->place.iova);
	placement->taken_bytes -= tree_length(&area->place.iova);
}

void
placement_take_back(struct placement *placement, struct area *area)
{
	if (area->place.taken)
		take_iovas(placement, &area->place.iova);
}

int
placement_reserve(struct placement *placement, struct region *region)
{
	const uint64_t length = tree_length(&region->va);
	struct wanted wanted;
	uint64_t all = 0, iova;

	if (!tree_is_free(&placement->regions, region->va.first, region->va.last))
		return -EEXIST;
	/* At least half of the free IOVAs remain for maps of other memory. */
	for (unsigned int i = 0; i < placement->usable.n; i++) {
		const struct ioas_range range = usable_range(placement, i);

		if (range.first <= range.last)
			all += range.last - range.first + 1;
	}
	if (all < placement->taken_bytes || (all - placement->taken_bytes) / 2 < length)
		return -ENOSPC;
	wanted = (struct wanted){
		.va = region->va.first,
		.length = length,
		.page = UINT64_MAX,
		/* Maps in it cannot be longer than the reservation. */
		.align = best_alignment(region->passing ? length : GIB,
					least_alignment(placement, region->va.first, length)),
		.guard = placement->guard,
	};
	if (!find_anywhere(placement, &wanted, &iova))
		return -ENOSPC;
	region->place.first = iova;
	region->place.last = iova + (length - 1);
	region->place.memory = &region->place_memory;
	take_iovas(placement, &region->place);
	tree_insert(&placement->regions, &region->va);
	placement->next = region->place.last + 1;
	return 0;
}

bool
placement_unreserved(const struct placement *placement, uint64_t va, struct ioas_range *range)
{
	const struct tree_node *const below = tree_before(&placement->regions, va);
	const struct tree_node *const above = tree_from(&placement->regions, va);

	if (below != NULL && below->last >= va)
		return false;
	if (below != NULL && below->last >= range->first)
		range->first = below->last + 1;
	if (above != NULL && above->first <= range->last)
		range->last = above->first - 1;
	return true;
}

/* Shrinks a reservation to these addresses; last < first: to nothing. */
static void
shrink_region(struct placement *placement, struct region *region, uint64_t first, uint64_t last)
{
	const uint64_t iova = reserved_place(region, first);

	tree_remove(&placement->regions, &region->va);
	tree_remove(&placement->taken, &region->place);
	placement->taken_bytes -= tree_length(&region->place);
	if (last < first) {
		region->next = placement->ended;
		placement->ended = region;
		return;
	}
	region->va.first = first;
	region->va.last = last;
	tree_insert(&placement->regions, &region->va);
	region->place.first = iova;
	region->place.last = iova + (last - first);
	take_iovas(placement, &region->place);
}

void
placement_end_regions(struct placement *placement, uint64_t first, uint64_t last)
{
	struct tree_node *node = tree_from(&placement->regions, first), *next;

	for (; node != NULL && node->first <= last; node = next) {
		struct region *const region = container_of(node, struct region, va);

		next = node->last == UINT64_MAX ? NULL : tree_from(&placement->regions, node->last + 1);
		if (!region->passing)
			continue;
		if (first <= node->first && last >= node->last)
			shrink_region(placement, region, 1, 0);
		else if (first <= node->first)
			shrink_region(placement, region, last + 1, node->last);
		else if (last >= node->last)
			shrink_region(placement, region, node->first, first - 1);
	}
}

void
placement_free_ended(struct placement *placement)
{
	while (placement->ended != NULL) {
		struct region *const region = placement->ended;

		placement->ended = region->next;
		free(region);
	}
}

void
placement_add_ledger(struct placement *placement, struct ledger *ledger)
{
	if (placement->first == NULL)
		placement->first = ledger;
	ledger->next = placement->ledgers;
	placement->ledgers = ledger;
}

void
placement_remove_ledger(struct placement *placement, struct ledger *ledger)
{
	struct ledger **link = &placement->ledgers;

	while (*link != ledger)
		link = &(*link)->next;
	*link = ledger->next;
}

void
placement_destroy(struct placement *placement)
{
	struct tree_node *node;

	while ((node = tree_from(&placement->regions, 0)) != NULL) {
		tree_remove(&placement->regions, node);
		free(container_of(node, struct region, va));
	}
	placement_free_ended(placement);
	usable_free(&placement->usable);
}
