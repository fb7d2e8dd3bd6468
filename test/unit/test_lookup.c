/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "bulk.h"
#include "unit.h"

static uint64_t
lookup(uint64_t offset)
{
	return unit_lookup(VA(offset));
}

/* The bytes at, before and after the ends of areas that start and end anywhere in 2 MiB. */
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

/* A detail of 512 pages, every other one mapped, each to another place. */
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
	/* A former detail also serves a map of the whole 2 MiB, and back. */
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

/* More details than fit into one slab. */
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

/* The number of contiguous bytes from an address, up to the wanted number. */
static uint64_t
length_at(uint64_t offset, uint64_t wanted, uint64_t expected)
{
	const struct ioas_table *tables[UNIT_NODES];
	uint64_t length = 0;

	ioas_tables(space, tables, UNIT_NODES);
	for (unsigned int i = 0; i < UNIT_NODES; i++) {
		length = wanted;
		CU_ASSERT_EQUAL(ioas_lookup_length(tables[i], VA(offset), &length), expected);
	}
	return length;
}

static void
lengths(void)
{
	uint64_t first, second;

	unit_create_window(GIB(4), GIB(64) - 1);
	/* Nothing is mapped. */
	CU_ASSERT_EQUAL(length_at(0, 1, IOAS_BAD_IOVA), 0);
	CU_ASSERT_EQUAL(length_at(0, GIB(1), IOAS_BAD_IOVA), 0);
	/* From the middle of a 2 MiB to the middle of a page in another one. */
	first = unit_map(MIB(1), MIB(8));
	CU_ASSERT_EQUAL(length_at(MIB(1), 0, first), 0);
	CU_ASSERT_EQUAL(length_at(MIB(1), 1, first), 1);
	CU_ASSERT_EQUAL(length_at(MIB(1), MIB(1), first), MIB(1));
	CU_ASSERT_EQUAL(length_at(MIB(1), MIB(1) + 1, first), MIB(1) + 1);
	CU_ASSERT_EQUAL(length_at(MIB(2) + 17, MIB(2), first + MIB(1) + 17), MIB(2));
	CU_ASSERT_EQUAL(length_at(MIB(2) + 17, MIB(2) - 17, first + MIB(1) + 17), MIB(2) - 17);
	CU_ASSERT_EQUAL(length_at(MIB(1), UINT64_MAX, first), MIB(8));
	CU_ASSERT_EQUAL(length_at(MIB(9) - 1, 2, first + MIB(8) - 1), 1);
	CU_ASSERT_EQUAL(length_at(MIB(9) - 1, 1, first + MIB(8) - 1), 1);
	CU_ASSERT_EQUAL(length_at(MIB(9), 1, IOAS_BAD_IOVA), 0);
	/* A neighbour that follows in address and in IOVA is part of it. Another one is not. */
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(9)), MIB(4), first + MIB(8)), 0);
	CU_ASSERT_EQUAL(length_at(MIB(1), GIB(1), first), MIB(12));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(13)), MIB(4), first + MIB(12) + PAGE), 0);
	CU_ASSERT_EQUAL(length_at(MIB(1), GIB(1), first), MIB(12));
	CU_ASSERT_EQUAL(length_at(MIB(12) + 5, GIB(1), first + MIB(11) + 5), MIB(1) - 5);
	/* A hole of a page. */
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(9)), MIB(4)), 1);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(9) + PAGE), MIB(3), first + MIB(8) + PAGE), 0);
	CU_ASSERT_EQUAL(length_at(MIB(1), GIB(1), first), MIB(8));
	/* To the end of the last 2 MiB, and beyond it: with the last 2 MiB at an odd and at an even multiple. */
	for (uint64_t i = 1; i <= 2; i++) {
		const uint64_t last = GIB(10 + i) + (i - 1) * MIB(2);

		second = unit_map(GIB(10 + i), i * MIB(2)) + (i - 1) * MIB(2);
		CU_ASSERT_EQUAL(length_at(last, MIB(2), second), MIB(2));
		CU_ASSERT_EQUAL(length_at(last, MIB(2) + 1, second), MIB(2));
		CU_ASSERT_EQUAL(length_at(last + MIB(1), MIB(1), second + MIB(1)), MIB(1));
		CU_ASSERT_EQUAL(length_at(last + MIB(1), MIB(1) + 1, second + MIB(1)), MIB(1));
		CU_ASSERT_EQUAL(length_at(last + MIB(2) - 1, 2, second + MIB(2) - 1), 1);
	}
	/* Long ones. */
	second = unit_map(GIB(1), GIB(5));
	CU_ASSERT_EQUAL(length_at(GIB(1), GIB(5), second), GIB(5));
	CU_ASSERT_EQUAL(length_at(GIB(1) + 1, GIB(5), second + 1), GIB(5) - 1);
}

