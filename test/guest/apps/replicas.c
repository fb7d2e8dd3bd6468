/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The nodes of the lookup table's replicas: asks the kernel (move_pages) for the node of every page of a
 * replica that lookups read. Needs no device.
 */

#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioas.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)
#define BASE UINT64_C(0x100000000000)
#define FAR (UINT64_C(1) << 50)
#define MAX_NODES 8

static unsigned int failures;

static void
check(bool ok, const char *what, long long got, long long expected)
{
	if (ok)
		return;
	failures++;
	printf("FAIL %s: %lld, not %lld\n", what, got, expected);
}

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING)
		check(false, line, level, IOAS_LOG_INFO);
}

/* Without a device the kernel does not access the memory, so any address is valid. */
static const struct {
	uint64_t va, length;
} maps[] = {
	{ BASE, MIB(64) },                     /* entries in one page of the table */
	{ BASE + GIB(700), GIB(3) },           /* in several pages */
	{ BASE + MIB(100) + 4096, 8192 },      /* a detail */
	{ BASE + GIB(900) + 4096, 8192 },
	{ FAR, MIB(4) },                       /* a block of the slower path */
};

#define N_MAPS (sizeof(maps) / sizeof(maps[0]))

/* The pages that a lookup reads. Returns their number. */
static unsigned int
pages_of(const struct ioas_table *table, uint64_t va, void *pages[3])
{
	const uint64_t slot = va >> IOAS_TABLE_SHIFT;
	const uint64_t *entry;
	unsigned int n = 0;

	if (slot < table->entries) {
		entry = &table->entry[slot];
	} else {
		const uint64_t *const *const far_entry = &table->far_entry[va >> IOAS_FAR_SHIFT];

		pages[n++] = (void *)(uintptr_t)far_entry;
		entry = &(*far_entry)[slot & ((1u << (IOAS_FAR_SHIFT - IOAS_TABLE_SHIFT)) - 1)];
	}
	pages[n++] = (void *)(uintptr_t)entry;
	if ((*entry & IOAS_ENTRY_DETAIL) != 0)
		pages[n++] = (void *)(uintptr_t)(*entry & IOAS_ENTRY_MASK);
	return n;
}

static unsigned int
check_replica(const struct ioas_table *table)
{
	unsigned int checked = 0;

	for (unsigned int i = 0; i < N_MAPS; i++) {
		void *pages[3];
		const unsigned int n = pages_of(table, maps[i].va, pages);
		int status[3] = { -1, -1, -1 };

		check(ioas_lookup(table, (void *)(uintptr_t)maps[i].va) != IOAS_BAD_IOVA,
		      "a lookup", i, i);
		check(numa_move_pages(0, n, pages, NULL, status, 0) == 0, "move_pages", -1, 0);
		for (unsigned int k = 0; k < n; k++) {
			check(status[k] == table->node, "the node of a page of a replica",
			      status[k], table->node);
			checked++;
		}
	}
	return checked;
}

/* Threads that run on a node find that node's replica. */
static void
check_threads(const struct ioas *space, unsigned int nodes)
{
	for (unsigned int node = 0; node < nodes; node++) {
		check(numa_run_on_node(node) == 0, "numa_run_on_node", -1, 0);
		check(ioas_table(space)->node == (int)node, "the replica for a thread",
		      ioas_table(space)->node, node);
		check(ioas_table_of_node(space, node)->node == (int)node, "the replica of a node",
		      ioas_table_of_node(space, node)->node, node);
	}
	numa_run_on_node(-1);
}

int
main(int argc, char **argv)
{
	const struct ioas_options options = { .size = sizeof(options), .log = log_line };
	const struct ioas_table *tables[MAX_NODES];
	const unsigned int expected = argc == 2 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned int nodes, pages = 0;
	struct ioas *space;

	if (expected == 0 || expected > MAX_NODES || numa_available() < 0) {
		fprintf(stderr, "usage: replicas NODES\n");
		return 2;
	}
	if (ioas_create(&options, &space) != 0)
		return EXIT_FAILURE;
	nodes = ioas_tables(space, tables, MAX_NODES);
	check(nodes == expected, "the number of replicas", nodes, expected);
	/* A thread of one node writes, which must not place the memory there. */
	numa_run_on_node(expected - 1);
	for (unsigned int i = 0; i < N_MAPS; i++)
		check(ioas_map(space, (void *)(uintptr_t)maps[i].va, maps[i].length, NULL) == 0,
		      "ioas_map", i, 0);
	for (unsigned int i = 0; failures == 0 && i < nodes; i++) {
		check(tables[i]->node == (int)i, "the replica's node", tables[i]->node, i);
		pages += check_replica(tables[i]);
	}
	if (failures == 0)
		check_threads(space, nodes);
	ioas_destroy(space);
	printf("%u pages in %u replicas\n", pages, nodes);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
