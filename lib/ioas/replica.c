/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replica.h"

#define BLOCK_SIZE (BLOCK_ENTRIES * sizeof(uint64_t))
#define FAR_BLOCKS (UINT64_C(1) << (IOAS_VA_BITS - IOAS_FAR_SHIFT))
#define FAR_SIZE (FAR_BLOCKS * sizeof(uint64_t *))

/* Details come from slabs of this many; the first place has the link to the next slab. */
#define SLAB_DETAILS 16
#define DETAIL_SIZE (IOAS_DETAIL_ENTRIES * sizeof(uint64_t))

struct slab {
	struct slab *next;
};

/* Reserves address space that reads as zeros; NULL and an error. Uses small pages where it is writable: one
 * entry must not cost 2 MiB. */
static void *
reserve_zeros(struct replica *replica, uint64_t size, int prot, int *error)
{
	void *const p = replica->sys->reserve(size, prot, error);
	int ret;

	if (p == NULL)
		return NULL;
	madvise(p, size, MADV_NOHUGEPAGE);
	if (replica->reader.node >= 0) {
		ret = replica->sys->bind(p, size, replica->reader.node);
		if (ret < 0)
			replica->bind_error = ret;
	}
	return p;
}

int
replica_create(struct replica *replica, const struct ioas_sys *sys, int node)
{
	int ret;

	replica->sys = sys;
	replica->reader.node = node;
	replica->far = reserve_zeros(replica, FAR_SIZE, PROT_READ, &ret);
	if (replica->far == NULL)
		return ret;
	replica->reader.far_entry = (const uint64_t *const *)replica->far;
	replica->flat = reserve_zeros(replica, TABLE_FLAT_SIZE, PROT_READ, &replica->flat_error);
	if (replica->flat == NULL)
		return 0;
	/* Pages that are not writable read from the huge page of zeros, if the kernel has one. Filling the
	 * whole array, as testpmd's mlockall() does, then takes 1 ms instead of 80. */
	madvise(replica->flat, TABLE_FLAT_SIZE, MADV_HUGEPAGE);
	replica->reader.entry = replica->flat;
	replica->reader.entries = TABLE_FLAT_ENTRIES;
	replica->page_entries = sysconf(_SC_PAGESIZE) / sizeof(uint64_t);
	share_create(&replica->share, replica->sys, TABLE_FLAT_ENTRIES / replica->page_entries, node);
	return 0;
}

void
replica_destroy(struct replica *replica)
{
	while (replica->slab != NULL) {
		struct slab *const slab = replica->slab;

		replica->slab = slab->next;
		replica->sys->unreserve(slab, SLAB_DETAILS * DETAIL_SIZE);
	}
	if (replica->flat != NULL) {
		share_destroy(&replica->share);
		replica->sys->unreserve(replica->flat, TABLE_FLAT_SIZE);
	}
	for (uint64_t i = 0; replica->far_blocks > 0; i++) {
		if (replica->far[i] != NULL) {
			replica->sys->unreserve(replica->far[i], BLOCK_SIZE);
			replica->far_blocks--;
		}
	}
	if (replica->far != NULL)
		replica->sys->unreserve(replica->far, FAR_SIZE);
}

uint64_t *
replica_new_detail(struct replica *replica, int *error)
{
	if (replica->slab == NULL || replica->given == SLAB_DETAILS) {
		struct slab *const slab = reserve_zeros(replica, SLAB_DETAILS * DETAIL_SIZE, PROT_READ | PROT_WRITE,
							error);

		if (slab == NULL)
			return NULL;
		slab->next = replica->slab;
		replica->slab = slab;
		replica->given = 1;
	}
	return (uint64_t *)((char *)replica->slab + DETAIL_SIZE * replica->given++);
}

