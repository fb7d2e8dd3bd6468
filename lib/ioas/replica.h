/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_REPLICA_H
#define IOAS_REPLICA_H

#include "share.h"
#include "table_size.h"

/*
 * One replica of the lookup table: its address space and its memory, which is all that can fail (table.h).
 */

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

/* A block of the slower path holds the entries for 512 GiB. */
#define BLOCK_ENTRIES (UINT64_C(1) << (IOAS_FAR_SHIFT - IOAS_TABLE_SHIFT))

/* How words are stored. test/stress weakens it to show that this is noticed. */
#ifndef TABLE_PUBLISH
#define TABLE_PUBLISH __ATOMIC_RELEASE
#endif

struct slab;

struct replica {
	const struct ioas_sys *sys;
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
	int flat_error;                 /* why it has no flat array, or 0 */
	int bind_error;                 /* why it is not in its node's memory, or 0 */
};

/* A replica for a node (-1: any), in place of zeros. What is only slower or farther away is noted. A negative errno. */
int replica_create(struct replica *replica, const struct ioas_sys *sys, int node);
void replica_destroy(struct replica *replica);

/* Makes room for the entries of [va, last]. */
int replica_prepare(struct replica *replica, uint64_t va, uint64_t last);

/* A detail that no entry leads to; NULL and the error. */
uint64_t *replica_new_detail(struct replica *replica, int *error);

/* In a child of fork(): empties it. */
void replica_reset(struct replica *replica);

/* Whether the flat array has the address. */
static inline bool
replica_is_flat(const struct replica *replica, uint64_t va)
{
	return va >> IOAS_TABLE_SHIFT < replica->reader.entries;
}

/* The entry of an address, for which there is room. */
static inline uint64_t *
replica_slot(const struct replica *replica, uint64_t va)
{
	return replica_is_flat(replica, va)
		? &replica->flat[va >> IOAS_TABLE_SHIFT]
		: &replica->far[va >> IOAS_FAR_SHIFT][va >> IOAS_TABLE_SHIFT &
						      (BLOCK_ENTRIES - 1)];
}

#endif /* IOAS_REPLICA_H */
