/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>

#include "unit.h"

static void
one(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, iova, NULL));
	CU_ASSERT_EQUAL(model_translate(nic_model, iova), UINT64_MAX);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 0);
}

/* A range that is larger than the mapped memory, with holes in it. */
static void
several(void)
{
	unit_create(true);
	for (uint64_t i = 0; i < 10; i++)
		unit_map(MIB(2) + i * KIB(12), KIB(8));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2) + KIB(20)), 2);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(2) + KIB(24)), KIB(12)), 1);
	CU_ASSERT_EQUAL(model_areas(), 7);
	CU_ASSERT_TRUE(unit_unmapped(MIB(2), KIB(36)));
	CU_ASSERT_FALSE(unit_unmapped(MIB(2) + KIB(36), PAGE));
	CU_ASSERT_EQUAL(ioas_unmap(space, NULL, BASE + GIB(1)), 7);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

static void
a_part(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	unit_map(MIB(2), MIB(2));
	unit_map(MIB(4), MIB(2));
	REFUSED(ioas_unmap(space, VA(0), MIB(1)), -EBUSY, "an area is unmapped whole");
	REFUSED(ioas_unmap(space, VA(PAGE), PAGE), -EBUSY, "whole");
	REFUSED(ioas_unmap(space, VA(MIB(2) - PAGE), PAGE), -EBUSY, "whole");
	REFUSED(ioas_unmap(space, VA(0), MIB(3)), -EBUSY, "whole");
	REFUSED(ioas_unmap(space, VA(MIB(1)), MIB(3)), -EBUSY, "whole");
	REFUSED(ioas_unmap(space, VA(0), MIB(6) - 1), -EBUSY, "whole");
	REFUSED(ioas_unmap(space, VA(1), MIB(6)), -EBUSY, "whole");
	CU_ASSERT_EQUAL(model.calls[MODEL_UNMAP], 0);
}

static void
by_iova(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(unit_map(MIB(2), MIB(2)), iova + MIB(2));
	REFUSED(ioas_unmap_iova(space, iova, MIB(1)), -EBUSY, "whole");
	REFUSED(ioas_unmap_iova(space, iova + PAGE, PAGE), -EBUSY, "whole");
	REFUSED(ioas_unmap_iova(space, iova, MIB(3)), -EBUSY, "whole");
	REFUSED(ioas_unmap_iova(space, iova + MIB(1), MIB(3)), -EBUSY, "whole");
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, iova + MIB(2), MIB(2)), 1);
	CU_ASSERT_TRUE(unit_unmapped(MIB(2), MIB(2)));
	CU_ASSERT_FALSE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, 0, UINT64_MAX), 1);
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, 0, UINT64_MAX), 0);
}

static void
wrong_arguments(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	REFUSED(ioas_unmap(space, VA(0), 0), -EINVAL, "cannot unmap|empty");
	REFUSED(ioas_unmap(space, VA(PAGE), UINT64_MAX), -EINVAL, "beyond the last");
	REFUSED(ioas_unmap_iova(space, MIB(2), 0), -EINVAL, "cannot unmap|empty");
	REFUSED(ioas_unmap_iova(space, MIB(2), UINT64_MAX), -EINVAL, "beyond the last");
	CU_ASSERT_EQUAL(model_areas(), 1);
}

static struct {
	unsigned int maps, unmaps;
	bool seen; /* in a table, at one of them */
} kernel;

static void
look_into_table(uint64_t first, uint64_t last, bool mapped)
{
	(void)first;
	(void)last;
	kernel.seen = kernel.seen || !unit_unmapped(0, MIB(4));
	if (mapped)
		kernel.maps++;
	else
		kernel.unmaps++;
}

/* Devices can access all that a table shows: when the kernel maps, the table does not show it yet; when the
 * kernel unmaps, the table does not show it any more. A map that fails later is hidden first as well. */
static void
tables_show_less(void)
{
	uint64_t before;

	unit_create(true);
	before = unit_kernel_areas(1);
	model.changed = look_into_table;
	unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	unit_map(MIB(2) + PAGE, KIB(16));
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, 0, UINT64_MAX), 1);
	CU_ASSERT_EQUAL(kernel.maps, 2 * before);
	CU_ASSERT_EQUAL(kernel.unmaps, 2 * before);
	CU_ASSERT_FALSE(kernel.seen);
	model.changed = NULL;
}

static void
and_map_again(void)
{
	unit_create(true);
	for (unsigned int i = 0; i < 1000; i++) {
		const uint64_t iova = unit_map(0, MIB(2)), page = unit_map(MIB(2), PAGE);

		CU_ASSERT_TRUE(unit_translates(0, PAGE, iova));
		CU_ASSERT_TRUE(unit_translates(MIB(2), PAGE, page));
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(4)), 2);
	}
	CU_ASSERT_EQUAL(model_areas(), 0);
}

UNIT_MAIN("unmap",
	  { "one area", one },
	  { "several areas and holes", several },
	  { "a part of an area", a_part },
	  { "by IOVA", by_iova },
	  { "wrong arguments", wrong_arguments },
	  { "tables show what the kernel has mapped", tables_show_less },
	  { "and map again, many times", and_map_again })