/* Ranges that reach the last address, or go beyond it: the address after the last one is not the first one. */
static void
around_the_end(void)
{
	const struct ioas_table *table;
	struct iovec iov = { AT(-PAGE), MIB(4) };
	uint64_t length = MIB(4);

	unit_create(true);
	table = ioas_table(space);
	CU_ASSERT_EQUAL(ioas_map(space, NULL, MIB(4), NULL), 0);
	CU_ASSERT_FALSE(ioas_lookup_any(table, AT(-PAGE), PAGE));
	CU_ASSERT_FALSE(ioas_lookup_any(table, AT(-PAGE), MIB(4)));
	CU_ASSERT_FALSE(ioas_lookup_any(table, AT(UINT64_C(1) << 57), UINT64_MAX));
	CU_ASSERT_FALSE(ioas_lookup_any(table, AT(UINT64_MAX), UINT64_MAX));
	CU_ASSERT_TRUE(ioas_lookup_any(table, AT(MIB(4) - 1), UINT64_MAX));
	CU_ASSERT_EQUAL(ioas_lookup_length(table, AT(-PAGE), &length), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(length, 0);
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, &iov, 1, NULL, 0), -EFAULT);
}

/* Compares every variant of the burst lookup that this CPU supports with the single lookup. */
static void
check_bulks(const void **va, unsigned int n)
{
	const struct ioas_table *const table = ioas_table(space);
	unsigned int tried = 0;
	uint64_t iova[80];

	for (unsigned int i = 0; i < n_bulks; i++) {
		if (!bulks[i].works())
			continue;
		tried++;
		for (unsigned int length = 0; length <= n; length++) {
			unsigned int mapped = 0, wrong = 0;

			memset(iova, 0x5a, sizeof(iova));
			for (unsigned int k = 0; k < length; k++)
				mapped += ioas_lookup(table, va[k]) != IOAS_BAD_IOVA;
			if (bulks[i].lookup(table, va, iova, length) != mapped)
				wrong++;
			for (unsigned int k = 0; k < length; k++)
				wrong += iova[k] != ioas_lookup(table, va[k]);
			/* The lookup writes nothing beyond the last IOVA. */
			wrong += iova[length] != UINT64_C(0x5a5a5a5a5a5a5a5a);
			if (wrong != 0)
				fprintf(stderr, "\n%s, %u addresses: %u wrong\n", bulks[i].name,
					length, wrong);
			CU_ASSERT_EQUAL(wrong, 0);
		}
	}
	CU_ASSERT_TRUE(tried > 0);
}

