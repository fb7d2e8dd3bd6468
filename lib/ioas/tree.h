/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TREE_H
#define IOAS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The structure that contains a member. */
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/*
 * An ordered set of ranges of 64-bit numbers, which also finds holes between them. The caller's structures
 * embed the nodes: no function allocates or fails. A treap; every operation is logarithmic in the number of
 * ranges. A hole may be long enough but have no place of the right phase. Therefore each node remembers which
 * searches below it have found nothing, until the ranges below it change. A search tries such a hole only
 * once.
 *
 * Ranges may overlap if only tree_touching() searches the tree.
 */

/* A search that found nothing: between the ranges of the subtree no x exists for which [x, x + length - 1] is
 * free and x modulo align is one of phase, phase + 1, ... phase + others. align 0: nothing is remembered. */
struct tree_vain {
	uint64_t length, align, phase, others;
};

/* The latest first. Two, because a search first wants free numbers around the place, and then does without. */
#define TREE_VAIN 2

struct tree_memory {
	struct tree_vain vain[TREE_VAIN];
};

struct tree_node {
	/* The caller sets these before tree_insert(). */
	uint64_t first, last; /* inclusive */
	struct tree_memory *memory; /* for searches of holes; NULL: nothing is remembered */

	/* The rest is private to tree.c. */
	struct tree_node *left, *right;
	uint64_t low, high; /* first and last number covered by the subtree */
	uint64_t gap;       /* longest hole between two ranges of the subtree */
	uint32_t priority;
};

/* The size of a range. Not for the range of all numbers, whose size does not fit. */
static inline uint64_t
tree_length(const struct tree_node *node)
{
	return node->last - node->first + 1;
}

struct tree {
	struct tree_node *root;
	uint32_t seed;
	uint64_t passed; /* nodes that tree_touching() and tree_find_hole() have visited, for tests */
};

void tree_insert(struct tree *tree, struct tree_node *node);

/* The node must be in the tree. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* The next range after one of the tree (NULL: the first) that touches [first, last], in the order of their
 * first numbers; NULL if there is none. */
struct tree_node *tree_touching(struct tree *tree, uint64_t first, uint64_t last,
				const struct tree_node *behind);

/* The lowest range that ends at x or above, NULL if there is none. */
struct tree_node *tree_from(const struct tree *tree, uint64_t x);

/* The highest range that begins at x or below, NULL if there is none. */
struct tree_node *tree_before(const struct tree *tree, uint64_t x);

/* The range that x lies in, or NULL. */
struct tree_node *tree_find(const struct tree *tree, uint64_t x);

/* Whether nothing in the tree touches [first, last]. */
bool tree_is_free(const struct tree *tree, uint64_t first, uint64_t last);

/* The hole to find: [x, x + length - 1], with x modulo align (a power of two) equal to phase. */
struct tree_hole {
	uint64_t length, align, phase;
};

/* Finds the lowest x for which the hole is free and inside [low, high]. */
bool tree_find_hole(struct tree *tree, uint64_t low, uint64_t high, const struct tree_hole *hole,
		    uint64_t *x);

#endif /* IOAS_TREE_H */
