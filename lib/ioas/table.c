/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replica.h"
#include "table.h"

#define HIGHEST ((UINT64_C(1) << IOAS_VA_BITS) - 1)

int
table_create(struct table *table, const struct ioas_sys *sys, const int *nodes, unsigned int n)
{
	int ret = 0;

	*table = (struct table){ 0 };
	pthread_mutex_init(&table->lock, NULL);
	table->replicas = calloc(n, sizeof(*table->replicas));
	if (table->replicas == NULL)
		return -ENOMEM;
	while (ret == 0 && table->n < n) {
		struct replica *const replica = &table->replicas[table->n];

		ret = replica_create(replica, sys, nodes[table->n]);
		if (replica->flat_error != 0)
			table->flat_error = replica->flat_error;
		if (replica->bind_error != 0)
			table->bind_error = replica->bind_error;
		table->n++;
	}
	if (ret < 0)
		table_destroy(table);
	return ret;
}

void
table_destroy(struct table *table)
{
	for (unsigned int i = 0; i < table->n; i++)
		replica_destroy(&table->replicas[i]);
	free(table->replicas);
	pthread_mutex_destroy(&table->lock);
}

const char *
table_explain(int error)
{
	if (error == -EAGAIN)
		return "mlockall() locks it in memory, and RLIMIT_MEMLOCK is too small: raise it "
		       "(`ulimit -l unlimited`)";
	if (error == -ENOMEM)
		return "raise RLIMIT_AS (`ulimit -v unlimited`), RLIMIT_DATA (`ulimit -d unlimited`) or "
		       "vm.max_map_count, whichever is used up";
	return strerror(-error);
}

const struct ioas_table *
table_reader(const struct table *table, unsigned int i)
{
	return &table->replicas[i].reader;
}

int
table_prepare(struct table *table, uint64_t va, uint64_t length)
{
	const uint64_t last = va + length - 1;
	int ret = 0;

	if (last >> IOAS_VA_BITS != 0)
		return -ERANGE;
	for (unsigned int i = 0; ret == 0 && i < table->n; i++)
		ret = replica_prepare(&table->replicas[i], va, last);
	return ret;
}

static uint64_t *
detail_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & IOAS_ENTRY_MASK);
}

/* Whether a page of the flat array is empty (has no detail either). */
static bool
is_empty(const struct replica *replica, const uint64_t *page)
{
	for (uint64_t i = 0; i < replica->page_entries; i++)
		if (page[i] != 0)
			return false;
	return true;
}

/* Stores value in an entry, or in the part of its detail for [va, last]. */
static void
fill_slot(uint64_t *slot, uint64_t va, uint64_t last, uint64_t value)
{
	const uint64_t slot_last = va | (SLOT_SIZE - 1);
	uint64_t *detail;

	if ((*slot & IOAS_ENTRY_DETAIL) == 0) {
		__atomic_store_n(slot, value, TABLE_PUBLISH);
		return;
	}
	detail = detail_of(*slot);
	for (; va <= last && va <= slot_last; va += PAGE)
		__atomic_store_n(&detail[(va >> IOAS_DETAIL_SHIFT) & (IOAS_DETAIL_ENTRIES - 1)], value,
				 TABLE_PUBLISH);
}

/* Whether a range covers all of the page of the flat array that contains its first address. */
static bool
has_page(const struct replica *replica, uint64_t va, uint64_t last)
{
	const uint64_t size = replica->page_entries * SLOT_SIZE;

	return (va & (size - 1)) == 0 && last - va >= size - 1;
}

static uint64_t *
page_of(const struct replica *replica, uint64_t va, uint64_t *index)
{
	*index = (va >> IOAS_TABLE_SHIFT) / replica->page_entries;
	return &replica->flat[*index * replica->page_entries];
}

/* Sets a page of the flat array by sharing. Returns the bytes done, or 0 if entries must be stored. A shared
 * page already has the words of this area, because the words of another area would have been cleared first. */
static uint64_t
set_page(struct replica *replica, uint64_t va, uint64_t last, uint64_t value)
{
	const uint64_t size = replica->page_entries * SLOT_SIZE;
	uint64_t *page, index;

	if (!replica_is_flat(replica, va))
		return 0;
	page = page_of(replica, va, &index);
	if (!share_has(&replica->share, index) &&
	    (!has_page(replica, va, last) || !is_empty(replica, page) ||
	     !share_page(&replica->share, page, index, value)))
		return 0;
	return size - (va & (size - 1));
}

/* Stores value in every entry for the range. The range must be prepared. */
static void
set_replica(struct replica *replica, uint64_t va, uint64_t last, uint64_t value)
{
	while (va <= last) {
		const uint64_t done = set_page(replica, va, last, value);

		if (done > 0) {
			va += done;
			continue;
		}
		fill_slot(replica_slot(replica, va), va, last, value);
		va = (va | (SLOT_SIZE - 1)) + 1;
	}
}