static void
bursts(void)
{
	const void *va[72];
	uint64_t iova[72];

	unit_create_window(GIB(4), GIB(64) - 1);
	unit_map(0, GIB(4));
	for (unsigned int i = 0; i < 72; i++)
		va[i] = VA(i * MIB(55) + i);
	check_bulks(va, 72);
	CU_ASSERT_EQUAL(ioas_lookup_bulk(ioas_table(space), va, iova, 72), 72);
	/* Addresses that are not mapped, that have a detail, or that are beyond the table, at each place of a
	 * group. */
	unit_map(GIB(5), KIB(12));
	CU_ASSERT_EQUAL(ioas_map(space, AT(UINT64_C(1) << 50), MIB(4), NULL), 0);
	for (unsigned int i = 0; i < 16; i++) {
		const void *const odd[] = {
			NULL, VA(-1), VA(GIB(5) + PAGE + 3), VA(GIB(5) + KIB(12)),
			AT((UINT64_C(1) << 50) + 9), AT(UINT64_C(1) << 51),
			AT(UINT64_MAX), AT(UINT64_C(1) << 63),
		};
		const void *const even = va[i], *same[24];

		/* Only such addresses. */
		for (unsigned int k = 0; k < 24; k++)
			same[k] = odd[i % (sizeof(odd) / sizeof(odd[0]))];
		check_bulks(same, 24);
		for (unsigned int k = 0; k < sizeof(odd) / sizeof(odd[0]); k++) {
			va[i] = odd[k];
			check_bulks(va, 24);
		}
		va[i] = even;
	}
	for (unsigned int i = 0; i < 72; i++)
		va[i] = VA(GIB(5) + i * KIB(1));
	check_bulks(va, 72);
	CU_ASSERT_EQUAL(ioas_lookup_bulk(ioas_table(space), va, iova, 72), 12);
	CU_ASSERT_TRUE(bulks[n_bulks - 1].works());
	CU_ASSERT_STRING_EQUAL(bulks[n_bulks - 1].name, "plain");
}

static void
scatter_gather(void)
{
	const struct ioas_table *table;
	struct ioas_segment sg[4];
	struct iovec iov[4];
	uint64_t first, third;

	unit_create_window(GIB(4), GIB(64) - 1);
	table = ioas_table(space);
	first = unit_map(0, MIB(4));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(4)), MIB(2), first + MIB(4)), 0);
	third = unit_map(MIB(6) + PAGE, MIB(2));
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 0, sg, 4), 0);
	/* One buffer across two adjacent areas is one segment. */
	iov[0] = (struct iovec){ VA(100), MIB(6) - 100 };
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 1, sg, 4), 1);
	CU_ASSERT_EQUAL(sg[0].iova, first + 100);
	CU_ASSERT_EQUAL(sg[0].length, MIB(6) - 100);
	/* Two buffers that touch are one, an empty one is none, and one that goes back is another. */
	iov[0] = (struct iovec){ VA(100), 900 };
	iov[1] = (struct iovec){ NULL, 0 };
	iov[2] = (struct iovec){ VA(1000), MIB(3) };
	iov[3] = (struct iovec){ VA(100), 1 };
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 4, sg, 4), 2);
	CU_ASSERT_EQUAL(sg[0].iova, first + 100);
	CU_ASSERT_EQUAL(sg[0].length, MIB(3) + 900);
	CU_ASSERT_EQUAL(sg[1].iova, first + 100);
	CU_ASSERT_EQUAL(sg[1].length, 1);
	/* More than fit: the count is right, and nothing is written beyond the room. */
	memset(sg, 0x5a, sizeof(sg));
	iov[2] = (struct iovec){ VA(MIB(6) + PAGE), MIB(2) };
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 4, sg, 2), 3);
	CU_ASSERT_EQUAL(sg[1].iova, third);
	CU_ASSERT_EQUAL(sg[1].length, MIB(2));
	CU_ASSERT_EQUAL(sg[2].iova, UINT64_C(0x5a5a5a5a5a5a5a5a));
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 4, NULL, 0), 3);
	/* A byte that is not mapped, in the middle or at the end. */
	iov[0] = (struct iovec){ VA(0), MIB(7) };
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 1, sg, 4), -EFAULT);
	iov[0] = (struct iovec){ VA(0), MIB(6) + 1 };
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 1, sg, 4), -EFAULT);
	iov[0] = (struct iovec){ VA(MIB(6)), 1 };
	CU_ASSERT_EQUAL(ioas_lookup_iovec(table, iov, 1, sg, 4), -EFAULT);
}

UNIT_MAIN("lookup",
	  { "lengths", lengths },
	  { "bursts", bursts },
	  { "scatter and gather", scatter_gather },
	  { "boundaries", boundaries },
	  { "a detail", detail },
	  { "around the last address", around_the_end },
	  { "many details", many_details },
	  { "reverse", reverse },
	  { "far apart", far_apart })
