/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Compares the tree of ranges with a plain list of them. The remembered searches must never change a result:
 * the same and similar searches are repeated while ranges come and go.
 */

#include <string.h>

#include "tree.h"
#include "unit.h"

#define NODES 200
#define LAST UINT64_C(4095) /* numbers are small, so that ranges meet often */

static struct tree tree;
static struct tree_node nodes[NODES];
static struct tree_memory memory[NODES];
static bool used[NODES];
static uint64_t seed;

static uint64_t
any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

static void
start(void)
{
	tree = (struct tree){ 0 };
	memset(used, 0, sizeof(used));
	seed = 88172645463325252u;
}

static bool
touches(const struct tree_node *node, uint64_t first, uint64_t last)
{
	return node->first <= last && node->last >= first;
}

static bool
is_free(uint64_t first, uint64_t last)
{
	for (unsigned int i = 0; i < NODES; i++)
		if (used[i] && touches(&nodes[i], first, last))
			return false;
	return true;
}

/* Inserts a range or removes one. */
static void
change(uint64_t longest, bool overlap)
{
	const unsigned int i = any(NODES);

	if (used[i]) {
		tree_remove(&tree, &nodes[i]);
		used[i] = false;
		return;
	}
	nodes[i].first = any(LAST + 1);
	nodes[i].last = nodes[i].first + any(longest);
	/* One of them remembers nothing. */
	nodes[i].memory = i == 0 ? NULL : &memory[i];
	if (nodes[i].last > LAST || (!overlap && !is_free(nodes[i].first, nodes[i].last)))
		return;
	tree_insert(&tree, &nodes[i]);
	used[i] = true;
}

static bool
plain_hole(uint64_t low, uint64_t high, const struct tree_hole *hole, uint64_t *x)
{
	for (*x = low; *x <= high && high - *x >= hole->length - 1; (*x)++)
		if ((*x & (hole->align - 1)) == hole->phase && is_free(*x, *x + (hole->length - 1)))
			return true;
	return false;
}

static void
holes(void)
{
	const unsigned int rounds = unit_quick() ? 2000 : 40000;
	unsigned int found = 0, in_vain = 0;

	start();
	for (unsigned int round = 0; round < rounds; round++) {
		struct tree_hole hole = { .align = UINT64_C(1) << any(8) };
		const uint64_t low = any(4) == 0 ? any(LAST) : 0;
		const uint64_t high = any(4) == 0 ? low + any(LAST + 1 - low) : LAST;
		uint64_t x = 0, expected = 0;
		bool is, should;

		if (round < NODES || any(2) == 0)
			change(24, false);
		hole.length = 1 + any(4 * hole.align);
		hole.phase = any(hole.align);
		/* The second time from memory. */
		for (unsigned int again = 0; again < 2; again++) {
			is = tree_find_hole(&tree, low, high, &hole, &x);
			should = plain_hole(low, high, &hole, &expected);
			CU_ASSERT_EQUAL_FATAL(is, should);
			if (is)
				CU_ASSERT_EQUAL_FATAL(x, expected);
		}
		found += is;
		in_vain += !is;
	}
	CU_ASSERT_TRUE(found > rounds / 20);
	CU_ASSERT_TRUE(in_vain > rounds / 20);
}

/* Three ranges with two holes, one of which a search misses by less than the other: the remembered result
 * must be true for both. */
static void
remembered(void)
{
	const struct tree_hole hole = { .length = 3, .align = 8 };

	for (uint64_t n = 0; n < 8 * 8 * 8 * 8; n++) {
		const uint64_t holes[] = { n % 8, n / 8 % 8 };
		const uint64_t phases[] = { n / 64 % 8, n / 512 };
		uint64_t from = 1, x, expected;

		start();
		for (unsigned int i = 0; i < 3; i++) {
			nodes[i] = (struct tree_node){ .first = from, .last = from + 2, .memory = &memory[i] };
			memory[i] = (struct tree_memory){ 0 };
			tree_insert(&tree, &nodes[i]);
			used[i] = true;
			from = nodes[i].last + 1 + (i < 2 ? holes[i] : 0);
		}
		for (unsigned int i = 0; i < 2; i++) {
			struct tree_hole wanted = hole;

			wanted.phase = phases[i];
			if (!plain_hole(1, from - 1, &wanted, &expected))
				expected = UINT64_MAX;
			if (!tree_find_hole(&tree, 1, from - 1, &wanted, &x))
				x = UINT64_MAX;
			CU_ASSERT_EQUAL_FATAL(x, expected);
		}
	}
}

/* At both ends of the numbers. */
static void
ends(void)
{
	struct tree_hole hole = { .length = 16, .align = 16 };
	struct tree_node low = { .first = 0, .last = 7 }, high = { .first = UINT64_MAX, .last = UINT64_MAX };
	uint64_t x;

	start();
	tree_insert(&tree, &low);
	CU_ASSERT_TRUE(tree_find_hole(&tree, 0, UINT64_MAX, &hole, &x));
	CU_ASSERT_EQUAL(x, 16);
	CU_ASSERT_TRUE(tree_find_hole(&tree, UINT64_MAX - 15, UINT64_MAX, &hole, &x));
	CU_ASSERT_EQUAL(x, UINT64_MAX - 15);
	tree_insert(&tree, &high);
	CU_ASSERT_FALSE(tree_find_hole(&tree, UINT64_MAX - 31 + 16, UINT64_MAX, &hole, &x));
	hole.length = UINT64_MAX - 8;
	hole.align = 1;
	CU_ASSERT_TRUE(tree_find_hole(&tree, 0, UINT64_MAX, &hole, &x));
	CU_ASSERT_EQUAL(x, 8);
	hole.length++;
	CU_ASSERT_FALSE(tree_find_hole(&tree, 0, UINT64_MAX, &hole, &x));
}

/* Ranges that overlap, some of them equal: each that touches is found, once, in order. */
static void
overlapping(void)
{
	const unsigned int rounds = unit_quick() ? 1000 : 20000;

	start();
	for (unsigned int round = 0; round < rounds; round++) {
		const uint64_t first = any(LAST + 1), last = first + any(LAST + 1 - first);
		const struct tree_node *node = NULL;
		unsigned int n = 0, expected = 0;
		uint64_t before = 0;

		change(any(8) == 0 ? LAST : 24, true);
		if (any(4) == 0 && used[0] && !used[1]) {
			nodes[1].first = nodes[0].first;
			nodes[1].last = nodes[0].last;
			tree_insert(&tree, &nodes[1]);
			used[1] = true;
		}
		for (unsigned int i = 0; i < NODES; i++)
			expected += used[i] && touches(&nodes[i], first, last);
		while ((node = tree_touching(&tree, first, last, node)) != NULL) {
			CU_ASSERT_TRUE_FATAL(used[node - nodes] && touches(node, first, last));
			CU_ASSERT_TRUE_FATAL(node->first >= before);
			before = node->first;
			n++;
		}
		CU_ASSERT_EQUAL_FATAL(n, expected);
	}
}

UNIT_MAIN("tree",
	  { "holes", holes },
	  { "what a search remembers", remembered },
	  { "holes at both ends", ends },
	  { "ranges that overlap", overlapping })