/* Makes the flat array's entries for [va, last] writable. */
static int
prepare_chunks(struct replica *replica, uint64_t va, uint64_t last)
{
	for (uint64_t i = va >> CHUNK_SHIFT; i <= last >> CHUNK_SHIFT; i++) {
		int ret;

		if (!replica_is_flat(replica, i << CHUNK_SHIFT))
			break;
		if (replica->writable[i])
			continue;
		madvise(&replica->flat[i * CHUNK_ENTRIES], CHUNK_SIZE, MADV_NOHUGEPAGE);
		ret = replica->sys->commit(&replica->flat[i * CHUNK_ENTRIES], CHUNK_SIZE);
		if (ret < 0)
			return ret;
		__atomic_store_n(&replica->writable[i], true, __ATOMIC_RELAXED);
	}
	for (uint64_t i = va >> ROOM_SHIFT; i <= last >> ROOM_SHIFT && i < FLAT_ROOMS; i++)
		__atomic_store_n(&replica->used[i], true, __ATOMIC_RELAXED);
	return 0;
}

/* Creates the blocks of the slower path for [va, last]. */
static int
prepare_blocks(struct replica *replica, uint64_t va, uint64_t last)
{
	for (uint64_t i = va >> IOAS_FAR_SHIFT; i <= last >> IOAS_FAR_SHIFT; i++) {
		uint64_t *block;
		int ret;

		if (replica_is_flat(replica, i << IOAS_FAR_SHIFT) || replica->far[i] != NULL)
			continue;
		ret = replica->far_blocks == 0 ? replica->sys->commit(replica->far, FAR_SIZE) : 0;
		if (ret < 0)
			return ret;
		block = reserve_zeros(replica, BLOCK_SIZE, PROT_READ | PROT_WRITE, &ret);
		if (block == NULL)
			return ret;
		__atomic_store_n(&replica->far[i], block, TABLE_PUBLISH);
		replica->far_blocks++;
	}
	return 0;
}

/* Gives details to the first and the last entry if the range covers them only in part. */
static int
prepare_details(struct replica *replica, uint64_t va, uint64_t last)
{
	const uint64_t ends[] = { va, last };

	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t base = ends[i] & ~(SLOT_SIZE - 1);
		uint64_t *const slot = replica_slot(replica, base);
		uint64_t *detail;
		int ret;

		if ((va <= base && last >= base + (SLOT_SIZE - 1)) || *slot != 0)
			continue;
		detail = replica_new_detail(replica, &ret);
		if (detail == NULL)
			return ret;
		__atomic_store_n(slot, (uintptr_t)detail | IOAS_ENTRY_DETAIL, TABLE_PUBLISH);
	}
	return 0;
}

int
replica_prepare(struct replica *replica, uint64_t va, uint64_t last)
{
	int ret;

	ret = prepare_chunks(replica, va, last);
	if (ret == 0)
		ret = prepare_blocks(replica, va, last);
	if (ret == 0)
		ret = prepare_details(replica, va, last);
	return ret;
}

/* If the kernel has no new pages for a chunk, the slower path serves all addresses. */
static void
reset_flat(struct replica *replica)
{
	for (uint64_t i = 0; i < FLAT_CHUNKS && replica->reader.entries != 0; i++) {
		uint64_t *const chunk = &replica->flat[i * CHUNK_ENTRIES];

		if (!replica->writable[i])
			continue;
		if (replica->sys->map_zeros(chunk, CHUNK_SIZE) < 0) {
			replica->reader.entries = 0;
			return;
		}
		madvise(chunk, CHUNK_SIZE, MADV_NOHUGEPAGE);
		if (replica->reader.node >= 0)
			replica->sys->bind(chunk, CHUNK_SIZE, replica->reader.node);
	}
	share_reset(&replica->share, TABLE_FLAT_ENTRIES / replica->page_entries);
}

void
replica_reset(struct replica *replica)
{
	/* A thread of the parent may have been about to take a detail. */
	replica->given = SLAB_DETAILS;
	if (replica->flat != NULL)
		reset_flat(replica);
	for (uint64_t block = 0, left = replica->far_blocks; left > 0; block++) {
		if (replica->far[block] == NULL)
			continue;
		memset(replica->far[block], 0, BLOCK_SIZE);
		left--;
	}
}
