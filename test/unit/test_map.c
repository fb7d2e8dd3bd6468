/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>

#include "unit.h"

static void
one_page(void)
{
	struct ioas_info info;
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, PAGE);
	CU_ASSERT_TRUE(unit_translates(0, PAGE, iova));
	CU_ASSERT_TRUE(unit_unmapped(PAGE, MIB(4)));
	CU_ASSERT_EQUAL(unit_lookup(VA(-1)), IOAS_BAD_IOVA);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.maps, 1);
	CU_ASSERT_EQUAL(info.bytes, PAGE);
	CU_ASSERT_EQUAL(model_pinned(), PAGE);
}

/* Every length from one page to 40, at every offset up to 16 pages: no length is refused. */
static void
all_lengths(void)
{
	unit_create(true);
	for (uint64_t length = 1; length <= 40; length++) {
		for (uint64_t offset = 0; offset < 16; offset++) {
			const uint64_t at = (length * 16 + offset) * MIB(2) + offset * PAGE;
			const uint64_t iova = unit_map(at, length * PAGE);

			if (!unit_translates(at, length * PAGE, iova)) {
				fprintf(stderr, "\n%" PRIu64 " pages at %" PRIu64 "\n", length,
					offset);
				CU_FAIL("does not translate");
				return;
			}
		}
	}
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), 0);
}

static void
iova_not_asked(void)
{
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), MIB(2), NULL), 0);
	CU_ASSERT_NOT_EQUAL(unit_lookup(VA(0)), IOAS_BAD_IOVA);
}

static void
neighbours(void)
{
	unit_create(true);
	for (uint64_t i = 0; i < 64; i++) {
		const uint64_t iova = unit_map(i * PAGE, PAGE);

		for (uint64_t k = 0; k <= i; k++)
			CU_ASSERT_TRUE(unit_translates(k * PAGE, PAGE,
						       iova - (i - k) * PAGE));
	}
	CU_ASSERT_EQUAL(model_areas(), 64);
}

static void
overlap(void)
{
	unit_create(true);
	unit_map(MIB(2), MIB(2));
	REFUSED(ioas_map(space, VA(MIB(2)), MIB(2), NULL), -EEXIST, "mapped already");
	REFUSED(ioas_map(space, VA(MIB(2)), PAGE, NULL), -EEXIST, "mapped already");
	REFUSED(ioas_map(space, VA(MIB(4) - PAGE), PAGE, NULL), -EEXIST, "mapped already");
	REFUSED(ioas_map(space, VA(MIB(4) - PAGE), MIB(2), NULL), -EEXIST, "mapped already");
	REFUSED(ioas_map(space, VA(0), MIB(2) + PAGE, NULL), -EEXIST, "mapped already");
	REFUSED(ioas_map(space, VA(0), MIB(8), NULL), -EEXIST, "mapped already");
	unit_map(0, MIB(2));
	unit_map(MIB(4), MIB(2));
}

static void
wrong_arguments(void)
{
	unit_create(true);
	REFUSED(ioas_map(space, VA(0), 0, NULL), -EINVAL, "empty");
	REFUSED(ioas_map(space, VA(1), PAGE, NULL), -EINVAL, "not aligned to 4 KiB");
	REFUSED(ioas_map(space, VA(0), PAGE + 1, NULL), -EINVAL, "not aligned to 4 KiB");
	REFUSED(ioas_map(space, (void *)(uintptr_t)-PAGE, KIB(8), NULL), -EINVAL, "beyond");
	REFUSED(ioas_map(space, VA(0), UINT64_MAX, NULL), -EINVAL, "beyond");
}

static int
collect(const struct ioas_area *area, void *arg)
{
	struct ioas_area **const next = arg;

	*(*next)++ = *area;
	return 0;
}

static int
stop(const struct ioas_area *area, void *arg)
{
	(void)area;
	return ++*(int *)arg == 2 ? 77 : 0;
}

static void
walk(void)
{
	struct ioas_area areas[8], *next = areas;
	uint64_t iova[3];
	int calls = 0;

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_walk(space, collect, &next), 0);
	CU_ASSERT_PTR_EQUAL(next, areas);
	iova[0] = unit_map(MIB(8), MIB(2));
	iova[1] = unit_map(MIB(2), KIB(8));
	iova[2] = MIB(1);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(20)), PAGE, iova[2]), 0);
	CU_ASSERT_EQUAL(ioas_walk(space, collect, &next), 0);
	CU_ASSERT_EQUAL_FATAL(next - areas, 3);
	for (unsigned int i = 1; i < 3; i++)
		CU_ASSERT_TRUE(areas[i - 1].iova + areas[i - 1].length <= areas[i].iova);
	for (unsigned int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(unit_lookup(areas[i].va), areas[i].iova);
		CU_ASSERT_EQUAL(areas[i].fixed, areas[i].iova == MIB(1));
	}
	CU_ASSERT_EQUAL(areas[0].iova, iova[2]);
	CU_ASSERT_PTR_EQUAL(areas[0].va, VA(MIB(20)));
	CU_ASSERT_EQUAL(ioas_walk(space, stop, &calls), 77);
	CU_ASSERT_EQUAL(calls, 2);
}

static void
no_device(void)
{
	uint64_t iova;

	unit_create(false);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
}

UNIT_MAIN("map",
	  { "one page", one_page },
	  { "all lengths at all offsets", all_lengths },
	  { "without asking for the IOVA", iova_not_asked },
	  { "neighbours are contiguous", neighbours },
	  { "overlap", overlap },
	  { "wrong arguments", wrong_arguments },
	  { "walk", walk },
	  { "before a device comes", no_device })
