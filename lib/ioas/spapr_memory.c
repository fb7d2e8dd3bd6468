/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>

#include "spapr.h"
#include <linux/vfio.h>

/* A registered piece of memory. */
struct registration {
	struct tree_node va;
	uint64_t areas; /* that use it */
};

int
spapr_request_memory(const struct spapr *spapr, const struct container *container, unsigned long request,
		     const struct tree_node *va)
{
	struct vfio_iommu_spapr_register_memory arg = {
		.argsz = sizeof(arg),
		.vaddr = va->first,
		.size = tree_length(va),
	};

	return spapr_request(spapr, container, request, &arg);
}

/* Makes a call in every container. If it fails in one, makes the opposite call in those before it. */
static int
request_in_all(const struct spapr *spapr, unsigned long request, unsigned long opposite,
	       const struct tree_node *va)
{
	const struct container *const first = spapr->containers;
	int ret;

	for (const struct container *c = first; c != NULL; c = c->next) {
		ret = spapr_request_memory(spapr, c, request, va);
		if (ret < 0) {
			for (const struct container *undo = first; undo != c; undo = undo->next)
				spapr_request_memory(spapr, undo, opposite, va);
			return ret;
		}
	}
	return 0;
}

static int
unregister_memory(const struct spapr *spapr, const struct tree_node *va)
{
	return request_in_all(spapr, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, va);
}

void
spapr_release(struct spapr *spapr, uint64_t first, uint64_t last)
{
	struct tree_node *node;

	while (first <= last && (node = tree_from(&spapr->registered, first)) != NULL &&
	       node->first <= last) {
		struct registration *const memory = container_of(node, struct registration, va);

		first = node->last + 1;
		if (--memory->areas > 0 || unregister_memory(spapr, node) < 0)
			continue;
		tree_remove(&spapr->registered, node);
		free(memory);
	}
}

static int
add_registration(struct spapr *spapr, uint64_t first, uint64_t last)
{
	struct registration *const memory = calloc(1, sizeof(*memory));
	int ret;

	if (memory == NULL)
		return -ENOMEM;
	memory->va.first = first;
	memory->va.last = last;
	ret = request_in_all(spapr, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY,
			     &memory->va);
	if (ret < 0) {
		free(memory);
		return ret;
	}
	tree_insert(&spapr->registered, &memory->va);
	return 0;
}

int
spapr_register(struct spapr *spapr, uint64_t first, uint64_t last)
{
	uint64_t from = first;
	int ret = 0;

	while (from <= last) {
		struct tree_node *node = tree_from(&spapr->registered, from);

		if (node == NULL || node->first > from) {
			const uint64_t end = node == NULL || node->first > last ? last
										: node->first - 1;

			ret = add_registration(spapr, from, end);
			if (ret < 0)
				break;
			node = tree_find(&spapr->registered, from);
		}
		container_of(node, struct registration, va)->areas++;
		from = node->last + 1;
	}
	if (ret < 0 && from > first)
		spapr_release(spapr, first, from - 1);
	return ret;
}

void
spapr_forget_memory(struct spapr *spapr)
{
	struct tree_node *node;

	while ((node = tree_from(&spapr->registered, 0)) != NULL) {
		tree_remove(&spapr->registered, node);
		free(container_of(node, struct registration, va));
	}
}
