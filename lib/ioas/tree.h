/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TREE_H
#define IOAS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An ordered set of disjoint ranges of 64-bit numbers, which also finds holes between them. The
 * nodes live in the caller's structures: nothing here allocates, nothing can fail. A treap; every
 * operation is logarithmic in the number of ranges (finding an aligned hole almost always).
 */
struct tree_node {
	uint64_t first, last; /* inclusive; set by the caller before tree_insert() */

	/* The rest belongs to tree.c. */
	struct tree_node *left, *right;
	uint64_t low, high; /* first and last number covered by the subtree */
	uint64_t gap;       /* longest hole between two ranges of the subtree */
	uint32_t priority;
};

struct tree {
	struct tree_node *root;
	uint32_t seed;
};

/* The node must not overlap with one that is in the tree. */
void tree_insert(struct tree *tree, struct tree_node *node);

/* The node must be in the tree. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* The lowest range that ends at x or above, NULL if there is none. */
struct tree_node *tree_from(const struct tree *tree, uint64_t x);

/* The highest range that begins at x or below, NULL if there is none. */
struct tree_node *tree_before(const struct tree *tree, uint64_t x);

/* The range that x lies in, or NULL. */
struct tree_node *tree_find(const struct tree *tree, uint64_t x);

/* Whether nothing in the tree touches [first, last]. */
bool tree_is_free(const struct tree *tree, uint64_t first, uint64_t last);

/*
 * The lowest x with [x, x + length - 1] free and inside [low, high], and x modulo align (a power of
 * two) equal to phase.
 */
bool tree_find_hole(const struct tree *tree, uint64_t low, uint64_t high, uint64_t length,
		    uint64_t align, uint64_t phase, uint64_t *x);

#endif /* IOAS_TREE_H */
