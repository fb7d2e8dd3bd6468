/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "tree.h"

static uint64_t
max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Recomputes what a node knows of its subtree from its children. */
static void
update(struct tree_node *node)
{
	node->low = node->first;
	node->high = node->last;
	node->gap = 0;
	if (node->left != NULL) {
		node->low = node->left->low;
		node->gap = max(node->left->gap, node->first - node->left->high - 1);
	}
	if (node->right != NULL) {
		node->high = node->right->high;
		node->gap = max(node->gap, max(node->right->gap,
					       node->right->low - node->last - 1));
	}
}

/* Joins two trees of which all of a lies below all of b. */
static struct tree_node *
join(struct tree_node *a, struct tree_node *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (a->priority >= b->priority) {
		a->right = join(a->right, b);
		update(a);
		return a;
	}
	b->left = join(a, b->left);
	update(b);
	return b;
}

/* Splits into what begins below x and what begins at x or above. */
static void
split(struct tree_node *node, uint64_t x, struct tree_node **below, struct tree_node **above)
{
	if (node == NULL) {
		*below = *above = NULL;
		return;
	}
	if (node->first < x) {
		split(node->right, x, &node->right, above);
		*below = node;
	} else {
		split(node->left, x, below, &node->left);
		*above = node;
	}
	update(node);
}

static struct tree_node *
insert(struct tree_node *root, struct tree_node *node)
{
	if (root == NULL || node->priority > root->priority) {
		split(root, node->first, &node->left, &node->right);
		root = node;
	} else if (node->first < root->first) {
		root->left = insert(root->left, node);
	} else {
		root->right = insert(root->right, node);
	}
	update(root);
	return root;
}

void
tree_insert(struct tree *tree, struct tree_node *node)
{
	/* xorshift32: all that a treap asks of its priorities is that nobody sorts by them. */
	uint32_t seed = tree->seed != 0 ? tree->seed : 0x9e3779b9;

	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	tree->seed = seed;
	node->priority = seed;
	node->left = node->right = NULL;
	tree->root = insert(tree->root, node);
}

static struct tree_node *
remove_from(struct tree_node *root, struct tree_node *node)
{
	if (root == node)
		return join(node->left, node->right);
	if (node->first < root->first)
		root->left = remove_from(root->left, node);
	else
		root->right = remove_from(root->right, node);
	update(root);
	return root;
}

void
tree_remove(struct tree *tree, struct tree_node *node)
{
	tree->root = remove_from(tree->root, node);
}

struct tree_node *
tree_from(const struct tree *tree, uint64_t x)
{
	struct tree_node *node = tree->root, *best = NULL;

	while (node != NULL) {
		if (node->last >= x) {
			best = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return best;
}

struct tree_node *
tree_before(const struct tree *tree, uint64_t x)
{
	struct tree_node *node = tree->root, *best = NULL;

	while (node != NULL) {
		if (node->first <= x) {
			best = node;
			node = node->right;
		} else {
			node = node->left;
		}
	}
	return best;
}

struct tree_node *
tree_find(const struct tree *tree, uint64_t x)
{
	struct tree_node *const node = tree_from(tree, x);

	return node != NULL && node->first <= x ? node : NULL;
}

bool
tree_is_free(const struct tree *tree, uint64_t first, uint64_t last)
{
	const struct tree_node *const node = tree_from(tree, first);

	return node == NULL || node->first > last;
}

/* A place in one hole. */
static bool
fits(uint64_t low, uint64_t high, uint64_t length, uint64_t align, uint64_t phase, uint64_t *x)
{
	const uint64_t pad = (phase - low) & (align - 1);

	if (low > high || high - low < pad || high - low - pad < length - 1)
		return false;
	*x = low + pad;
	return true;
}

/* The lowest place in [low, high], where no range but those of the subtree matters. */
static bool
hole_in(const struct tree_node *node, uint64_t low, uint64_t high, uint64_t length, uint64_t align,
	uint64_t phase, uint64_t *x)
{
	/* Ranges outside [low, high] cut nothing off. */
	while (node != NULL && (node->last < low || node->first > high))
		node = node->last < low ? node->right : node->left;
	if (node == NULL)
		return fits(low, high, length, align, phase, x);
	if (node->gap < length &&
	    (node->low <= low || node->low - low < length) &&
	    (node->high >= high || high - node->high < length))
		return false;
	if (node->first > low &&
	    hole_in(node->left, low, node->first - 1, length, align, phase, x))
		return true;
	return node->last < high &&
	       hole_in(node->right, node->last + 1, high, length, align, phase, x);
}

bool
tree_find_hole(const struct tree *tree, uint64_t low, uint64_t high, uint64_t length,
	       uint64_t align, uint64_t phase, uint64_t *x)
{
	return low <= high && hole_in(tree->root, low, high, length, align, phase, x);
}
