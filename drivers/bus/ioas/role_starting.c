/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * From the scan to the first probe, which maps EAL's memory.
 */

#include <rte_common.h>

#include "neighbours.h"
#include "role.h"
#include "role_owner.h"
#include "role_refused.h"
#include "role_starting.h"
#include "role_stock.h"
#include "serve.h"
#include "start.h"
#include "take.h"

int
starting_using_phys_addrs(void)
{
	return 1;
}

static int
probe(void)
{
	int ret;

	if (neighbours_check() < 0 || start_memory() < 0) {
		role_refuse();
		return -1;
	}
	serve_secondaries();
	ret = stock_probe();
	take_note_drivers();
	take_give_back();
	return ret;
}

static rte_iova_t
address(const void *va)
{
	return (uintptr_t)va;
}

/* Returns the address itself, which satisfies EAL's contiguity checks. */
static rte_iova_t
iova(const void *va, rte_iova_t (*original)(const void *va) __rte_unused)
{
	return in_use_iova(va, address);
}

#define STARTING_SEAMS \
	OWNER_SEAMS, \
	.using_phys_addrs = starting_using_phys_addrs, \
	.iova = iova, \
	.check_mask = policy_note_mask, \
	.unregister = stock_unregister

const struct role role_starting = {
	STARTING_SEAMS,
	.refusal = &role_refused_start,
	.probe = probe,
	.setup = owner_setup,
};

const struct role role_refused_start = {
	STARTING_SEAMS,
	.probe = refused_probe,
	.setup = refused_setup,
};
