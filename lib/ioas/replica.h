/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_REPLICA_H
#define IOAS_REPLICA_H

#include "share.h"
#include "table_size.h"

/*
 * One replica of the lookup table: its address space and its memory. Only these can fail (table.h).
 */

#define SLOT_SIZE (UINT64_C(1) << IOAS_TABLE_SHIFT)
#define PAGE (UINT64_C(1) << IOAS_DETAIL_SHIFT)

/* The flat array becomes writable in chunks of 64 KiB, each for 16 GiB of addresses. Few pages are then
 * writable, which matters if the kernel counts every writable page (vm.overcommit_memory 2) or fills it
 * (mlockall). */
#define CHUNK_ENTRIES UINT64_C(8192)
#define CHUNK_SIZE (CHUNK_ENTRIES * sizeof(uint64_t))
#define CHUNK_SHIFT (IOAS_TABLE_SHIFT + 13)
#define FLAT_CHUNKS (TABLE_FLAT_ENTRIES / CHUNK_ENTRIES)

/* The flat array notes for each GiB of addresses (a room) whether anything was ever mapped there. A thread
 * that unmaps other memory then skips the room without reading its entries. */
#define ROOM_SHIFT 30
#define ROOM_SIZE (UINT64_C(1) << ROOM_SHIFT)
#define FLAT_ROOMS (TABLE_FLAT_ENTRIES >> (ROOM_SHIFT - IOAS_TABLE_SHIFT))

/* A block of the slower path holds the entries for 512 GiB. */
#define BLOCK_ENTRIES (UINT64_C(1) << (IOAS_FAR_SHIFT - IOAS_TABLE_SHIFT))

/* How words are stored. test/stress weakens it to prove that the test notices. */
#ifndef TABLE_PUBLISH
#define TABLE_PUBLISH __ATOMIC_RELEASE
#endif

struct slab;

struct replica {
	const struct ioas_sys *sys;
	struct ioas_table reader;       /* read by ioas_lookup() */
	uint64_t *flat;                 /* the arrays of reader, writable */
	uint64_t **far;
	uint64_t far_blocks;            /* number of its pointers that are not NULL */
	bool writable[FLAT_CHUNKS];     /* chunks of the flat array that are writable; read without the lock */
	bool used[FLAT_ROOMS];          /* rooms in which something was ever mapped; read without the lock */
	struct share share;
	uint64_t page_entries;          /* entries in a page of the CPU */
	struct slab *slab;              /* the newest slab; details are cut from it */
	unsigned int given;             /* number of its details that are in use */
	int flat_error;                 /* reason why it has no flat array, or 0 */
	int bind_error;                 /* reason why it is not in its node's memory, or 0 */
};

/* Creates a replica for a node (-1: any) in zeroed memory. Problems that only make it slower, or place it on
 * another node, are noted. Otherwise a negative errno. */
int replica_create(struct replica *replica, const struct ioas_sys *sys, int node);
void replica_destroy(struct replica *replica);

/* Makes room for the entries of [va, last]. */
int replica_prepare(struct replica *replica, uint64_t va, uint64_t last);

/* A detail that no entry leads to; NULL and an error. */
uint64_t *replica_new_detail(struct replica *replica, int *error);

/* Empties it, in a child of fork(). */
void replica_reset(struct replica *replica);

/* Whether the address lies in the flat array. */
static inline bool
replica_is_flat(const struct replica *replica, uint64_t va)
{
	return va >> IOAS_TABLE_SHIFT < replica->reader.entries;
}

/* The entry of an address. Its memory must be prepared. */
static inline uint64_t *
replica_slot(const struct replica *replica, uint64_t va)
{
	return replica_is_flat(replica, va)
		? &replica->flat[va >> IOAS_TABLE_SHIFT]
		: &replica->far[va >> IOAS_FAR_SHIFT][va >> IOAS_TABLE_SHIFT &
						      (BLOCK_ENTRIES - 1)];
}

#endif /* IOAS_REPLICA_H */
