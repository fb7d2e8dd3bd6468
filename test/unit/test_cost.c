/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A chosen map costs the same however many there are: two system calls, and a search in the kernel
 * that goes past nothing. Counted, not timed.
 */

#include <fcntl.h>
#include <stdio.h>

#include "unit.h"
#include <linux/iommufd.h>

#define MAPS 20000

static void
flat(void)
{
	uint64_t most = 0, calls;

	unit_create(true);
	for (uint64_t i = 0; i < MAPS; i++) {
		model_forget();
		unit_map(i * KIB(8), PAGE);
		calls = model_total_calls();
		CU_ASSERT_TRUE(calls <= 2);
		most = model.passed > most ? model.passed : most;
	}
	printf("searches passed %" PRIu64 " ", most);
	CU_ASSERT_EQUAL(most, 0);
}

/* Also after a wrap, when the holes are filled. */
static void
flat_in_holes(void)
{
	uint64_t most = 0;

	unit_create_window(GIB(1), GIB(1) + MAPS * PAGE - 1);
	for (uint64_t i = 0; i < MAPS; i++)
		unit_map(i * KIB(8), PAGE);
	for (uint64_t i = 0; i < MAPS; i += 2)
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(i * KIB(8)), PAGE), 1);
	for (uint64_t i = 0; i < MAPS; i += 2) {
		model_forget();
		unit_map(GIB(1) + i * KIB(8), PAGE);
		CU_ASSERT_TRUE(model_total_calls() <= 2);
		most = model.passed > most ? model.passed : most;
	}
	CU_ASSERT_EQUAL(most, 0);
}

static void
calls_of_each(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	model_forget();
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(8)), MIB(2), GIB(2)), 0);
	CU_ASSERT_EQUAL(model_total_calls(), 1);
	CU_ASSERT_EQUAL(model.calls[MODEL_MAP], 1);
	model_forget();
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_EQUAL(model_total_calls(), 1);
	CU_ASSERT_EQUAL(model.calls[MODEL_UNMAP], 1);
	model_forget();
	unit_lookup(VA(0));
	ioas_lookup_iova(space, MIB(2), NULL);
	ioas_ranges(space, NULL, 0);
	CU_ASSERT_EQUAL(model_total_calls(), 0);
}

/* The counter itself: without a window the kernel goes past every area. */
static void
the_counter_counts(void)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_READABLE,
		.user_va = BASE,
		.length = PAGE,
	};
	const int fd = ioas_sys->open("/dev/iommu", O_RDWR);

	CU_ASSERT_EQUAL_FATAL(ioas_sys->ioctl(fd, IOMMU_IOAS_ALLOC, &alloc), 0);
	map.ioas_id = alloc.out_ioas_id;
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(ioas_sys->ioctl(fd, IOMMU_IOAS_MAP, &map), 0);
	model_forget();
	CU_ASSERT_EQUAL(ioas_sys->ioctl(fd, IOMMU_IOAS_MAP, &map), 0);
	CU_ASSERT_EQUAL(model.passed, 100);
	ioas_sys->close(fd);
}

UNIT_MAIN("cost",
	  { "20,000 maps", flat },
	  { "10,000 holes", flat_in_holes },
	  { "calls of each function", calls_of_each },
	  { "the counter counts", the_counter_counts })
