/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "addresses.h"

/* The addresses of EAL's memory lists. They are constant, and stay known after rte_eal_cleanup(). */
static struct ioas_range eal_lists[RTE_MAX_MEMSEG_LISTS];
static unsigned int n_eal_lists;

static int
note_list(const struct rte_memseg_list *msl, void *arg __rte_unused)
{
	if (!msl->external)
		eal_lists[n_eal_lists++] = (struct ioas_range){
			.first = msl->addr_64,
			.last = msl->addr_64 + (msl->len - 1),
		};
	return 0;
}

void
addresses_note_eal(void)
{
	n_eal_lists = 0;
	rte_memseg_list_walk_thread_unsafe(note_list, NULL);
}

bool
address_is_eal(uint64_t va)
{
	unsigned int i = 0;

	while (i < n_eal_lists && (va < eal_lists[i].first || va > eal_lists[i].last))
		i++;
	return i < n_eal_lists;
}

bool
addresses_are_mapped_at(const struct ioas *space, uint64_t va, uint64_t length, rte_iova_t iova)
{
	const struct ioas_table *const table = ioas_table(space);

	for (uint64_t offset = 0; offset < length; offset += 4096)
		if (ioas_lookup(table, (void *)(uintptr_t)(va + offset)) != iova + offset)
			return false;
	return true;
}
