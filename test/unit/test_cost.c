/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A chosen map has the same cost for any number of areas: two system calls, and a search in the kernel that
 * passes no area. The library searches its own trees in a number of steps that grows with the logarithm of
 * their size. The test counts, and does not measure time.
 */

#include <fcntl.h>
#include <stdio.h>

#include "space.h"
#include "unit.h"
#include <linux/iommufd.h>

#define MAPS 20000

/* More than any search of a tree of that size needs, and far less than its size. */
#define STEPS 400

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

/* Also after a wrap, when maps fill the holes. */
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

static uint64_t
unmap_steps(uint64_t offset, uint64_t length, int areas)
{
	const uint64_t before = space->ledger.aliases.passed;

	CU_ASSERT_EQUAL(ioas_unmap(space, VA(offset), length), areas);
	return space->ledger.aliases.passed - before;
}

/* An unmap does not visit aliases of other memory, below and above. */
static void
flat_beside_aliases(void)
{
	uint64_t most = 0, steps;

	unit_create(true);
	for (uint64_t i = 0; i < MAPS; i++) {
		unit_map(i * KIB(16), PAGE);
		unit_map(i * KIB(16) + KIB(8), PAGE);
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(i * KIB(16)), PAGE, GIB(8) + i * PAGE), 0);
	}
	for (uint64_t i = 0; i < MAPS; i++) {
		steps = unmap_steps(i * KIB(16) + KIB(8), PAGE, 1);
		most = steps > most ? steps : most;
	}
	printf("passed %" PRIu64 " ", most);
	CU_ASSERT_TRUE(most > 2 && most <= STEPS);
	CU_ASSERT_TRUE(unmap_steps(0, MAPS * KIB(16), 2 * MAPS) <= MAPS * (uint64_t)STEPS);
}

/* The number of nodes that a map with this result visits. */
static uint64_t
map_steps(uint64_t offset, uint64_t length, int answer)
{
	const uint64_t before = space->family->placement.taken.passed;

	CU_ASSERT_EQUAL(ioas_map(space, VA(offset), length, NULL), answer);
	return space->family->placement.taken.passed - before;
}

/* A window that is full except for as many holes of 2 MiB, which all begin at odd MiB. */
static void
make_odd_holes(unsigned int holes, uint64_t quarantine)
{
	struct ioas_options options = unit_options();

	options.window = (struct ioas_range){ GIB(8), GIB(8) + holes * MIB(4) + MIB(4) - 1 };
	options.quarantine = quarantine;
	unit_create_with(&options, true);
	for (unsigned int i = 0; i < 2 * holes + 1; i++)
		unit_map(i * MIB(4) + MIB(1), MIB(2));
	for (unsigned int i = 0; i < holes; i++)
		CU_ASSERT_EQUAL(ioas_unmap_iova(space, GIB(8) + i * MIB(4) + MIB(3), MIB(2)), 1);
}

/* The first map tries each hole that is long enough but has another phase. Later maps skip them. */
static void
flat_at_another_phase(void)
{
	/* The second time with free IOVAs next to each map. */
	for (uint64_t quarantine = 0; quarantine < 2; quarantine++) {
		uint64_t first, most = 0, steps;

		make_odd_holes(MAPS / 2, quarantine);
		first = map_steps(GIB(1024), MIB(2), -ENOSPC);
		CU_ASSERT_TRUE(first >= MAPS / 2);
		for (unsigned int i = 0; i < 1000; i++) {
			/* While holes come and go, */
			unit_map(GIB(512) + i * MIB(4) + MIB(1), MIB(2));
			if (i > 0)
				ioas_unmap(space, VA(GIB(512) + (i - 1) * MIB(4) + MIB(1)), MIB(2));
			steps = map_steps(GIB(1024), MIB(2) + i % 3 * MIB(1), -ENOSPC);
			most = steps > most ? steps : most;
			/* and for memory that can go anywhere, but preferably with large pages. */
			steps = map_steps(GIB(256) + i * MIB(4) + (1 + i % 255) * PAGE, MIB(2), 0);
			most = steps > most ? steps : most;
		}
		printf("passed %" PRIu64 ", then %" PRIu64 " ", first, most);
		CU_ASSERT_TRUE(most <= 2 * STEPS);
		ioas_destroy(space);
		space = NULL;
	}
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

/* The counter itself: without a window the kernel passes every area. */
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
	  { "20,000 aliases of other memory", flat_beside_aliases },
	  { "holes of another phase", flat_at_another_phase },
	  { "calls of each function", calls_of_each },
	  { "the counter counts", the_counter_counts })
