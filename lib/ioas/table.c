/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <sys/mman.h>

#include "table.h"

#define SLOT_SIZE (UINT64_C(1) << IOAS_TABLE_SHIFT)
#define PAGE (UINT64_C(1) << IOAS_DETAIL_SHIFT)

/* User addresses: 47 bits on x86-64 and ppc64 as Linux hands them out, 48 on arm64. */
#ifdef __aarch64__
#define VA_BITS 48
#else
#define VA_BITS 47
#endif

/* Details are cut from reservations of this many; the first place holds the link to the next. */
#define SLAB_DETAILS 512
#define DETAIL_SIZE (IOAS_DETAIL_ENTRIES * sizeof(uint64_t))

struct table_slab {
	struct table_slab *next;
};

static void *
reserve(uint64_t size)
{
	void *const p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int
table_create(struct table *table)
{
	const uint64_t entries = UINT64_C(1) << (VA_BITS - IOAS_TABLE_SHIFT);

	*table = (struct table){ .entry = reserve(entries * sizeof(uint64_t)) };
	if (table->entry == NULL)
		return -ENOMEM;
	table->reader = (struct ioas_table){ .entry = table->entry, .entries = entries };
	return 0;
}

void
table_destroy(struct table *table)
{
	while (table->slab != NULL) {
		struct table_slab *const slab = table->slab;

		table->slab = slab->next;
		munmap(slab, SLAB_DETAILS * DETAIL_SIZE);
	}
	munmap(table->entry, table->reader.entries * sizeof(uint64_t));
}

static uint64_t *
detail_new(struct table *table)
{
	if (table->slab == NULL || table->used == SLAB_DETAILS) {
		struct table_slab *const slab = reserve(SLAB_DETAILS * DETAIL_SIZE);

		if (slab == NULL)
			return NULL;
		slab->next = table->slab;
		table->slab = slab;
		table->used = 1;
	}
	return (uint64_t *)((char *)table->slab + DETAIL_SIZE * table->used++);
}

static uint64_t *
detail_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & IOAS_ENTRY_MASK);
}

int
table_prepare(struct table *table, uint64_t va, uint64_t length)
{
	const uint64_t last = va + length - 1;
	/* Only the first and the last slot can be covered in part. */
	const uint64_t ends[] = { va, last };

	if (last >> IOAS_TABLE_SHIFT >= table->reader.entries)
		return -ERANGE;
	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t base = ends[i] & ~(SLOT_SIZE - 1);
		uint64_t *const slot = &table->entry[ends[i] >> IOAS_TABLE_SHIFT];
		uint64_t *detail;

		if ((va <= base && last >= base + (SLOT_SIZE - 1)) || *slot != 0)
			continue;
		detail = detail_new(table);
		if (detail == NULL)
			return -ENOMEM;
		__atomic_store_n(slot, (uintptr_t)detail | IOAS_ENTRY_DETAIL, __ATOMIC_RELEASE);
	}
	return 0;
}

/* Stores value in every entry for the range, in the details where there are such. */
static void
fill(struct table *table, uint64_t va, uint64_t length, uint64_t value)
{
	const uint64_t last = va + length - 1;

	while (va <= last) {
		uint64_t *const slot = &table->entry[va >> IOAS_TABLE_SHIFT];
		const uint64_t slot_last = va | (SLOT_SIZE - 1);

		if ((*slot & IOAS_ENTRY_DETAIL) == 0) {
			__atomic_store_n(slot, value, __ATOMIC_RELEASE);
		} else {
			uint64_t *const detail = detail_of(*slot);

			for (; va <= last && va <= slot_last; va += PAGE)
				__atomic_store_n(&detail[(va >> IOAS_DETAIL_SHIFT) &
							 (IOAS_DETAIL_ENTRIES - 1)],
						 value, __ATOMIC_RELEASE);
		}
		va = slot_last + 1;
	}
}

void
table_set(struct table *table, uint64_t va, uint64_t length, uint64_t iova)
{
	fill(table, va, length, (iova - va) | IOAS_ENTRY_LINEAR);
}

void
table_clear(struct table *table, uint64_t va, uint64_t length)
{
	fill(table, va, length, 0);
}
