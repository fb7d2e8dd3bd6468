/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "tree.h"

static uint64_t
max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Counts the numbers between a and b. */
static uint64_t
between(uint64_t a, uint64_t b)
{
	return b > a ? b - a - 1 : 0;
}

/* Computes a node's data about its subtree from its children. */
static void
update_node(struct tree_node *node)
{
	const struct tree_node *const left = node->left, *const right = node->right;

	node->low = node->first;
	node->high = node->last;
	node->gap = 0;
	if (left != NULL) {
		node->low = left->low;
		node->high = max(left->high, node->last);
		node->gap = max(left->gap, between(left->high, node->first));
	}
	if (right != NULL) {
		node->gap = max(node->gap, max(right->gap, between(node->high, right->low)));
		node->high = max(node->high, right->high);
	}
	if (node->memory != NULL)
		*node->memory = (struct tree_memory){ 0 };
}

/* The order in the tree: by the first number, then by the node's address. */
static bool
is_below(const struct tree_node *a, const struct tree_node *b)
{
	return a->first < b->first || (a->first == b->first && (uintptr_t)a < (uintptr_t)b);
}

/* Joins two trees. All of a must be below all of b. */
static struct tree_node *
join_subtrees(struct tree_node *a, struct tree_node *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (a->priority >= b->priority) {
		a->right = join_subtrees(a->right, b);
		update_node(a);
		return a;
	}
	b->left = join_subtrees(a, b->left);
	update_node(b);
	return b;
}

/* Splits into the ranges below x and the rest. */
static void
split_subtree(struct tree_node *node, const struct tree_node *x, struct tree_node **below,
	      struct tree_node **above)
{
	if (node == NULL) {
		*below = *above = NULL;
		return;
	}
	if (is_below(node, x)) {
		split_subtree(node->right, x, &node->right, above);
		*below = node;
	} else {
		split_subtree(node->left, x, below, &node->left);
		*above = node;
	}
	update_node(node);
}

static struct tree_node *
insert_below(struct tree_node *root, struct tree_node *node)
{
	if (root == NULL || node->priority > root->priority) {
		split_subtree(root, node, &node->left, &node->right);
		root = node;
	} else if (is_below(node, root)) {
		root->left = insert_below(root->left, node);
	} else {
		root->right = insert_below(root->right, node);
	}
	update_node(root);
	return root;
}

void
tree_insert(struct tree *tree, struct tree_node *node)
{
	/* xorshift32: a treap only needs priorities that do not follow the order of the ranges. */
	uint32_t seed = tree->seed != 0 ? tree->seed : 0x9e3779b9;

	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	tree->seed = seed;
	node->priority = seed;
	node->left = node->right = NULL;
	tree->root = insert_below(tree->root, node);
}

