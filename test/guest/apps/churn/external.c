/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Memory of the application, in large and small pages, comes and goes in parts, in any order, by all ways to
 * give such memory to DPDK. Forbidden calls are tried as well.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "churn.h"

#define BLOCKS 12
#define PARTS 4
#define PAGES_A_PART 16
/* Below the IOVAs that the plugin chooses by itself. */
#define STATED_IOVAS UINT64_C(0x200000000)
/* One in this many steps tries a forbidden call. Each logs a line. */
#define STEPS_BETWEEN_REFUSALS 40

struct block {
	enum way {
		NONE,
		DMA_MAP, /* rte_extmem_register(), rte_dev_dma_map() of parts, at fixed IOVAs */
		HEAP,    /* a separate heap: parts are added with or without IOVAs */
		ASKED,   /* rte_mem_virt2iova() of a page, munmap() */
		WAYS
	} way;
	unsigned int index;
	char *va;
	size_t page, part_length, length;
	uint64_t iova;           /* of the first part */
	struct rte_device *device; /* DMA_MAP: it may be the only one that can access the memory */
	bool mapped[PARTS];
	bool asked[PARTS * PAGES_A_PART];
	bool stated;             /* HEAP: it has fixed IOVAs */
	void *object;            /* HEAP */
};

static uint64_t random_state, mapped_bytes;

uint64_t
external_mapped(void)
{
	return mapped_bytes;
}

static bool
tries_refusals(void)
{
	return random_below(&random_state, STEPS_BETWEEN_REFUSALS) == 0;
}

static void
count(struct block *block, unsigned int part, bool mapped)
{
	block->mapped[part] = mapped;
	if (!mapped) {
		mapped_bytes -= block->part_length;
		return;
	}
	mapped_bytes += block->part_length;
	figures.maps++;
}

static char *
part_va(const struct block *block, unsigned int part)
{
	return block->va + part * block->part_length;
}

/* Parts lie in the opposite order. */
static uint64_t
part_iova(const struct block *block, unsigned int part)
{
	return block->iova + (PARTS - 1 - part) * block->part_length;
}

/* ---- rte_dev_dma_map() ---- */

static struct rte_device *
any_device(void)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(random_below(&random_state, 2), &info) != 0)
		wrong("no device");
	return info.device;
}

static void
begin_dma_map(struct block *block)
{
	block->device = any_device();
	if (rte_extmem_register(block->va, block->length, NULL, 0, block->page) != 0)
		wrong("rte_extmem_register: %s", rte_strerror(rte_errno));
	if (tries_refusals() &&
	    (rte_extmem_register(block->va, block->length, NULL, 0, block->page) == 0 ||
	     rte_errno != EEXIST))
		wrong("rte_extmem_register takes memory twice");
}

static int
dma_unmap(const struct block *block, unsigned int part, size_t length)
{
	return rte_dev_dma_unmap(block->device, part_va(block, part), part_iova(block, part), length);
}

static void
map_part(struct block *block, unsigned int part)
{
	char *const va = part_va(block, part);
	const uint64_t iova = part_iova(block, part);

	if (rte_dev_dma_map(block->device, va, iova, block->part_length) != 0)
		wrong("rte_dev_dma_map of %p at 0x%" PRIx64 ": %s", (void *)va, iova,
		      rte_strerror(rte_errno));
	count(block, part, true);
	check_contiguous("stated IOVA", va, block->part_length, iova);
	/* One page has no part. */
	if (block->part_length > SMALL_PAGE && tries_refusals() &&
	    (rte_dev_dma_map(block->device, va, iova + SMALL_PAGE, block->part_length) == 0 ||
	     dma_unmap(block, part, SMALL_PAGE) == 0))
		wrong("rte_dev_dma_map or _unmap of what is mapped in another way");
	check_contiguous("stated IOVA", va, block->part_length, iova);
}

static void
unmap_part(struct block *block, unsigned int part)
{
	if (dma_unmap(block, part, block->part_length) != 0)
		wrong("rte_dev_dma_unmap: %s", rte_strerror(rte_errno));
	count(block, part, false);
	if (tries_refusals() && dma_unmap(block, part, block->part_length) == 0)
		wrong("rte_dev_dma_unmap does so twice");
}

static void
step_dma_map(struct block *block)
{
	const unsigned int part = random_below(&random_state, PARTS);

	if (block->mapped[part])
		unmap_part(block, part);
	else
		map_part(block, part);
}

/* Some of it stays mapped until the memory goes. */
static void
end_dma_map(struct block *block)
{
	for (unsigned int part = 0; part < PARTS; part++)
		if (block->mapped[part] && random_below(&random_state, 2) == 0)
			unmap_part(block, part);
	if (rte_extmem_unregister(block->va, block->length) != 0)
		wrong("rte_extmem_unregister: %s", rte_strerror(rte_errno));
	if (tries_refusals() && rte_extmem_unregister(block->va, block->length) == 0)
		wrong("rte_extmem_unregister does so twice");
}

/* ---- heaps ---- */

static const char *
heap_name(const struct block *block)
{
	static char name[32];

	snprintf(name, sizeof(name), "external %u", block->index);
	return name;
}

static void
begin_heap(struct block *block)
{
	block->stated = random_below(&random_state, 2) == 0;
	if (rte_malloc_heap_create(heap_name(block)) != 0)
		wrong("rte_malloc_heap_create: %s", rte_strerror(rte_errno));
}