/* The bytes from an address to the end of its aligned block of 2^shift bytes. */
static uint64_t
bytes_to_end(uint64_t va, unsigned int shift)
{
	return (UINT64_C(1) << shift) - (va & ((UINT64_C(1) << shift) - 1));
}

/* The number of bytes from an address whose entries are certainly 0. */
static uint64_t
empty_bytes(const struct replica *replica, uint64_t va)
{
	if (!replica_is_flat(replica, va))
		return __atomic_load_n(&replica->far[va >> IOAS_FAR_SHIFT], __ATOMIC_ACQUIRE) != NULL
			? 0 : bytes_to_end(va, IOAS_FAR_SHIFT);
	if (!__atomic_load_n(&replica->writable[va >> CHUNK_SHIFT], __ATOMIC_RELAXED))
		return bytes_to_end(va, CHUNK_SHIFT);
	return __atomic_load_n(&replica->used[va >> ROOM_SHIFT], __ATOMIC_RELAXED) ? 0 : bytes_to_end(va, ROOM_SHIFT);
}

/* Ends the sharing of the page of the flat array that contains an address. Returns the bytes done if the
 * whole page is cleared, or 0 if entries must be stored. */
static uint64_t
clear_page(struct replica *replica, uint64_t va, uint64_t last)
{
	uint64_t *page, index;

	if (!replica_is_flat(replica, va))
		return 0;
	page = page_of(replica, va, &index);
	return share_end(&replica->share, page, index, has_page(replica, va, last))
		? replica->page_entries * SLOT_SIZE : 0;
}

/* Replaces an entry by a detail with the same meaning, before a part of it becomes 0. Without memory for a
 * detail the entry becomes 0. */
static bool
split_slot(struct replica *replica, uint64_t *slot)
{
	const uint64_t entry = *slot;
	uint64_t *detail;
	int error;

	detail = replica_new_detail(replica, &error);
	for (unsigned int i = 0; detail != NULL && i < IOAS_DETAIL_ENTRIES; i++)
		__atomic_store_n(&detail[i], entry, TABLE_PUBLISH);
	__atomic_store_n(slot, detail == NULL ? 0 : (uintptr_t)detail | IOAS_ENTRY_DETAIL, TABLE_PUBLISH);
	return detail != NULL;
}

static bool
clear_replica(struct replica *replica, uint64_t va, uint64_t last)
{
	bool exact = true;
	uint64_t done;

	for (; va <= last; va += done) {
		const uint64_t slot_last = va | (SLOT_SIZE - 1);
		uint64_t *slot;

		done = empty_bytes(replica, va);
		if (done == 0)
			done = clear_page(replica, va, last);
		if (done > 0)
			continue;
		done = slot_last - va + 1;
		slot = replica_slot(replica, va);
		if ((*slot & IOAS_ENTRY_LINEAR) != 0 && (done < SLOT_SIZE || slot_last > last))
			exact = split_slot(replica, slot) && exact;
		if (*slot != 0)
			fill_slot(slot, va, last, 0);
	}
	return exact;
}

void
table_set(struct table *table, uint64_t va, uint64_t length, uint64_t iova)
{
	for (unsigned int i = 0; i < table->n; i++)
		set_replica(&table->replicas[i], va, va + length - 1, (iova - va) | IOAS_ENTRY_LINEAR);
}

bool
table_clear(struct table *table, uint64_t first, uint64_t last)
{
	bool exact = true;

	for (unsigned int i = 0; i < table->n; i++)
		exact = clear_replica(&table->replicas[i], first, last < HIGHEST ? last : HIGHEST) && exact;
	return exact;
}

/* Reads only the first replica: it is the first to be filled and to be cleared. */
bool
table_any(const struct table *table, uint64_t first, uint64_t last)
{
	const struct replica *const replica = &table->replicas[0];
	uint64_t step;

	if (last > HIGHEST)
		last = HIGHEST;
	for (uint64_t va = first; va <= last; va += step) {
		const void *const at = (void *)(uintptr_t)va;

		step = empty_bytes(replica, va);
		if (step > 0)
			continue;
		step = ROOM_SIZE - (va & (ROOM_SIZE - 1));
		if (ioas_lookup_any(&replica->reader, at, step <= last - va ? step : last - va + 1))
			return true;
	}
	return false;
}

void
table_reset(struct table *table)
{
	pthread_mutex_init(&table->lock, NULL);
	for (unsigned int i = 0; i < table->n; i++)
		replica_reset(&table->replicas[i]);
}
