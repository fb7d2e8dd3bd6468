/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "share.h"
#include "table.h"

#define SLOT_SIZE (UINT64_C(1) << IOAS_TABLE_SHIFT)
#define PAGE (UINT64_C(1) << IOAS_DETAIL_SHIFT)

/* The flat array becomes writable in chunks, 64 KiB for 16 GiB of addresses: where the kernel counts
 * every writable page (vm.overcommit_memory 2) or fills it (mlockall) these are few. */
#define CHUNK_ENTRIES UINT64_C(8192)
#define CHUNK_SIZE (CHUNK_ENTRIES * sizeof(uint64_t))
#define CHUNK_SHIFT (IOAS_TABLE_SHIFT + 13)
#define FLAT_CHUNKS (TABLE_FLAT_ENTRIES / CHUNK_ENTRIES)

/* Where nothing was ever mapped in so much of the flat array's addresses that is known without a look at it:
 * who unmaps other memory must not pay for what is mapped. */
#define ROOM_SHIFT 30
#define ROOM_SIZE (UINT64_C(1) << ROOM_SHIFT)
#define FLAT_ROOMS (TABLE_FLAT_ENTRIES >> (ROOM_SHIFT - IOAS_TABLE_SHIFT))

#define HIGHEST ((UINT64_C(1) << IOAS_VA_BITS) - 1)

/* A block of the slower path holds the entries for 512 GiB. */
#define BLOCK_ENTRIES (UINT64_C(1) << (IOAS_FAR_SHIFT - IOAS_TABLE_SHIFT))
#define BLOCK_SIZE (BLOCK_ENTRIES * sizeof(uint64_t))
#define FAR_BLOCKS (UINT64_C(1) << (IOAS_VA_BITS - IOAS_FAR_SHIFT))
#define FAR_SIZE (FAR_BLOCKS * sizeof(uint64_t *))

/* Details are cut from reservations of this many; the first place holds the link to the next. */
#define SLAB_DETAILS 16
#define DETAIL_SIZE (IOAS_DETAIL_ENTRIES * sizeof(uint64_t))

/* How words are stored. test/stress weakens it to show that this is noticed. */
#ifndef TABLE_PUBLISH
#define TABLE_PUBLISH __ATOMIC_RELEASE
#endif

struct slab {
	struct slab *next;
};

struct replica {
	struct ioas_table reader;       /* what ioas_lookup() sees */
	uint64_t *flat;                 /* the arrays that reader points to, writable */
	uint64_t **far;
	uint64_t far_blocks;            /* how many of its pointers are not NULL */
	bool writable[FLAT_CHUNKS];     /* the chunks of the flat array that are; read without the lock */
	bool used[FLAT_ROOMS];          /* the rooms in which anything was ever mapped; read without the lock */
	struct share share;
	uint64_t page_entries;          /* in a page of the CPU */
	struct slab *slab;              /* the newest of those that details are cut from */
	unsigned int given;             /* how many details of it are given out */
};

/* Address space that reads as zeros; NULL and the error. Small pages where it is writable: one entry must not
 * cost 2 MiB. */
static void *
reserve(struct table *table, const struct replica *replica, uint64_t size, int prot, int *error)
{
	void *const p = table->sys->reserve(size, prot, error);
	int ret;

	if (p == NULL)
		return NULL;
	madvise(p, size, MADV_NOHUGEPAGE);
	if (replica->reader.node >= 0) {
		ret = table->sys->bind(p, size, replica->reader.node);
		if (ret < 0)
			table->bind_error = ret;
	}
	return p;
}