static struct tree_node *
remove_from(struct tree_node *root, struct tree_node *node)
{
	if (root == node)
		return join_subtrees(node->left, node->right);
	if (is_below(node, root))
		root->left = remove_from(root->left, node);
	else
		root->right = remove_from(root->right, node);
	update_node(root);
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

static struct tree_node *
find_touching(struct tree *tree, struct tree_node *node, uint64_t first, uint64_t last,
	      const struct tree_node *behind)
{
	struct tree_node *found;

	if (node == NULL)
		return NULL;
	tree->passed++;
	if (node->high < first || node->low > last)
		return NULL;
	if (behind == NULL || is_below(behind, node)) {
		found = find_touching(tree, node->left, first, last, behind);
		if (found != NULL)
			return found;
		if (node->last >= first && node->first <= last)
			return node;
	}
	return find_touching(tree, node->right, first, last, behind);
}

struct tree_node *
tree_touching(struct tree *tree, uint64_t first, uint64_t last, const struct tree_node *behind)
{
	return find_touching(tree, tree->root, first, last, behind);
}

/* A search for a hole. In the part that it has passed it would not have found a hole for other phases either:
 * from below less than the wanted phase to above more. */
struct search {
	struct tree *tree;
	const struct tree_hole *hole;
	uint64_t below, above;
};

/* align is a power of two. */
static uint64_t
modulo(uint64_t x, uint64_t align)
{
	return x & (align - 1);
}

/* The search might have found something for phases that are farther away. */
static void
narrow_phases(struct search *search, uint64_t below, uint64_t above)
{
	if (search->below > below)
		search->below = below;
	if (search->above > above)
		search->above = above;
}

/* The lowest place in [low, high], which is free. */
static bool
place_in(struct search *search, uint64_t low, uint64_t high, uint64_t *x)
{
	const struct tree_hole *const hole = search->hole;
	const uint64_t pad = modulo(hole->phase - low, hole->align);
	uint64_t room;

	if (low > high || high - low < hole->length - 1)
		return false;
	room = high - low - (hole->length - 1);
	if (room < pad) {
		/* A hole could begin from low to low + room. */
		narrow_phases(search, pad - room - 1, hole->align - 1 - pad);
		return false;
	}
	*x = low + pad;
	return true;
}

/* Whether an earlier search of the subtree proves that this one finds nothing. */
static bool
skip_in_vain(struct search *search, const struct tree_node *node)
{
	const struct tree_hole *const hole = search->hole;

	for (unsigned int i = 0; node->memory != NULL && i < TREE_VAIN; i++) {
		const struct tree_vain *const vain = &node->memory->vain[i];
		uint64_t distance;

		if (vain->align == 0 || vain->align > hole->align || vain->length > hole->length)
			continue;
		distance = modulo(hole->phase - vain->phase, vain->align);
		if (distance > vain->others)
			continue;
		narrow_phases(search, distance, vain->others - distance);
		return true;
	}
	return false;
}

/* Whether a says at least as much as b. */
static bool
implies(const struct tree_vain *a, const struct tree_vain *b)
{
	return b->align == 0 ||
	       (a->align <= b->align && a->length <= b->length &&
		modulo(b->phase - a->phase, a->align) + b->others <= a->others);
}

/* Remembers the result of the search of the subtree, in place of one that it implies, or of the oldest. */
static void
remember_vain(struct tree_node *node, const struct search *search)
{
	const struct tree_hole *const hole = search->hole;
	const struct tree_vain vain = {
		.length = hole->length,
		.align = hole->align,
		.phase = modulo(hole->phase - search->below, hole->align),
		.others = search->below + search->above,
	};
	struct tree_memory *const memory = node->memory;
	unsigned int i = 0;

	if (memory == NULL)
		return;
	while (i < TREE_VAIN - 1 && !implies(&vain, &memory->vain[i]))
		i++;
	for (; i > 0; i--)
		memory->vain[i] = memory->vain[i - 1];
	memory->vain[0] = vain;
}

/* The lowest place between two ranges of the subtree. */
static bool
hole_between(struct search *search, struct tree_node *node, uint64_t *x)
{
	struct search here = *search;

	if (node == NULL)
		return false;
	search->tree->passed++;
	if (node->gap < search->hole->length || skip_in_vain(search, node))
		return false;
	here.below = here.above = search->hole->align - 1;
	if (hole_between(&here, node->left, x) ||
	    (node->left != NULL && node->first > 0 &&
	     place_in(&here, node->left->high + 1, node->first - 1, x)) ||
	    (node->right != NULL && node->last < UINT64_MAX &&
	     place_in(&here, node->last + 1, node->right->low - 1, x)) ||
	    hole_between(&here, node->right, x))
		return true;
	remember_vain(node, &here);
	narrow_phases(search, here.below, here.above);
	return false;
}

/* The lowest place in [low, high]. Only ranges of the subtree can be in there. */
static bool
hole_in(struct search *search, struct tree_node *node, uint64_t low, uint64_t high, uint64_t *x)
{
	/* Skips ranges outside [low, high]. */
	while (node != NULL && (node->last < low || node->first > high)) {
		search->tree->passed++;
		node = node->last < low ? node->right : node->left;
	}
	if (node == NULL)
		return place_in(search, low, high, x);
	search->tree->passed++;
	if (node->low >= low && node->high <= high)
		return (node->low > low && place_in(search, low, node->low - 1, x)) ||
		       hole_between(search, node, x) ||
		       (node->high < high && place_in(search, node->high + 1, high, x));
	if (node->first > low && hole_in(search, node->left, low, node->first - 1, x))
		return true;
	return node->last < high && hole_in(search, node->right, node->last + 1, high, x);
}

bool
tree_find_hole(struct tree *tree, uint64_t low, uint64_t high, const struct tree_hole *hole,
	       uint64_t *x)
{
	struct search search = {
		.tree = tree,
		.hole = hole,
		.below = hole->align - 1,
		.above = hole->align - 1,
	};

	return low <= high && hole_in(&search, tree->root, low, high, x);
}
