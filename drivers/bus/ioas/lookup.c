/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <rte_lcore.h>

#include "common_space.h"
#include "lookup.h"
#include "role.h"
#include "rte_bus_ioas.h"

__thread const struct ioas_table *lookup_thread_table;

/* Chooses the replica of the table for this thread: that of its lcore's node, or for other threads that of
 * the node where it runs. */
static void
choose_table(void)
{
	const unsigned int lcore = rte_lcore_id();

	lookup_thread_table = lcore < RTE_MAX_LCORE
		? ioas_table_of_node(bus_ioas_space, rte_lcore_to_socket_id(lcore))
		: ioas_table(bus_ioas_space);
}

const struct ioas_table *
lookup_replica(void)
{
	if (unlikely(lookup_thread_table == NULL))
		choose_table();
	return lookup_thread_table;
}

const struct ioas_table *
rte_bus_ioas_table(void)
{
	return role()->has_mapped ? lookup_replica() : NULL;
}

rte_iova_t
lookup_iova(const void *va)
{
	lookup_replica();
	return lookup_known(va);
}

static uint64_t misses;

void
lookup_note_miss(void)
{
	__atomic_fetch_add(&misses, 1, __ATOMIC_RELAXED);
}

uint64_t
lookup_misses(void)
{
	return __atomic_load_n(&misses, __ATOMIC_RELAXED);
}