static int
replica_create(struct table *table, struct replica *replica, int node)
{
	int ret;

	replica->reader.node = node;
	replica->far = reserve(table, replica, FAR_SIZE, PROT_READ, &ret);
	if (replica->far == NULL)
		return ret;
	replica->reader.far_entry = (const uint64_t *const *)replica->far;
	replica->flat = reserve(table, replica, TABLE_FLAT_SIZE, PROT_READ, &table->flat_error);
	if (replica->flat == NULL)
		return 0;
	/* All that is not writable reads from the huge page of zeros, where the kernel has one: what
	 * fills the whole array, as testpmd's mlockall does, then takes 1 ms and not 80. */
	madvise(replica->flat, TABLE_FLAT_SIZE, MADV_HUGEPAGE);
	replica->reader.entry = replica->flat;
	replica->reader.entries = TABLE_FLAT_ENTRIES;
	replica->page_entries = sysconf(_SC_PAGESIZE) / sizeof(uint64_t);
	share_create(&replica->share, table->sys, TABLE_FLAT_ENTRIES / replica->page_entries, node);
	return 0;
}

static void
replica_destroy(const struct ioas_sys *sys, struct replica *replica)
{
	while (replica->slab != NULL) {
		struct slab *const slab = replica->slab;

		replica->slab = slab->next;
		sys->unreserve(slab, SLAB_DETAILS * DETAIL_SIZE);
	}
	if (replica->flat != NULL) {
		share_destroy(&replica->share);
		sys->unreserve(replica->flat, TABLE_FLAT_SIZE);
	}
	for (uint64_t i = 0; replica->far_blocks > 0; i++) {
		if (replica->far[i] != NULL) {
			sys->unreserve(replica->far[i], BLOCK_SIZE);
			replica->far_blocks--;
		}
	}
	if (replica->far != NULL)
		sys->unreserve(replica->far, FAR_SIZE);
}

int
table_create(struct table *table, const struct ioas_sys *sys, const int *nodes, unsigned int n)
{
	int ret = 0;

	*table = (struct table){ .sys = sys };
	pthread_mutex_init(&table->lock, NULL);
	table->replicas = calloc(n, sizeof(*table->replicas));
	if (table->replicas == NULL)
		return -ENOMEM;
	while (ret == 0 && table->n < n) {
		ret = replica_create(table, &table->replicas[table->n], nodes[table->n]);
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
		replica_destroy(table->sys, &table->replicas[i]);
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

static uint64_t *
detail_new(struct table *table, struct replica *replica, int *error)
{
	if (replica->slab == NULL || replica->given == SLAB_DETAILS) {
		struct slab *const slab = reserve(table, replica, SLAB_DETAILS * DETAIL_SIZE,
						  PROT_READ | PROT_WRITE, error);

		if (slab == NULL)
			return NULL;
		slab->next = replica->slab;
		replica->slab = slab;
		replica->given = 1;
	}
	return (uint64_t *)((char *)replica->slab + DETAIL_SIZE * replica->given++);
}

static uint64_t *
detail_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & IOAS_ENTRY_MASK);
}

static bool
is_flat(const struct replica *replica, uint64_t va)
{
	return va >> IOAS_TABLE_SHIFT < replica->reader.entries;
}

static uint64_t *
slot_of(const struct replica *replica, uint64_t va)
{
	return is_flat(replica, va)
		? &replica->flat[va >> IOAS_TABLE_SHIFT]
		: &replica->far[va >> IOAS_FAR_SHIFT][va >> IOAS_TABLE_SHIFT &
						      (BLOCK_ENTRIES - 1)];
}

/* Makes the flat array's entries for [va, last] writable. */
static int
prepare_chunks(struct table *table, struct replica *replica, uint64_t va, uint64_t last)
{
	for (uint64_t i = va >> CHUNK_SHIFT; i <= last >> CHUNK_SHIFT; i++) {
		int ret;

		if (!is_flat(replica, i << CHUNK_SHIFT))
			break;
		if (replica->writable[i])
			continue;
		madvise(&replica->flat[i * CHUNK_ENTRIES], CHUNK_SIZE, MADV_NOHUGEPAGE);
		ret = table->sys->commit(&replica->flat[i * CHUNK_ENTRIES], CHUNK_SIZE);
		if (ret < 0)
			return ret;
		__atomic_store_n(&replica->writable[i], true, __ATOMIC_RELAXED);
	}
	for (uint64_t i = va >> ROOM_SHIFT; i <= last >> ROOM_SHIFT && i < FLAT_ROOMS; i++)
		__atomic_store_n(&replica->used[i], true, __ATOMIC_RELAXED);
	return 0;
}