static void
add_part(struct block *block, unsigned int part)
{
	const unsigned int n = block->part_length / block->page;
	rte_iova_t iovas[PAGES_A_PART];

	for (unsigned int i = 0; i < n; i++)
		iovas[i] = part_iova(block, part) + (n - 1 - i) * block->page;
	if (rte_malloc_heap_memory_add(heap_name(block), part_va(block, part), block->part_length,
				       block->stated ? iovas : NULL, n, block->page) != 0)
		wrong("rte_malloc_heap_memory_add: %s", rte_strerror(rte_errno));
	count(block, part, true);
	for (unsigned int i = 0; i < n; i++) {
		char *const va = part_va(block, part) + i * block->page;

		check_memory("heap", va, block->page);
		if (block->stated)
			check_contiguous("heap", va, block->page, iovas[i]);
	}
}

static void
remove_part(struct block *block, unsigned int part)
{
	char *const va = part_va(block, part);

	if (tries_refusals() &&
	    rte_malloc_heap_memory_remove(heap_name(block), va, block->part_length / 2) == 0)
		wrong("rte_malloc_heap_memory_remove of a half");
	if (rte_malloc_heap_memory_remove(heap_name(block), va, block->part_length) != 0)
		wrong("rte_malloc_heap_memory_remove: %s", rte_strerror(rte_errno));
	count(block, part, false);
}

static void
step_heap(struct block *block)
{
	const unsigned int part = random_below(&random_state, PARTS);
	const int socket = rte_malloc_heap_get_socket(heap_name(block));
	const size_t size = random_size(&random_state, 64, block->part_length / 2);

	/* Memory in use cannot be removed. */
	rte_free(block->object);
	block->object = NULL;
	if (block->mapped[part])
		remove_part(block, part);
	else
		add_part(block, part);
	block->object = rte_malloc_socket(NULL, size, 0, socket);
	if (block->object == NULL)
		return;
	check_memory("object of external memory", block->object, size);
	memset(block->object, block->index, size);
}

static void
end_heap(struct block *block)
{
	rte_free(block->object);
	block->object = NULL;
	for (unsigned int part = 0; part < PARTS; part++)
		if (block->mapped[part])
			remove_part(block, part);
	if (rte_malloc_heap_destroy(heap_name(block)) != 0)
		wrong("rte_malloc_heap_destroy: %s", rte_strerror(rte_errno));
}

/* ---- memory that DPDK does not know ---- */

static void
step_asked(struct block *block)
{
	const unsigned int page = random_below(&random_state, block->length / block->page);
	char *const va = block->va + page * block->page;
	const rte_iova_t iova = rte_mem_virt2iova(va);

	if (iova == RTE_BAD_IOVA || iova == (uintptr_t)va)
		wrong("%p was asked for and has IOVA 0x%" PRIx64, (void *)va, iova);
	check_contiguous("asked for", va, block->page, iova);
	if (block->asked[page])
		return;
	block->asked[page] = true;
	mapped_bytes += block->page;
	figures.maps++;
}

/* ---- blocks ---- */

static const struct {
	void (*begin)(struct block *block);
	void (*step)(struct block *block);
	void (*end)(struct block *block);
} ways[WAYS] = {
	[DMA_MAP] = { begin_dma_map, step_dma_map, end_dma_map },
	[HEAP] = { begin_heap, step_heap, end_heap },
	[ASKED] = { NULL, step_asked, NULL },
};

static void
begin(struct block *block)
{
	const bool large = random_below(&random_state, 2) == 0;
	const unsigned int index = block->index;
	void *va;

	*block = (struct block){ .index = index };
	block->page = large ? LARGE_PAGE : SMALL_PAGE;
	block->part_length = block->page *
		(1 + random_below(&random_state, large ? 2 : PAGES_A_PART));
	block->length = PARTS * block->part_length;
	block->iova = STATED_IOVAS + index * PARTS * PAGES_A_PART * LARGE_PAGE;
	va = mmap(NULL, block->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		  MAP_POPULATE | (large ? MAP_HUGETLB : 0), -1, 0);
	if (va == MAP_FAILED) {
		figures.refused++;
		return;
	}
	figures.blocks++;
	block->va = va;
	block->way = 1 + random_below(&random_state, WAYS - 1);
	if (ways[block->way].begin != NULL)
		ways[block->way].begin(block);
}

/* The memory goes, in halves, with its remaining maps. */
static void
end(struct block *block)
{
	const unsigned int first = random_below(&random_state, 2);
	const size_t half = PARTS / 2 * block->part_length;

	if (ways[block->way].end != NULL)
		ways[block->way].end(block);
	munmap(block->va + first * half, half);
	munmap(block->va + (1 - first) * half, half);
	for (unsigned int part = 0; part < PARTS; part++)
		if (block->mapped[part])
			count(block, part, false);
	for (unsigned int page = 0; page < RTE_DIM(block->asked); page++)
		if (block->asked[page])
			mapped_bytes -= block->page;
	block->way = NONE;
}

void *
external(void *arg)
{
	struct block blocks[BLOCKS] = { 0 };

	random_state = *(const uint64_t *)arg;
	for (unsigned int i = 0; i < BLOCKS; i++)
		blocks[i].index = i;
	while (go_on()) {
		struct block *const block = &blocks[random_below(&random_state, BLOCKS)];

		if (block->way == NONE)
			begin(block);
		else if (random_below(&random_state, 12) == 0)
			end(block);
		else
			ways[block->way].step(block);
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (blocks[i].way != NONE)
			end(&blocks[i]);
	return NULL;
}
