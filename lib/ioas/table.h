/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TABLE_H
#define IOAS_TABLE_H

#include <pthread.h>

#include "ioas.h"
#include "sys.h"
#include "table_size.h"

/*
 * The writer's side of struct ioas_table, all replicas at once. Calls are serialised by the table's
 * lock, which they do not take themselves; readers go on all the while.
 *
 * An entry is one 64-bit word that goes from 0 (not mapped) to iova - va (mapped), or once and for
 * good to a detail: 512 words of the same kind for its 4 KiB pages, which say what the entry said before
 * but for what changes. Every store is a release, so a
 * reader sees each word old or new, never half, and what a word leads to no older than the word. A
 * detail is given out once and serves one entry until the table is destroyed; so are the blocks of
 * the slower path. A reader that holds a stale address therefore reads valid words or 0.
 *
 * Replicas are filled one after the other: a reader may see in its own what another does not see
 * yet. All of them agree when the writer's call returns.
 */

struct replica;

/* Who writes holds the lock; under it nothing is done but stores and system calls, so that any thread can wait
 * for it, also one that unmaps memory for an allocator. */
struct table {
	pthread_mutex_t lock;
	struct replica *replicas;
	unsigned int n;
	int flat_error;     /* why a replica has no flat array, or 0 */
	int bind_error;     /* why a replica is not in its node's memory, or 0 */
};

/* A replica for each of the nodes; node -1: wherever it is touched first. Reserves address space
 * (TABLE_FLAT_SIZE each); memory is used only where something is mapped. -ENOMEM, or what the kernel
 * answered. */
int table_create(struct table *table, const struct ioas_sys *sys, const int *nodes,
		 unsigned int n);
void table_destroy(struct table *table);

/* The i-th replica. */
const struct ioas_table *table_reader(const struct table *table, unsigned int i);

/* Makes room, so that table_set() and table_clear() for the same range cannot fail. -ERANGE, or what the
 * kernel answered. */
int table_prepare(struct table *table, uint64_t va, uint64_t length);
/* The cause and the remedy of an answer of the kernel to one of these. */
const char *table_explain(int error);
void table_set(struct table *table, uint64_t va, uint64_t length, uint64_t iova);
/* Any range: entries that are 0 stay as they are. False where something was to go in part and there was no memory
 * for that: then all of it went. */
bool table_clear(struct table *table, uint64_t first, uint64_t last);
/* Whether anything of any range is shown; without the lock. */
bool table_any(const struct table *table, uint64_t first, uint64_t last);

/* In a child of fork(), before any thread reads its copy of the table: empties it. What is shared with the parent is not
 * any more. The parent's threads may have been in table_clear(); their locks stayed locked. */
void table_reset(struct table *table);

#endif /* IOAS_TABLE_H */