/* Makes the blocks of the slower path for [va, last]. */
static int
prepare_blocks(struct table *table, struct replica *replica, uint64_t va, uint64_t last)
{
	for (uint64_t i = va >> IOAS_FAR_SHIFT; i <= last >> IOAS_FAR_SHIFT; i++) {
		uint64_t *block;
		int ret;

		if (is_flat(replica, i << IOAS_FAR_SHIFT) || replica->far[i] != NULL)
			continue;
		ret = replica->far_blocks == 0 ? table->sys->commit(replica->far, FAR_SIZE) : 0;
		if (ret < 0)
			return ret;
		block = reserve(table, replica, BLOCK_SIZE, PROT_READ | PROT_WRITE, &ret);
		if (block == NULL)
			return ret;
		__atomic_store_n(&replica->far[i], block, TABLE_PUBLISH);
		replica->far_blocks++;
	}
	return 0;
}

/* Gives the first and the last entry, which may be covered in part, their details. */
static int
prepare_details(struct table *table, struct replica *replica, uint64_t va, uint64_t last)
{
	const uint64_t ends[] = { va, last };

	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t base = ends[i] & ~(SLOT_SIZE - 1);
		uint64_t *const slot = slot_of(replica, base);
		uint64_t *detail;
		int ret;

		if ((va <= base && last >= base + (SLOT_SIZE - 1)) || *slot != 0)
			continue;
		detail = detail_new(table, replica, &ret);
		if (detail == NULL)
			return ret;
		__atomic_store_n(slot, (uintptr_t)detail | IOAS_ENTRY_DETAIL, TABLE_PUBLISH);
	}
	return 0;
}

int
table_prepare(struct table *table, uint64_t va, uint64_t length)
{
	const uint64_t last = va + length - 1;
	int ret = 0;

	if (last >> IOAS_VA_BITS != 0)
		return -ERANGE;
	for (unsigned int i = 0; ret == 0 && i < table->n; i++) {
		ret = prepare_chunks(table, &table->replicas[i], va, last);
		if (ret == 0)
			ret = prepare_blocks(table, &table->replicas[i], va, last);
		if (ret == 0)
			ret = prepare_details(table, &table->replicas[i], va, last);
	}
	return ret;
}

/* Whether a page of the flat array holds nothing (no detail either). */
static bool
is_empty(const struct replica *replica, const uint64_t *page)
{
	for (uint64_t i = 0; i < replica->page_entries; i++)
		if (page[i] != 0)
			return false;
	return true;
}

/* Stores value in an entry, or in that part of its detail that is for [va, last]. */
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

/* Whether a range has all of the page of the flat array that its first address is in. */
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

/* Does a page of the flat array by sharing; the bytes done, 0 if entries are to be stored. A page that is shared has
 * the words of one area already: another area finds it only after that one has been cleared. */
static uint64_t
set_page(struct replica *replica, uint64_t va, uint64_t last, uint64_t value)
{
	const uint64_t size = replica->page_entries * SLOT_SIZE;
	uint64_t *page, index;

	if (!is_flat(replica, va))
		return 0;
	page = page_of(replica, va, &index);
	if (!share_has(&replica->share, index) &&
	    (!has_page(replica, va, last) || !is_empty(replica, page) ||
	     !share_page(&replica->share, page, index, value)))
		return 0;
	return size - (va & (size - 1));
}

/* Stores value in every entry for the range, which has been prepared. */
static void
set_replica(struct replica *replica, uint64_t va, uint64_t last, uint64_t value)
{
	while (va <= last) {
		const uint64_t done = set_page(replica, va, last, value);

		if (done > 0) {
			va += done;
			continue;
		}
		fill_slot(slot_of(replica, va), va, last, value);
		va = (va | (SLOT_SIZE - 1)) + 1;
	}
}

/* From an address to the end of the stretch that it is in, whose length is a power of two. */
static uint64_t
rest(uint64_t va, unsigned int shift)
{
	return (UINT64_C(1) << shift) - (va & ((UINT64_C(1) << shift) - 1));
}

