/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A container with sPAPR TCE v2 on POWER: windows, registered memory, and maps, which the kernel does not
 * keep as areas. A map over another one ends the test, because the kernel would not notice it: the library
 * must never make one. Memory is pinned when it is registered, not when it is mapped.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_internal.h"
#include <linux/vfio.h>

#define CREATED_AT (UINT64_C(1) << 59)
#define PGSIZES (PAGE | UINT64_C(1) << 16 | UINT64_C(1) << 21 | UINT64_C(1) << 24)
#define MAX_PIECES 4096

static void
make_default_window(struct model_container *container)
{
	if (container->n_windows == 0)
		container->windows[container->n_windows++] =
			(struct model_window){ 0, model.spapr - 1, PAGE };
}

static const struct model_window *
find_window(const struct model_container *container, uint64_t iova)
{
	for (unsigned int i = 0; i < container->n_windows; i++)
		if (iova >= container->windows[i].first && iova <= container->windows[i].last)
			return &container->windows[i];
	return NULL;
}

static int
get_info(struct vfio_iommu_spapr_tce_info *arg)
{
	if (arg->argsz < member_end(struct vfio_iommu_spapr_tce_info, ddw))
		return -EINVAL;
	arg->flags = VFIO_IOMMU_SPAPR_INFO_DDW;
	arg->dma32_window_start = 0;
	arg->dma32_window_size = model.spapr;
	arg->ddw.pgsizes = PGSIZES;
	arg->ddw.max_dynamic_windows_supported = model.windows;
	arg->ddw.levels = 1;
	return 0;
}

static int
create_window(struct model_container *container, struct vfio_iommu_spapr_tce_create *arg)
{
	if (arg->argsz < member_end(struct vfio_iommu_spapr_tce_create, start_addr) ||
	    arg->flags != 0)
		return -EINVAL;
	make_default_window(container);
	if (container->n_windows == 2)
		return -ENOSPC;
	if ((PGSIZES & UINT64_C(1) << arg->page_shift) == 0 || arg->levels != 1 ||
	    (arg->window_size & (arg->window_size - 1)) != 0)
		return -EINVAL;
	if (container->n_windows >= model.windows)
		return -ENODEV;
	arg->start_addr = CREATED_AT;
	container->windows[container->n_windows++] = (struct model_window){
		CREATED_AT, CREATED_AT + (arg->window_size - 1), UINT64_C(1) << arg->page_shift,
	};
	return 0;
}

static int
unmap_range(struct model_container *container, uint64_t first, uint64_t last)
{
	struct model_ioas *const ioas = &container->ioas;
	size_t i;

	while ((i = model_area_from(ioas, first)) < ioas->n_areas && ioas->areas[i].first <= last) {
		if (model.changed != NULL)
			model.changed(ioas->areas[i].first, ioas->areas[i].last, false);
		model_take_area(ioas, i);
	}
	return 0;
}

static int
remove_window(struct model_container *container, const struct vfio_iommu_spapr_tce_remove *arg)
{
	const struct model_window *const window = find_window(container, arg->start_addr);

	if (window == NULL || window == &container->windows[0])
		return -EINVAL;
	unmap_range(container, window->first, window->last);
	container->n_windows--;
	return 0;
}

/* Memory that the process has registered, with the number of containers and the number of maps. */
static struct registered {
	uint64_t first, last;
	unsigned int containers;
} registered[MAX_PIECES];

static struct registered *
find_registered(uint64_t first, uint64_t last)
{
	for (unsigned int i = 0; i < MAX_PIECES; i++)
		if (registered[i].containers > 0 &&
		    model_touches(registered[i].first, registered[i].last, first, last))
			return &registered[i];
	return NULL;
}

static bool
is_mapped(const struct model_container *container, const struct model_memory *memory)
{
	const struct model_ioas *const ioas = &container->ioas;

	for (size_t i = 0; i < ioas->n_areas; i++)
		if (model_touches(memory->first, memory->last, ioas->areas[i].va,
				  ioas->areas[i].va + (ioas->areas[i].last - ioas->areas[i].first)))
			return true;
	return false;
}

static int
register_memory(struct model_container *container,
		const struct vfio_iommu_spapr_register_memory *arg)
{
	const struct model_memory new = { arg->vaddr, arg->vaddr + (arg->size - 1) };
	const struct model_area area = { .last = arg->size - 1, .va = arg->vaddr };
	struct registered *piece;
	int ret;

	if (arg->argsz < member_end(struct vfio_iommu_spapr_register_memory, size) ||
	    arg->flags != 0 || ((arg->vaddr | arg->size) & (PAGE - 1)) != 0 || arg->size == 0)
		return -EINVAL;
	for (size_t i = 0; i < container->n_memory; i++)
		if (container->memory[i].first == new.first && container->memory[i].last == new.last)
			return -EBUSY;
	piece = find_registered(new.first, new.last);
	if (piece != NULL && (piece->first != new.first || piece->last != new.last))
		return -EINVAL;
	if (piece == NULL) {
		ret = model_pin(&area);
		if (ret < 0)
			return ret;
		for (piece = registered; piece->containers > 0; piece++)
			;
		*piece = (struct registered){ new.first, new.last, 0 };
	}
	piece->containers++;
	container->memory = realloc(container->memory,
				    (container->n_memory + 1) * sizeof(*container->memory));
	container->memory[container->n_memory++] = new;
	return 0;
}

