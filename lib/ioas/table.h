/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TABLE_H
#define IOAS_TABLE_H

#include "ioas.h"

/*
 * The writer's side of struct ioas_table. Calls are serialised by the space's lock; readers go on
 * all the while and see each entry old or new, never half. What once was a detail stays one until
 * the table is destroyed, so a reader that still holds its address reads valid entries or 0.
 */

struct table_slab;

struct table {
	struct ioas_table reader; /* what ioas_lookup() sees */
	uint64_t *entry;          /* the same array, writable */
	struct table_slab *slab;  /* the newest of the slabs that details are cut from */
	unsigned int used;        /* how many details of it are given out */
};

/* Reserves address space (512 MiB for 47 bits); memory is used only where something is mapped. */
int table_create(struct table *table);
void table_destroy(struct table *table);

/* Makes room, so that table_set() for the same range cannot fail. -ERANGE, -ENOMEM. */
int table_prepare(struct table *table, uint64_t va, uint64_t length);
void table_set(struct table *table, uint64_t va, uint64_t length, uint64_t iova);
void table_clear(struct table *table, uint64_t va, uint64_t length);

#endif /* IOAS_TABLE_H */
