/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "backend.h"
#include "ledger.h"

void
ledger_add(struct ledger *ledger, struct area *area)
{
	area->alias = !tree_is_free(&ledger->by_va, area->va.first, area->va.last);
	if (area->alias) {
		area->next_alias = ledger->aliases;
		ledger->aliases = area;
	} else {
		tree_insert(&ledger->by_va, &area->va);
	}
	tree_insert(&ledger->by_iova, &area->iova);
	ledger->added++;
	ledger->areas++;
	ledger->bytes += area->va.last - area->va.first + 1;
	if (ledger->areas_max < ledger->areas)
		ledger->areas_max = ledger->areas;
	if (ledger->bytes_max < ledger->bytes)
		ledger->bytes_max = ledger->bytes;
}

void
ledger_remove(struct ledger *ledger, struct area *area)
{
	if (area->alias) {
		struct area **link = &ledger->aliases;

		while (*link != area)
			link = &(*link)->next_alias;
		*link = area->next_alias;
	} else {
		tree_remove(&ledger->by_va, &area->va);
	}
	tree_remove(&ledger->by_iova, &area->iova);
	ledger->removed++;
	ledger->areas--;
	ledger->bytes -= area->va.last - area->va.first + 1;
}

void
ledger_lose(struct ledger *ledger, struct area *area)
{
	ledger_remove(ledger, area);
	tree_insert(&ledger->lost, &area->iova);
}

/* What of a tree touches [first, last], or NULL. */
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

static const struct tree_node *
find_obstacle(const struct ledger *ledger, uint64_t first, uint64_t last)
{
	const struct tree_node *const user = ledger_user(ledger, first, last);

	return user != NULL ? user : find_in(&ledger->history.held, first, last);
}

const struct tree_node *
ledger_obstacle(const struct ledger *ledger, uint64_t first, uint64_t last)
{
	const struct tree_node *node = find_obstacle(ledger, first, last);

	for (const struct ledger *follower = ledger->followers; node == NULL && follower != NULL;
	     follower = follower->next_follower)
		node = find_obstacle(follower, first, last);
	return node;
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

struct area *
ledger_from_va(const struct ledger *ledger, uint64_t x)
{
	struct tree_node *const node = tree_from(&ledger->by_va, x);

	return node == NULL ? NULL : container_of(node, struct area, va);
}

struct area *
ledger_next_va(const struct ledger *ledger, const struct area *area)
{
	return area->va.last == UINT64_MAX ? NULL : ledger_from_va(ledger, area->va.last + 1);
}
