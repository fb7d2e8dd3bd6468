/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Allocates and frees EAL's memory in all sizes and ways. From time to time the target amount changes,
 * sometimes to zero, so that heaps grow and shrink as a whole.
 */

#include <inttypes.h>
#include <stdio.h>

#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include "churn.h"

#define SLOTS 64
#define STEPS_BETWEEN_AIMS 60
#define LARGEST (32 * MB)

struct slot {
	enum { EMPTY, OBJECT, ZONE, POOL, KINDS } kind;
	size_t size;
	union {
		void *object;
		const struct rte_memzone *zone;
		struct rte_mempool *pool;
	};
};

/* ---- contents: no other object uses the memory ---- */

static void
write_tags(void *memory, size_t size)
{
	for (size_t at = 0; at + sizeof(uint64_t) <= size; at += SMALL_PAGE)
		*(uint64_t *)RTE_PTR_ADD(memory, at) = (uintptr_t)memory + at;
}

static void
check_tags(const char *what, const void *memory, size_t size)
{
	for (size_t at = 0; at + sizeof(uint64_t) <= size; at += SMALL_PAGE)
		if (*(const uint64_t *)RTE_PTR_ADD(memory, at) != (uintptr_t)memory + at)
			wrong("%s of %zu bytes at %p: somebody else has written at 0x%zx", what, size,
			      memory, at);
}

/* ---- the three kinds ---- */

static bool
take_object(struct slot *slot, uint64_t *random)
{
	slot->size = random_size(random, 64, LARGEST);
	slot->object = rte_malloc(NULL, slot->size, 0);
	if (slot->object == NULL)
		return false;
	figures.objects++;
	check_memory("object", slot->object, slot->size);
	write_tags(slot->object, slot->size);
	return true;
}

static bool
take_zone(struct slot *slot, uint64_t *random, const char *name)
{
	const bool contiguous = random_below(random, 2) == 0;

	slot->size = random_size(random, SMALL_PAGE, LARGEST);
	slot->zone = rte_memzone_reserve(name, slot->size, SOCKET_ID_ANY,
					 contiguous ? RTE_MEMZONE_IOVA_CONTIG : 0);
	if (slot->zone == NULL)
		return false;
	figures.zones++;
	check_memory(name, slot->zone->addr, slot->size);
	check_contiguous(name, slot->zone->addr, contiguous ? slot->size : 1, slot->zone->iova);
	write_tags(slot->zone->addr, slot->size);
	return true;
}

static void
check_chunk(struct rte_mempool *pool, void *arg, struct rte_mempool_memhdr *chunk,
	    unsigned int index)
{
	RTE_SET_USED(arg);
	RTE_SET_USED(index);
	check_memory(pool->name, chunk->addr, chunk->len);
	check_contiguous(pool->name, chunk->addr, chunk->len, chunk->iova);
}

/* Elements lie in one page each, or are larger than one. */
static bool
take_pool(struct slot *slot, uint64_t *random, const char *name)
{
	static const size_t sizes[] = { 100, 2500, 9000, 70000, 3 * MB };
	const size_t size = sizes[random_below(random, RTE_DIM(sizes))];
	const unsigned int n = 1 + random_below(random, RTE_MIN(LARGEST / 2 / size, 5000u));

	slot->size = n * size;
	slot->pool = rte_mempool_create(name, n, size, 0, 0, NULL, NULL, NULL, NULL, SOCKET_ID_ANY,
					0);
	if (slot->pool == NULL)
		return false;
	figures.mempools++;
	if (rte_mempool_mem_iter(slot->pool, check_chunk, NULL) == 0)
		wrong("%s has no memory", name);
	return true;
}

static bool
take(struct slot *slot, uint64_t *random)
{
	static _Thread_local unsigned int serial;
	const unsigned int kind = 1 + random_below(random, KINDS - 1);
	char name[32];
	bool taken;

	snprintf(name, sizeof(name), "lcore %u's %u", rte_lcore_id(), serial++);
	taken = kind == OBJECT ? take_object(slot, random)
		: kind == ZONE ? take_zone(slot, random, name) : take_pool(slot, random, name);
	if (taken)
		slot->kind = kind;
	else
		figures.refused++;
	return taken;
}

static void
give_back(struct slot *slot)
{
	switch (slot->kind) {
	case OBJECT:
		check_memory("object", slot->object, slot->size);
		check_tags("object", slot->object, slot->size);
		rte_free(slot->object);
		break;
	case ZONE:
		check_memory(slot->zone->name, slot->zone->addr, slot->size);
		check_tags(slot->zone->name, slot->zone->addr, slot->size);
		rte_memzone_free(slot->zone);
		break;
	case POOL:
		rte_mempool_mem_iter(slot->pool, check_chunk, NULL);
		rte_mempool_free(slot->pool);
		break;
	default:
		break;
	}
	slot->kind = EMPTY;
}

int
allocate(void *arg)
{
	struct allocator *const allocator = arg;
	struct slot slots[SLOTS] = { 0 };
	size_t held = 0, aim = 0;

	for (unsigned int step = 0; go_on(); step++) {
		struct slot *const slot = &slots[random_below(&allocator->random, SLOTS)];

		if (step % STEPS_BETWEEN_AIMS == 0)
			aim = random_below(&allocator->random, 4) == 0
				? 0 : random_below(&allocator->random, allocator->limit);
		if (slot->kind != EMPTY) {
			held -= slot->size;
			give_back(slot);
		}
		if (held < aim && take(slot, &allocator->random))
			held += slot->size;
		for (unsigned int i = 0; i < SLOTS && held > aim; i++) {
			if (slots[i].kind == EMPTY)
				continue;
			held -= slots[i].size;
			give_back(&slots[i]);
		}
	}
	for (unsigned int i = 0; i < SLOTS; i++)
		give_back(&slots[i]);
	return 0;
}
