/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Describes the memory at an IOVA in EAL's terms: segment, heap, memzone, mempool.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal_memconfig.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include <rte_tailq.h>

#include "common_space.h"
#include "rte_bus_ioas.h"
#include "spaces.h"

/* Argument of the walks over pools and zones. */
struct walk {
	const char *va;
	struct rte_bus_ioas_iova *answer;
};

/* Finds the name of the heap with this number, because EAL looks heaps up only by name. "": none. */
static void
find_heap(int socket_id, char name[RTE_BUS_IOAS_HEAP_NAMESIZE])
{
	char *text = NULL, *line, *rest;
	size_t length;
	FILE *const out = open_memstream(&text, &length);

	if (out == NULL)
		return;
	rte_malloc_dump_stats(out, NULL);
	if (fclose(out) != 0)
		goto out_free;
	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		const char *const found = strstr(line, "Heap name:");

		if (found != NULL && strlen(found + 10) < RTE_BUS_IOAS_HEAP_NAMESIZE &&
		    rte_malloc_heap_get_socket(found + 10) == socket_id) {
			strcpy(name, found + 10);
			break;
		}
	}
out_free:
	free(text);
}

static void
find_segment(const void *va, struct rte_bus_ioas_iova *answer)
{
	const struct rte_memseg_list *msl;
	bool heap = false;

	rte_mcfg_mem_read_lock();
	msl = rte_mem_virt2memseg_list(va);
	if (msl != NULL) {
		answer->page_size = msl->page_sz;
		answer->external = msl->external != 0;
		answer->socket_id = msl->socket_id;
		heap = msl->heap != 0;
	}
	rte_mcfg_mem_read_unlock();
	if (heap && answer->external)
		find_heap(answer->socket_id, answer->heap);
	else if (heap)
		snprintf(answer->heap, sizeof(answer->heap), "socket_%d", answer->socket_id);
}

static void
check_memzone(const struct rte_memzone *mz, void *arg)
{
	const struct walk *const walk = arg;

	if (walk->va >= (char *)mz->addr && walk->va < (char *)mz->addr + mz->len)
		snprintf(walk->answer->memzone, sizeof(walk->answer->memzone), "%s", mz->name);
}

static bool
has_memory(const struct rte_mempool *mp, const char *va)
{
	const struct rte_mempool_memhdr *memory;

	STAILQ_FOREACH(memory, &mp->mem_list, next)
		if (va >= (char *)memory->addr && va < (char *)memory->addr + memory->len)
			return true;
	return false;
}

static void
check_mempool(const struct rte_mempool *mp, const struct walk *walk)
{
	const struct rte_mempool_objhdr *header;
	unsigned int n = 0;

	if (!has_memory(mp, walk->va))
		return;
	STAILQ_FOREACH(header, &mp->elt_list, next) {
		const char *const object = (const char *)(header + 1);
		const int64_t offset = walk->va - object;

		if (offset >= -(int64_t)mp->header_size &&
		    offset < (int64_t)mp->elt_size + (int64_t)mp->trailer_size) {
			snprintf(walk->answer->mempool, sizeof(walk->answer->mempool), "%s", mp->name);
			walk->answer->object = n;
			walk->answer->object_offset = offset;
			return;
		}
		n++;
	}
}

/* rte_mempool_walk() would visit pools that are being freed. Under this lock a pool is removed from the list
 * before its memory goes. */
static void
find_mempool(const struct walk *walk)
{
	const struct rte_tailq_head *const pools = rte_eal_tailq_lookup("RTE_MEMPOOL");
	const struct rte_tailq_entry *pool;

	if (pools == NULL)
		return;
	rte_mcfg_tailq_read_lock();
	TAILQ_FOREACH(pool, &pools->tailq_head, next)
		check_mempool(pool->data, walk);
	rte_mcfg_tailq_read_unlock();
}

int
rte_bus_ioas_explain(const char *device, uint64_t iova, struct rte_bus_ioas_iova *answer)
{
	struct walk walk = { .answer = answer };

	*answer = (struct rte_bus_ioas_iova){ 0 };
	if (bus_ioas_space == NULL)
		return -ENOTSUP;
	answer->attached = spaces_explain(device, iova, &answer->space, &answer->isolated);
	if (answer->space.state != IOAS_IOVA_MAPPED)
		return 0;
	walk.va = answer->space.va;
	find_segment(walk.va, answer);
	rte_memzone_walk(check_memzone, &walk);
	find_mempool(&walk);
	return 0;
}
