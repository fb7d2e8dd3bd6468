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
 * The writer's side of struct ioas_table, for all replicas at once. The caller holds the table's lock.
 * Readers continue meanwhile.
 *
 * An entry is one 64-bit word. It changes between 0 (not mapped) and iova - va (mapped), or changes once and
 * for good to a detail: 512 such words for its 4 KiB pages, which first say the same as the entry. Every
 * store is a release. Therefore a reader sees each word old or new, never half, and the data that a word
 * leads to is at least as new as the word. A detail serves one entry until the table is destroyed, and so
 * does a block of the slower path. Therefore a reader with an outdated address reads valid words or 0.
 *
 * The writer fills one replica after the other: a reader may see an entry in its replica before another
 * reader does. All replicas agree when the writer's call returns.
 */

struct replica;

/* Writers hold the lock only over stores and system calls. Therefore any thread can wait for it, also one
 * that unmaps memory for an allocator. */
struct table {
	pthread_mutex_t lock;
	struct replica *replicas;
	unsigned int n;
	int flat_error;     /* reason why a replica has no flat array, or 0 */
	int bind_error;     /* reason why a replica is not in its node's memory, or 0 */
};

/* Creates a replica for each of the nodes; node -1: memory from the node that touches it first. Reserves
 * address space (TABLE_FLAT_SIZE each). Takes memory only for mapped addresses. -ENOMEM, or the kernel's
 * answer. */
int table_create(struct table *table, const struct ioas_sys *sys, const int *nodes,
		 unsigned int n);
void table_destroy(struct table *table);

/* The i-th replica. */
const struct ioas_table *table_reader(const struct table *table, unsigned int i);

/* Makes sure that table_set() and table_clear() for the same range cannot fail. -ERANGE, or the kernel's
 * answer. */
int table_prepare(struct table *table, uint64_t va, uint64_t length);
/* The cause and the remedy of an error of these functions. */
const char *table_explain(int error);
void table_set(struct table *table, uint64_t va, uint64_t length, uint64_t iova);
/* Clears any range; entries that are 0 stay 0. False: there was no memory to clear a part of an entry, so the
 * whole entry was cleared. */
bool table_clear(struct table *table, uint64_t first, uint64_t last);
/* Whether the table shows any address of a range. Without the lock. */
bool table_any(const struct table *table, uint64_t first, uint64_t last);

/* Empties the table in a child of fork(), before any thread reads the child's copy. Nothing is shared with
 * the parent any more. Threads of the parent may have been in table_clear(); the locks that they held are
 * still locked. */
void table_reset(struct table *table);

#endif /* IOAS_TABLE_H */
