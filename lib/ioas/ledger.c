/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "ledger.h"

static void
set_piece(struct area *area, struct piece *piece, uint64_t first, uint64_t last)
{
	*piece = (struct piece){
		.va.first = first,
		.va.last = last,
		.area = area,
	};
}

/* A new area has all of its memory. A copy has as much as its origin still has. */
static void
add_pieces(struct ledger *ledger, struct area *area)
{
	struct piece **link = &area->pieces;

	set_piece(area, &area->piece, area->va.first, area->va.last);
	*link = &area->piece;
	if (area->copy.origin == NULL)
		return;
	for (const struct piece *from = area->copy.origin->pieces; from != NULL; from = from->next) {
		if (*link == NULL) {
			*link = ledger->spare;
			ledger->spare = (*link)->next;
		}
		set_piece(area, *link, from->va.first, from->va.last);
		link = &(*link)->next;
	}
}

void
ledger_add(struct ledger *ledger, struct area *area)
{
	struct piece *piece;

	add_pieces(ledger, area);
	area->alias = false;
	for (piece = area->pieces; piece != NULL; piece = piece->next)
		area->alias = area->alias || !tree_is_free(&ledger->by_va, piece->va.first, piece->va.last);
	if (area->alias)
		tree_insert(&ledger->aliases, &area->va);
	for (piece = area->pieces; !area->alias && piece != NULL; piece = piece->next)
		tree_insert(&ledger->by_va, &piece->va);
	tree_insert(&ledger->by_iova, &area->iova);
	ledger->added++;
	ledger->areas++;
	ledger->bytes += tree_length(&area->va);
	if (ledger->areas_max < ledger->areas)
		ledger->areas_max = ledger->areas;
	if (ledger->bytes_max < ledger->bytes)
		ledger->bytes_max = ledger->bytes;
}

/* Removes the piece that *link points to from its area. */
static void
drop_piece(struct ledger *ledger, struct piece **link)
{
	struct piece *const piece = *link;

	*link = piece->next;
	if (!piece->area->alias)
		tree_remove(&ledger->by_va, &piece->va);
	if (piece == &piece->area->piece)
		return;
	piece->next = ledger->spare;
	ledger->spare = piece;
}

/* Changes the addresses of a piece. They are part of it or free. */
static void
resize_piece(struct ledger *ledger, struct piece *piece, uint64_t first, uint64_t last)
{
	if (!piece->area->alias)
		tree_remove(&ledger->by_va, &piece->va);
	piece->va.first = first;
	piece->va.last = last;
	if (!piece->area->alias)
		tree_insert(&ledger->by_va, &piece->va);
}

/* Cuts [first, last] out of a piece. Both ends remain. */
static void
split_piece(struct ledger *ledger, struct piece *piece, uint64_t first, uint64_t last)
{
	const uint64_t end = piece->va.last;
	struct piece *const upper = ledger->spare;

	if (upper == NULL) {
		if (first - piece->va.first >= end - last)
			resize_piece(ledger, piece, piece->va.first, first - 1);
		else
			resize_piece(ledger, piece, last + 1, end);
		return;
	}
	ledger->spare = upper->next;
	resize_piece(ledger, piece, piece->va.first, first - 1);
	*upper = (struct piece){
		.va.first = last + 1,
		.va.last = end,
		.area = piece->area,
		.next = piece->next,
	};
	piece->next = upper;
	if (!piece->area->alias)
		tree_insert(&ledger->by_va, &upper->va);
}

void
ledger_cut(struct ledger *ledger, struct area *area, uint64_t first, uint64_t last)
{
	struct piece **link = &area->pieces;

	while (*link != NULL) {
		struct piece *const piece = *link;
		const bool below = piece->va.first < first, above = piece->va.last > last;

		if (piece->va.last >= first && piece->va.first <= last) {
			if (!below && !above) {
				drop_piece(ledger, link);
				continue;
			}
			if (below && above)
				split_piece(ledger, piece, first, last);
			else
				resize_piece(ledger, piece, below ? piece->va.first : last + 1,
					     below ? first - 1 : piece->va.last);
		}
		link = &(*link)->next;
	}
}

bool
ledger_has(const struct area *area, uint64_t va)
{
	const struct piece *piece = area->pieces;

	while (piece != NULL && va > piece->va.last)
		piece = piece->next;
	return piece != NULL && va >= piece->va.first;
}

bool
ledger_is_cut(const struct area *area)
{
	return area->pieces == NULL || area->pieces->va.first != area->va.first ||
	       area->pieces->va.last != area->va.last;
}

struct ioas_range
ledger_live(const struct area *area)
{
	const struct piece *last = area->pieces;

	while (last->next != NULL)
		last = last->next;
	return (struct ioas_range){ area->pieces->va.first, last->va.last };
}

void
ledger_remove(struct ledger *ledger, struct area *area)
{
	if (area->alias)
		tree_remove(&ledger->aliases, &area->va);
	while (area->pieces != NULL)
		drop_piece(ledger, &area->pieces);
	tree_remove(&ledger->by_iova, &area->iova);
	ledger->removed++;
	ledger->areas--;
	ledger->bytes -= tree_length(&area->va);
}

void
ledger_lose(struct ledger *ledger, struct area *area)
{
	ledger_remove(ledger, area);
	tree_insert(&ledger->lost, &area->iova);
}

/* A range of a tree that touches [first, last], or NULL. */
static const struct tree_node *
find_in(const struct tree *tree, uint64_t first, uint64_t last)
{
	const struct tree_node *const node = tree_from(tree, first);

	return node != NULL && node->first <= last ? node : NULL;
}

const struct tree_node *
ledger_user(const struct ledger *ledger, uint64_t first, uint64_t last)
{
	const struct tree_node *const user = find_in(&ledger->by_iova, first, last);

	return user != NULL ? user : find_in(&ledger->lost, first, last);
}

const struct tree_node *
ledger_obstacle(const struct ledger *ledger, uint64_t first, uint64_t last)
{
	const struct tree_node *const user = ledger_user(ledger, first, last);

	return user != NULL ? user : find_in(&ledger->held, first, last);
}

struct area *
ledger_from_iova(const struct ledger *ledger, uint64_t x)
{
	struct tree_node *const node = tree_from(&ledger->by_iova, x);

	return node == NULL ? NULL : container_of(node, struct area, iova);
}

struct area *
ledger_before_iova(const struct ledger *ledger, uint64_t x)
{
	struct tree_node *const node = tree_before(&ledger->by_iova, x);

	return node == NULL ? NULL : container_of(node, struct area, iova);
}

struct area *
ledger_next(const struct ledger *ledger, const struct area *area)
{
	return area->iova.last == UINT64_MAX ? NULL : ledger_from_iova(ledger, area->iova.last + 1);
}

struct piece *
ledger_from_va(const struct ledger *ledger, uint64_t x)
{
	struct tree_node *const node = tree_from(&ledger->by_va, x);

	return node == NULL ? NULL : container_of(node, struct piece, va);
}

struct piece *
ledger_next_va(const struct ledger *ledger, const struct piece *piece)
{
	return piece->va.last == UINT64_MAX ? NULL : ledger_from_va(ledger, piece->va.last + 1);
}

struct area *
ledger_alias(struct ledger *ledger, uint64_t first, uint64_t last, const struct area *behind)
{
	struct tree_node *const node =
		tree_touching(&ledger->aliases, first, last, behind == NULL ? NULL : &behind->va);

	return node == NULL ? NULL : container_of(node, struct area, va);
}
