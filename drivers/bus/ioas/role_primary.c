/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * EAL's memory is mapped.
 */

#include <rte_common.h>

#include "foreign.h"
#include "memory.h"
#include "neighbours.h"
#include "role.h"
#include "role_owner.h"

/* Returns 0, because buses that come later would take chosen IOVAs for physical addresses, for devices of
 * uio, whose DMA no IOMMU translates. */
static int
using_phys_addrs(void)
{
	return 0;
}

/* Applications may probe again after they have found more devices. */
static int
probe(void)
{
	return neighbours_check() < 0 ? -1 : stock_probe();
}

static rte_iova_t
iova(const void *va, rte_iova_t (*original)(const void *va) __rte_unused)
{
	return in_use_iova(va, memory_iova);
}

/* A registration ends. Memory that the application has mapped by rte_dev_dma_map() stays until the
 * application unmaps it. */
static int
unregister(void *va, size_t length)
{
	const unsigned int token = foreign_is_stated(va, length) ? 0 : foreign_leaves(va, length);
	int ret;

	ret = stock_unregister(va, length);
	foreign_has_left(token, va, length, ret == 0);
	return ret;
}

#define PRIMARY_SEAMS \
	OWNER_SEAMS, \
	.has_mapped = true, \
	.using_phys_addrs = using_phys_addrs, \
	.probe = probe, \
	.iova = iova, \
	.check_mask = policy_check_mask, \
	.setup = owner_setup, \
	.unregister = unregister

const struct role role_primary = {
	PRIMARY_SEAMS,
};

const struct role role_child = {
	PRIMARY_SEAMS,
	.is_child = true,
};
