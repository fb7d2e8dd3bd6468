/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* A part of memory goes while a device continues to read the rest, also of memory that the application has
 * mapped. */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_vfio.h>

#include "foreign.h"

#define CONTAINER RTE_VFIO_DEFAULT_CONTAINER_FD

/* All units, at the IOVA of the first and behind it. */
static void
map_all(const struct memory *memory, struct spot *spots)
{
	const rte_iova_t iova = rte_mem_virt2iova(memory->p);

	need(iova != RTE_BAD_IOVA, "no IOVA");
	need(rte_vfio_container_dma_map(CONTAINER, (uintptr_t)memory->p, iova, UNITS * memory->unit) == 0,
	     "rte_vfio_container_dma_map");
	for (unsigned int i = 0; i < UNITS; i++)
		spots[i] = (struct spot){ unit_at(memory, i), iova + i * memory->unit };
	need_seen("mapped", spots, UNITS);
}

static void
write_all(const struct memory *memory)
{
	for (unsigned int i = 0; i < UNITS; i++)
		write_new(unit_at(memory, i));
}

/* Stock EAL refuses too: devtools compare the two lines. */
static void
unmap_a_part(void *arg)
{
	struct memory memory = make_kind(arg);
	struct spot spots[UNITS];
	int ret;

	map_all(&memory, spots);
	ret = rte_vfio_container_dma_unmap(CONTAINER, (uintptr_t)unit_at(&memory, 1), spots[1].iova, memory.unit);
	printf("returns %d for a part of %s\n", ret, memory.kind);
	need(ret != 0, "a part was unmapped");
	write_all(&memory);
	need_seen("after the unmap that was refused", spots, UNITS);
	ret = rte_vfio_container_dma_unmap(CONTAINER, (uintptr_t)memory.p, spots[0].iova, UNITS * memory.unit);
	printf("returns %d for all of %s\n", ret, memory.kind);
	need(ret == 0, "all was not unmapped");
	drop_memory(&memory);
}

/* With IOVA=VA new memory cannot get another IOVA if the kernel keeps the old map. */
static bool
is_va(void)
{
	const char *const options = getenv("DPDK_IOAS");

	return options != NULL && strstr(options, "iova=va") != NULL;
}

static void
lose_a_part(void *arg)
{
	struct memory memory = make_kind(arg);
	struct spot spots[UNITS], rest[2];

	map_all(&memory, spots);
	need(do_munmap(unit_at(&memory, 1), 2 * memory.unit) == 0, "munmap");
	settle();
	write_new(unit_at(&memory, 0));
	write_new(unit_at(&memory, 3));
	rest[0] = spots[0];
	rest[1] = spots[3];
	need_seen("without the middle", rest, 2);
	new_memory(unit_at(&memory, 1), 2 * memory.unit);
	write_all(&memory);
	for (unsigned int i = 1; i < 3 && !is_va(); i++)
		need_asked("what is new in the middle", unit_at(&memory, i));
	for (unsigned int i = 1; i < 3 && is_va(); i++)
		need(rte_mem_virt2iova(unit_at(&memory, i)) == RTE_BAD_IOVA, "old pages are given for new ones");
	need_seen("beside what is new", rest, 2);
	need(rte_mem_virt2iova(rest[0].va) == rest[0].iova && rte_mem_virt2iova(rest[1].va) == rest[1].iova,
	     "the rest has another IOVA");
	drop_memory(&memory);
	settle();
	/* The IOVAs are free again. */
	memory = make_kind(arg);
	map_all(&memory, spots);
	drop_memory(&memory);
}

