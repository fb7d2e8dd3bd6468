/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>

#include "unit.h"

static uint64_t
lookup(uint64_t offset)
{
	return ioas_lookup(ioas_table(space), VA(offset));
}

/* The bytes at, before and behind the ends of areas that start and end anywhere in 2 MiB. */
static void
boundaries(void)
{
	static const uint64_t at[] = { 0, PAGE, MIB(1), MIB(2) - PAGE };
	static const uint64_t length[] = {
		PAGE, KIB(8), MIB(1), MIB(2) - PAGE, MIB(2), MIB(2) + PAGE, MIB(4), MIB(6),
	};

	unit_create(true);
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int k = 0; k < 8; k++) {
			const uint64_t from = MIB(64) + at[i], last = from + length[k] - 1;
			const uint64_t iova = unit_map(from, length[k]);

			CU_ASSERT_EQUAL(lookup(from - 1), IOAS_BAD_IOVA);
			CU_ASSERT_EQUAL(lookup(from), iova);
			CU_ASSERT_EQUAL(lookup(from + 1), iova + 1);
			CU_ASSERT_EQUAL(lookup(last), iova + length[k] - 1);
			CU_ASSERT_EQUAL(lookup(last + 1), IOAS_BAD_IOVA);
			CU_ASSERT_TRUE(unit_translates(from, length[k], iova));
			CU_ASSERT_EQUAL(ioas_unmap(space, VA(from), length[k]), 1);
			CU_ASSERT_TRUE(unit_unmapped(MIB(62), MIB(16)));
		}
	}
}

/* A detail of 512 pages, every other one mapped, each to somewhere else. */
static void
detail(void)
{
	uint64_t iova[512] = { 0 };

	unit_create(true);
	for (uint64_t i = 1; i < 512; i += 2)
		iova[i] = unit_map(i * PAGE, PAGE);
	for (uint64_t i = 0; i < 512; i++) {
		const uint64_t expected = i % 2 != 0 ? iova[i] : IOAS_BAD_IOVA;

		CU_ASSERT_EQUAL(lookup(i * PAGE), expected);
		CU_ASSERT_EQUAL(lookup(i * PAGE + 4095), expected == IOAS_BAD_IOVA
								? IOAS_BAD_IOVA : expected + 4095);
	}
	CU_ASSERT_EQUAL(lookup(MIB(2)), IOAS_BAD_IOVA);
	/* What was a detail once serves a map of the whole 2 MiB as well, and back. */
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 256);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	iova[0] = unit_map(0, MIB(4));
	CU_ASSERT_TRUE(unit_translates(0, MIB(4), iova[0]));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(4)), 1);
	iova[1] = unit_map(PAGE, PAGE);
	CU_ASSERT_EQUAL(lookup(0), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(lookup(PAGE), iova[1]);
	CU_ASSERT_EQUAL(lookup(KIB(8)), IOAS_BAD_IOVA);
}

/* More details than one slab holds. */
static void
many_details(void)
{
	static uint64_t iova[1500];

	unit_create(true);
	for (uint64_t i = 0; i < 1500; i++)
		iova[i] = unit_map(i * MIB(2) + PAGE, PAGE);
	for (uint64_t i = 0; i < 1500; i++) {
		CU_ASSERT_EQUAL(lookup(i * MIB(2)), IOAS_BAD_IOVA);
		CU_ASSERT_EQUAL(lookup(i * MIB(2) + PAGE), iova[i]);
		CU_ASSERT_EQUAL(lookup(i * MIB(2) + KIB(8)), IOAS_BAD_IOVA);
	}
}

static void
ends_of_the_table(void)
{
	const struct ioas_table *table;
	uint64_t top, iova;

	unit_create(true);
	table = ioas_table(space);
	top = table->entries << IOAS_TABLE_SHIFT;
	CU_ASSERT_TRUE(top >= UINT64_C(1) << 47);
	CU_ASSERT_EQUAL(ioas_lookup(table, NULL), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup(table, (void *)(uintptr_t)top), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup(table, (void *)UINTPTR_MAX), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_map(space, (void *)(uintptr_t)(top - PAGE), PAGE, &iova), 0);
	CU_ASSERT_EQUAL(ioas_lookup(table, (void *)(uintptr_t)(top - 1)), iova + 4095);
	REFUSED(ioas_map(space, (void *)(uintptr_t)top, PAGE, NULL), -ERANGE, "lookup table");
	REFUSED(ioas_map(space, (void *)(uintptr_t)(top - MIB(2)), MIB(4), NULL), -EEXIST, "");
	CU_ASSERT_EQUAL(ioas_unmap(space, (void *)(uintptr_t)(top - PAGE), PAGE), 1);
	REFUSED(ioas_map(space, (void *)(uintptr_t)(top - MIB(2)), MIB(4), NULL), -ERANGE,
		"lookup table");
	/* The lowest addresses too. */
	CU_ASSERT_EQUAL(ioas_map(space, NULL, MIB(2), &iova), 0);
	CU_ASSERT_EQUAL(ioas_lookup(table, NULL), iova);
}

static void
reverse(void)
{
	struct ioas_area area;
	uint64_t iova;

	unit_create(true);
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, MIB(2), NULL));
	iova = unit_map(0, KIB(12));
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, iova - 1, &area));
	CU_ASSERT_PTR_EQUAL(ioas_lookup_iova(space, iova, NULL), VA(0));
	CU_ASSERT_PTR_EQUAL(ioas_lookup_iova(space, iova + KIB(12) - 1, &area), VA(KIB(12) - 1));
	CU_ASSERT_PTR_EQUAL(area.va, VA(0));
	CU_ASSERT_EQUAL(area.iova, iova);
	CU_ASSERT_EQUAL(area.length, KIB(12));
	CU_ASSERT_FALSE(area.fixed);
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, iova + KIB(12), NULL));
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, 0, NULL));
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, UINT64_MAX, NULL));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(8)), PAGE, GIB(9)), 0);
	CU_ASSERT_PTR_EQUAL(ioas_lookup_iova(space, GIB(9) + 5, &area), VA(MIB(8) + 5));
	CU_ASSERT_TRUE(area.fixed);
}

/* IOVAs above and below the address: the entry is a difference that may wrap. */
static void
far_apart(void)
{
	nic_model->iommu = &model_amd;
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), UINT64_C(0xfffffffff0000000)), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), UINT64_C(0xfffffffff0000000)));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), MIB(2), BASE + MIB(2)), 0);
	CU_ASSERT_TRUE(unit_translates(MIB(2), MIB(2), BASE + MIB(2)));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(4)), MIB(2), PAGE), 0);
	CU_ASSERT_TRUE(unit_translates(MIB(4), MIB(2), PAGE));
}

UNIT_MAIN("lookup",
	  { "boundaries", boundaries },
	  { "a detail", detail },
	  { "many details", many_details },
	  { "the ends of the table", ends_of_the_table },
	  { "reverse", reverse },
	  { "far apart", far_apart })