static void
drop_memory(struct model_container *container, size_t i)
{
	const struct model_memory m = container->memory[i];

	if (--find_registered(m.first, m.last)->containers == 0)
		model_unpin(&(struct model_area){ .last = m.last - m.first, .va = m.first });
	container->memory[i] = container->memory[--container->n_memory];
}

static int
unregister_memory(struct model_container *container,
		  const struct vfio_iommu_spapr_register_memory *arg)
{
	for (size_t i = 0; i < container->n_memory; i++) {
		const struct model_memory *const m = &container->memory[i];

		if (m->first != arg->vaddr || m->last - m->first + 1 != arg->size)
			continue;
		if (is_mapped(container, m))
			return -EBUSY;
		drop_memory(container, i);
		return 0;
	}
	return -ENOENT;
}

/* Whether every IOMMU page of the memory lies in one registered piece. */
static bool
is_registered(const struct model_container *container, uint64_t va, uint64_t length, uint64_t page)
{
	for (uint64_t at = va; at < va + length;) {
		size_t i = 0;

		while (i < container->n_memory && (container->memory[i].first > at ||
						   container->memory[i].last < at + (page - 1)))
			i++;
		if (i == container->n_memory)
			return false;
		at = (container->memory[i].last + 1) & ~(page - 1);
	}
	return true;
}

static int
map(struct model_container *container, const struct vfio_iommu_type1_dma_map *arg)
{
	const uint32_t access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	const struct model_area area = {
		.first = arg->iova,
		.last = arg->iova + (arg->size - 1),
		.va = arg->vaddr,
		.limited = (arg->flags & access) != access,
	};
	const struct model_window *window;

	if (container->n_memory == 0)
		return -EPERM;
	if (arg->argsz < member_end(struct vfio_iommu_type1_dma_map, size) ||
	    (arg->flags & ~access) != 0)
		return -EINVAL;
	make_default_window(container);
	window = find_window(container, arg->iova);
	if (window == NULL)
		return -ENXIO;
	if (((arg->size | arg->vaddr | arg->iova) & (window->page - 1)) != 0 || arg->size == 0 ||
	    area.last < area.first || area.last > window->last ||
	    !is_registered(container, arg->vaddr, arg->size, window->page))
		return -EINVAL;
	if (window->page > model.memory_page)
		return -EINVAL;
	if (model_has_area(&container->ioas, area.first, area.last)) {
		fprintf(stderr, "model: a map over another one\n");
		abort();
	}
	model_insert_area(&container->ioas, area);
	if (model.changed != NULL)
		model.changed(area.first, area.last, true);
	return 0;
}

static int
unmap(struct model_container *container, const struct vfio_iommu_type1_dma_unmap *arg)
{
	const struct model_window *window;

	if (container->n_memory == 0)
		return -EPERM;
	if (arg->argsz < member_end(struct vfio_iommu_type1_dma_unmap, size) || arg->flags != 0)
		return -EINVAL;
	make_default_window(container);
	window = find_window(container, arg->iova);
	if (window == NULL)
		return -ENXIO;
	if ((arg->size & (window->page - 1)) != 0)
		return -EINVAL;
	return unmap_range(container, arg->iova, arg->iova + (arg->size - 1));
}

int
model_spapr_ioctl(struct model_container *container, unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_IOMMU_SPAPR_TCE_GET_INFO:
		return get_info(arg);
	case VFIO_IOMMU_SPAPR_TCE_CREATE:
		return create_window(container, arg);
	case VFIO_IOMMU_SPAPR_TCE_REMOVE:
		return remove_window(container, arg);
	case VFIO_IOMMU_SPAPR_REGISTER_MEMORY:
		return register_memory(container, arg);
	case VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY:
		return unregister_memory(container, arg);
	case VFIO_IOMMU_MAP_DMA:
		return map(container, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap(container, arg);
	default:
		return -ENOTTY;
	}
}

void
model_spapr_leave(struct model_container *container)
{
	/* Linux clears the windows for all groups when one of them leaves. */
	unmap_range(container, 0, UINT64_MAX);
	if (container->n_groups > 0)
		return;
	while (container->n_memory > 0)
		drop_memory(container, 0);
	free(container->memory);
	container->memory = NULL;
	container->n_windows = 0;
}