/* All goes without an unmap, then a part of as much memory has the same IOVA. */
static void
state_less(void *arg)
{
	struct memory memory = make_kind(arg);
	struct spot spots[UNITS];
	const size_t length = 2 * memory.unit;

	map_all(&memory, spots);
	need(do_munmap(memory.p, UNITS * memory.unit) == 0, "munmap");
	settle();
	new_memory(memory.p, UNITS * memory.unit);
	write_all(&memory);
	spots[0].iova = rte_mem_virt2iova(memory.p);
	need(rte_vfio_container_dma_map(CONTAINER, (uintptr_t)memory.p, spots[0].iova, length) == 0, "map");
	need_seen("mapped again", spots, 1);
	need(rte_vfio_container_dma_unmap(CONTAINER, (uintptr_t)memory.p, spots[0].iova, length) == 0,
	     "what was mapped in one call is not unmapped");
	drop_memory(&memory);
}

/* A map that fails does not affect mapped memory: a part of it is not unmapped afterwards either. */
static void
fail_to_state(void *arg)
{
	struct memory memory = make_kind(arg), other = make_kind(arg);
	struct spot spots[UNITS];

	map_all(&memory, spots);
	need(rte_vfio_container_dma_map(CONTAINER, (uintptr_t)other.p, spots[0].iova, UNITS * other.unit) != 0,
	     "other memory was mapped at the same IOVA");
	need(rte_vfio_container_dma_unmap(CONTAINER, (uintptr_t)memory.p, spots[0].iova, memory.unit) != 0,
	     "a part was unmapped");
	write_all(&memory);
	need_seen("afterwards", spots, UNITS);
	need(rte_vfio_container_dma_unmap(CONTAINER, (uintptr_t)memory.p, spots[0].iova, UNITS * memory.unit) == 0,
	     "all was not unmapped");
	drop_memory(&memory);
	drop_memory(&other);
}

/* ---- a device reads all the time ---- */

struct reader {
	struct spot spot;
	atomic_bool end;
	unsigned int turns;
	char why[400];
};

static void
read_on(void *arg)
{
	struct reader *const reader = arg;

	while (!reader->end) {
		write_new((char *)(uintptr_t)reader->spot.va);
		need_seen("while others go", &reader->spot, 1);
		need(rte_mem_virt2iova(reader->spot.va) == reader->spot.iova, "another IOVA");
		reader->turns++;
	}
}

static void *
read_in_thread(void *arg)
{
	struct reader *const reader = arg;
	const char *const why = try_case(read_on, reader);

	snprintf(reader->why, sizeof(reader->why), "%s", why == NULL ? "" : why);
	return NULL;
}

static void
go_beside_reader(void *arg)
{
	struct memory memory = make_kind(arg);
	struct reader reader = { .spot = { memory.p, need_asked("before", memory.p) } };
	pthread_t thread;

	need(pthread_create(&thread, NULL, read_in_thread, &reader) == 0, "no thread");
	for (unsigned int i = 0; i < 200 || reader.turns < 5; i++) {
		char *const unit = unit_at(&memory, 1 + i % 3);

		rte_mem_virt2iova(unit);
		need(do_munmap(unit, memory.unit) == 0, "munmap");
		settle();
		new_memory(unit, memory.unit);
		if (reader.why[0] != '\0')
			break;
	}
	reader.end = true;
	pthread_join(thread, NULL);
	need(reader.why[0] == '\0', "%s", reader.why);
	drop_memory(&memory);
}

void
stays_cases(void)
{
	static const char *const of[] = { "private memory", "shared memory", "large pages", "memfd of large pages" };
	char name[100];

	for (unsigned int i = 0; i < RTE_DIM(of); i++) {
		void *const kind = (void *)(uintptr_t)of[i];

		snprintf(name, sizeof(name), "%s: a part is not unmapped", of[i]);
		run_case(name, unmap_a_part, kind);
		snprintf(name, sizeof(name), "%s: a part goes", of[i]);
		run_case(name, lose_a_part, kind);
		snprintf(name, sizeof(name), "%s: all goes, less is mapped again", of[i]);
		run_case(name, state_less, kind);
		snprintf(name, sizeof(name), "%s: a map that fails", of[i]);
		run_case(name, fail_to_state, kind);
		snprintf(name, sizeof(name), "%s: a device reads while the rest goes", of[i]);
		run_case(name, go_beside_reader, kind);
	}
}