/* How many bytes from an address on have no entry that could be anything but 0. */
static uint64_t
empty_bytes(const struct replica *replica, uint64_t va)
{
	if (!is_flat(replica, va))
		return __atomic_load_n(&replica->far[va >> IOAS_FAR_SHIFT], __ATOMIC_ACQUIRE) != NULL
			? 0 : rest(va, IOAS_FAR_SHIFT);
	if (!__atomic_load_n(&replica->writable[va >> CHUNK_SHIFT], __ATOMIC_RELAXED))
		return rest(va, CHUNK_SHIFT);
	return __atomic_load_n(&replica->used[va >> ROOM_SHIFT], __ATOMIC_RELAXED) ? 0 : rest(va, ROOM_SHIFT);
}

/* Ends the sharing of the page of the flat array that an address is in. Returns the bytes done, if all of the
 * page goes; 0 if entries are to be stored. */
static uint64_t
clear_page(struct replica *replica, uint64_t va, uint64_t last)
{
	uint64_t *page, index;

	if (!is_flat(replica, va))
		return 0;
	page = page_of(replica, va, &index);
	return share_end(&replica->share, page, index, has_page(replica, va, last))
		? replica->page_entries * SLOT_SIZE : 0;
}

/* Has an entry that is going to be 0 in part lead to a detail that says the same; 0 without memory for it. */
static bool
split_slot(struct table *table, struct replica *replica, uint64_t *slot)
{
	const uint64_t entry = *slot;
	uint64_t *detail;
	int error;

	detail = detail_new(table, replica, &error);
	for (unsigned int i = 0; detail != NULL && i < IOAS_DETAIL_ENTRIES; i++)
		__atomic_store_n(&detail[i], entry, TABLE_PUBLISH);
	__atomic_store_n(slot, detail == NULL ? 0 : (uintptr_t)detail | IOAS_ENTRY_DETAIL, TABLE_PUBLISH);
	return detail != NULL;
}

static bool
clear_replica(struct table *table, struct replica *replica, uint64_t va, uint64_t last)
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
		slot = slot_of(replica, va);
		if ((*slot & IOAS_ENTRY_LINEAR) != 0 && (done < SLOT_SIZE || slot_last > last))
			exact = split_slot(table, replica, slot) && exact;
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
		exact = clear_replica(table, &table->replicas[i], first, last < HIGHEST ? last : HIGHEST) && exact;
	return exact;
}

/* The replicas are filled, and emptied, the first one first. */
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

/* Should the kernel have no new pages for a chunk, the slower path serves all addresses. */
static void
reset_flat(struct table *table, struct replica *replica)
{
	for (uint64_t i = 0; i < FLAT_CHUNKS && replica->reader.entries != 0; i++) {
		uint64_t *const chunk = &replica->flat[i * CHUNK_ENTRIES];

		if (!replica->writable[i])
			continue;
		if (table->sys->map_zeros(chunk, CHUNK_SIZE) < 0) {
			replica->reader.entries = 0;
			return;
		}
		madvise(chunk, CHUNK_SIZE, MADV_NOHUGEPAGE);
		if (replica->reader.node >= 0)
			table->sys->bind(chunk, CHUNK_SIZE, replica->reader.node);
	}
	share_reset(&replica->share, TABLE_FLAT_ENTRIES / replica->page_entries);
}

void
table_reset(struct table *table)
{
	pthread_mutex_init(&table->lock, NULL);
	for (unsigned int i = 0; i < table->n; i++) {
		struct replica *const replica = &table->replicas[i];

		/* A thread may just have been about to take a detail. */
		replica->given = SLAB_DETAILS;
		if (replica->flat != NULL)
			reset_flat(table, replica);
		for (uint64_t block = 0, left = replica->far_blocks; left > 0; block++) {
			if (replica->far[block] == NULL)
				continue;
			memset(replica->far[block], 0, BLOCK_SIZE);
			left--;
		}
	}
}
