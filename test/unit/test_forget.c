/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Memory leaves the process, as a whole or in part, while threads map, look up and allocate. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define NIC2 "0000:00:03.0"

static void
forget(uint64_t offset, uint64_t length)
{
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, VA(offset), length), true));
}

static void
whole_area(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	forget(0, MIB(2));
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_EQUAL(ioas_lookup_or_wait(space, VA(0)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(model_translate(nic_model, iova), UINT64_MAX);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_FALSE(ioas_forget_end(space, ioas_forget_begin(space, VA(0), MIB(2)), true));
}

/* The kernel cannot split an area: the rest of it keeps its IOVAs, and lookups do not find the part that
 * went. */
static void
part_of_area(void)
{
	uint64_t iova, other;

	unit_create(true);
	iova = unit_map(0, MIB(6));
	forget(MIB(2) + PAGE, PAGE);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2) + PAGE, iova));
	CU_ASSERT_TRUE(unit_unmapped(MIB(2) + PAGE, PAGE));
	CU_ASSERT_TRUE(unit_translates(MIB(2) + 2 * PAGE, MIB(4) - 2 * PAGE, iova + MIB(2) + 2 * PAGE));
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, iova + MIB(2) + PAGE, NULL));
	/* The table shows all mapped memory: ranges without any are known at once. */
	CU_ASSERT_FALSE(ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(2) + PAGE), PAGE), true));
	CU_ASSERT_FALSE(ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(6)), MIB(2)), true));
	/* New memory at that address is another area. */
	other = unit_map(MIB(2) + PAGE, PAGE);
	CU_ASSERT_TRUE(other < iova || other >= iova + MIB(6));
	CU_ASSERT_TRUE(unit_translates(MIB(2) + PAGE, PAGE, other));
	forget(0, MIB(2) + PAGE);
	CU_ASSERT_EQUAL(model_areas(), 2);
	CU_ASSERT_TRUE(unit_translates(MIB(2) + PAGE, PAGE, other));
	CU_ASSERT_TRUE(unit_translates(MIB(4), MIB(2), iova + MIB(4)));
	forget(MIB(2) + 2 * PAGE, MIB(4) - 2 * PAGE);
	CU_ASSERT_EQUAL(model_areas(), 1);
	CU_ASSERT_EQUAL(model_translate(nic_model, iova), UINT64_MAX);
	forget(0, MIB(6));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* Pieces of two areas alternate. They go and stay with their own area. */
static void
interleaved(void)
{
	uint64_t iova, other;

	unit_create(true);
	iova = unit_map(0, KIB(64));
	forget(KIB(16), KIB(32));
	other = unit_map(KIB(20), KIB(8));
	REFUSED(ioas_unmap(space, VA(0), KIB(32)), -EBUSY, "an area is unmapped whole");
	REFUSED(ioas_unmap(space, VA(KIB(20)), KIB(44)), -EBUSY, "an area is unmapped whole");
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(KIB(16)), KIB(16)), 1);
	CU_ASSERT_TRUE(unit_translates(0, KIB(16), iova));
	CU_ASSERT_EQUAL(model_translate(nic_model, other), UINT64_MAX);
	unit_map(KIB(20), KIB(8));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), KIB(64)), 2);
	CU_ASSERT_TRUE(unit_unmapped(0, KIB(64)));
}

/* The rest of an area can be unmapped although other parts of its range lie outside. */
static void
unmap_what_is_left(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, KIB(64));
	forget(0, KIB(16));
	forget(KIB(48), KIB(16));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(KIB(16)), KIB(32)), 1);
	CU_ASSERT_EQUAL(model_translate(nic_model, iova + KIB(16)), UINT64_MAX);
}

static void
every_page_alone(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	for (uint64_t i = 1; i < 512; i += 2)
		forget(i * PAGE, PAGE);
	for (uint64_t i = 0; i < 512; i++) {
		CU_ASSERT_EQUAL(unit_lookup(VA(i * PAGE)), i % 2 == 0 ? iova + i * PAGE : IOAS_BAD_IOVA);
		CU_ASSERT_EQUAL(model_translate(nic_model, iova + i * PAGE), BASE + i * PAGE);
	}
	for (uint64_t i = 0; i < 512; i += 2)
		forget(i * PAGE, PAGE);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* The table has one page of memory for all GiB of it. */
static void
shared_pages(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, GIB(4));
	forget(GIB(1) + MIB(8), KIB(8));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(1) + MIB(8) - 1)), iova + GIB(1) + MIB(8) - 1);
	CU_ASSERT_TRUE(unit_unmapped(GIB(1) + MIB(8), KIB(8)));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(1) + MIB(8) + KIB(8))), iova + GIB(1) + MIB(8) + KIB(8));
	for (uint64_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(i))), iova + GIB(i));
	forget(GIB(2), GIB(1));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(2))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(3) - 1)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(3))), iova + GIB(3));
	forget(0, GIB(4));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* The kernel refuses munmap(): lookups find all memory again, at the same IOVAs. */
static void
kept(void)
{
	unsigned int token;
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(4));
	token = ioas_forget_begin(space, VA(MIB(1)), MIB(2));
	CU_ASSERT_TRUE(unit_unmapped(MIB(1), MIB(2)));
	CU_ASSERT_TRUE(unit_translates(0, MIB(1), iova));
	CU_ASSERT_TRUE(ioas_forget_end(space, token, false));
	CU_ASSERT_TRUE(unit_translates(0, MIB(4), iova));
	CU_ASSERT_EQUAL(model.calls[MODEL_UNMAP], 0);
}

/* Two threads remove memory at the same time, and one of them fails. */
static void
two_at_a_time(void)
{
	unsigned int first, second;
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(4));
	first = ioas_forget_begin(space, VA(0), MIB(2));
	second = ioas_forget_begin(space, VA(MIB(1)), MIB(2));
	ioas_forget_end(space, first, false);
	CU_ASSERT_TRUE(unit_unmapped(MIB(1), MIB(2)));
	ioas_forget_end(space, second, true);
	CU_ASSERT_TRUE(unit_translates(0, MIB(1), iova));
	CU_ASSERT_TRUE(unit_unmapped(MIB(1), MIB(2)));
	CU_ASSERT_TRUE(unit_translates(MIB(3), MIB(1), iova + MIB(3)));
}

static void
odd_ranges(void)
{
	uint64_t iova;

	unit_create(true);
	CU_ASSERT_FALSE(ioas_forget_end(space, ioas_forget_begin(space, VA(0), 0), true));
	iova = unit_map(0, KIB(16));
	CU_ASSERT_FALSE(ioas_forget_end(space, ioas_forget_begin(space, VA(KIB(16)), UINT64_MAX), true));
	CU_ASSERT_FALSE(ioas_forget_end(space, ioas_forget_begin(space, NULL, BASE), true));
	CU_ASSERT_TRUE(unit_translates(0, KIB(16), iova));
	/* One byte of a page means the page. */
	forget(KIB(4) + 5, 1);
	CU_ASSERT_TRUE(unit_translates(0, KIB(4), iova));
	CU_ASSERT_TRUE(unit_unmapped(KIB(4), KIB(4)));
	CU_ASSERT_TRUE(unit_translates(KIB(8), KIB(8), iova + KIB(8)));
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, NULL, UINT64_MAX), true));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

static void
aliases(void)
{
	unit_create(true);
	unit_map(0, KIB(16));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), KIB(16), MIB(512)), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(KIB(8)), KIB(8), MIB(768)), 0);
	forget(0, KIB(8));
	CU_ASSERT_EQUAL(model_areas(), 3);
	CU_ASSERT_EQUAL(model_translate(nic_model, MIB(512) + KIB(8)), BASE + KIB(8));
	forget(KIB(8), KIB(8));
	CU_ASSERT_EQUAL(model_areas(), 0);
	/* No lookup finds it, because the first area was unmapped. */
	unit_map(0, KIB(16));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(KIB(8)), KIB(8), MIB(768)), 0);
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, unit_lookup(VA(0)), KIB(16)), 1);
	ioas_forget_end(space, ioas_forget_begin(space, VA(0), KIB(16)), true);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* Only a part of it was mapped before: no lookup finds the rest. */
static void
half_aliases(void)
{
	unit_create(true);
	unit_map(0, KIB(8));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), KIB(16), MIB(512)), 0);
	ioas_forget_end(space, ioas_forget_begin(space, VA(KIB(8)), KIB(4)), true);
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, MIB(512) + KIB(8), NULL));
	CU_ASSERT_PTR_EQUAL(ioas_lookup_iova(space, MIB(512) + KIB(12), NULL), VA(KIB(12)));
	ioas_forget_end(space, ioas_forget_begin(space, VA(0), KIB(16)), true);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

static void
far_addresses(void)
{
	void *const va = AT((UINT64_C(1) << 50) + MIB(2));
	uint64_t iova;

	unit_create(true);
	CU_ASSERT_EQUAL_FATAL(ioas_map(space, va, MIB(4), &iova), 0);
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, va, KIB(4)), true));
	CU_ASSERT_EQUAL(unit_lookup(va), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup((char *)va + KIB(4)), iova + KIB(4));
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, AT(UINT64_C(1) << 49), UINT64_C(1) << 50), true));
	CU_ASSERT_EQUAL(unit_lookup((char *)va + KIB(4)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* Without memory for a detail more is hidden than has gone, but ioas_lookup_or_wait() finds it. Without a
 * spare piece lookups do not find the shorter end any more. */
static void
no_memory(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(4));
	model.address_space = 0;
	forget(MIB(3), PAGE);
	model.address_space = UINT64_MAX;
	CU_ASSERT_EQUAL(unit_lookup(VA(MIB(3))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup_or_wait(space, VA(MIB(3))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup_or_wait(space, VA(MIB(2))), iova + MIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(3), iova));
	CU_ASSERT_TRUE(unit_unmapped(MIB(3), MIB(1)));
	/* No IOVA of that area is used a second time, and all of it goes in the end. */
	CU_ASSERT_NOT_EQUAL(unit_map(MIB(3), MIB(1)), iova + MIB(3));
	forget(0, MIB(4));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* Pages go at places that each need memory of the table, until none is left: hidden memory that has not gone
 * is still known. */
static void
no_memory_for_details(void)
{
	const uint64_t length = MIB(2) * 16;

	unit_create(true);
	unit_map(0, length);
	forget(0, PAGE);
	model.address_space = 0;
	for (uint64_t at = MIB(2); at < length; at += MIB(2))
		forget(at, PAGE);
	CU_ASSERT_NOT_EQUAL(unit_lookup(VA(length - MIB(4) + PAGE)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(length - MIB(2) + PAGE)), IOAS_BAD_IOVA);
	/* The hidden rest goes, then all memory that lookups find. */
	forget(length - MIB(2) + PAGE, MIB(2) - PAGE);
	forget(0, length - MIB(2));
	CU_ASSERT_EQUAL(model_areas(), 0);
	model.address_space = UINT64_MAX;
}

/* The kernel refuses to unmap it: no lookup returns its IOVA, and the line is logged when that is possible. */
static void
lost(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	model_fail(1, 1u << MODEL_UNMAP, -EBUSY);
	forget(0, MIB(2));
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_NOT_EQUAL(unit_map(0, MIB(2)), iova);
	CU_ASSERT_TRUE(unit_logged("cannot unmap 2 MiB|the IOVAs are lost"));
}

static void
in_quarantine(void)
{
	struct ioas_options options = unit_options();
	struct ioas_explanation explanation;
	uint64_t iova;

	options.quarantine = GIB(1);
	unit_create_with(&options, true);
	iova = unit_map(0, MIB(2));
	forget(0, MIB(1));
	ioas_explain(space, iova, &explanation);
	CU_ASSERT_EQUAL(explanation.state, IOAS_IOVA_MAPPED);
	forget(MIB(1), MIB(1));
	ioas_explain(space, iova, &explanation);
	CU_ASSERT_EQUAL(explanation.state, IOAS_IOVA_UNMAPPED);
	CU_ASSERT_TRUE(explanation.quarantined);
	CU_ASSERT_PTR_EQUAL(explanation.va, VA(0));
}

/* Areas that went are remembered. Surplus ones are freed later, not while memory goes. */
static void
many(void)
{
	unit_create(true);
	for (unsigned int i = 0; i < 3000; i++) {
		unit_map(0, PAGE);
		forget(0, PAGE);
	}
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* An allocator frees memory during a call of the library, which holds the space's lock. The test does so from
 * a log line, which is written under the lock like allocations. */
static uint64_t nested_offset;
static bool nested;

static void
unmap_while_logging(enum ioas_log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
	if (space == NULL || !nested)
		return;
	nested = false;
	CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, VA(nested_offset), KIB(8)), true));
	CU_ASSERT_TRUE(unit_unmapped(nested_offset, KIB(8)));
}

static void
inside_a_call(void)
{
	struct ioas_options options = unit_options();

	options.log = unmap_while_logging;
	unit_create_with(&options, true);
	unit_map(0, KIB(8));
	nested_offset = 0;
	nested = true;
	unit_map(MIB(2), KIB(8));
	CU_ASSERT_FALSE(nested);
	CU_ASSERT_TRUE(unit_unmapped(0, KIB(8)));
	CU_ASSERT_EQUAL(model_areas(), 1);
	/* The memory itself, before the call that maps it has returned. */
	nested_offset = MIB(4);
	nested = true;
	unit_map(MIB(4), KIB(16));
	CU_ASSERT_TRUE(unit_unmapped(MIB(4), KIB(8)));
	CU_ASSERT_FALSE(unit_unmapped(MIB(4) + KIB(8), KIB(8)));
	ioas_unmap(space, NULL, UINT64_MAX);
}

static struct ioas_range
range(uint64_t offset, uint64_t length)
{
	return (struct ioas_range){ BASE + offset, BASE + offset + length - 1 };
}

/* All of a mapping is linear, whatever part of it is mapped first. The IOVAs are free again when its memory
 * has gone. */
static void
reserved_around(void)
{
	const uint64_t size = unit_backend_is("spapr") ? MIB(64) : GIB(1);
	uint64_t iova, other;

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_reserve_around(space, VA(MIB(8)), range(0, size)), 0);
	iova = unit_map(MIB(8), PAGE) - MIB(8);
	CU_ASSERT_EQUAL(unit_map(size - PAGE, PAGE), iova + size - PAGE);
	CU_ASSERT_EQUAL(unit_map(0, PAGE), iova);
	/* A second call for it changes nothing. */
	CU_ASSERT_EQUAL(ioas_reserve_around(space, VA(0), range(0, size)), 0);
	CU_ASSERT_EQUAL(unit_map(MIB(16), PAGE), iova + MIB(16));
	/* When its ends go, it becomes shorter. */
	forget(0, MIB(8));
	forget(size - MIB(8), MIB(8));
	CU_ASSERT_NOT_EQUAL(unit_map(0, PAGE), iova);
	CU_ASSERT_NOT_EQUAL(unit_map(size - PAGE, PAGE), iova + size - PAGE);
	CU_ASSERT_EQUAL(unit_map(MIB(24), PAGE), iova + MIB(24));
	/* A hole does not end it. */
	forget(MIB(24), PAGE);
	CU_ASSERT_EQUAL(unit_map(MIB(24), PAGE), iova + MIB(24));
	/* The rest of it in two parts. */
	forget(MIB(8), MIB(12));
	forget(MIB(20), size - MIB(28));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(8)), MIB(2), iova + MIB(10)), 0);
	other = unit_map(MIB(24), PAGE);
	CU_ASSERT_NOT_EQUAL(other, iova + MIB(24));
}

static void
reserved_beside_others(void)
{
	uint64_t low, high, middle;

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(2)), 0);
	CU_ASSERT_EQUAL(ioas_reserve_around(space, VA(MIB(7)), range(MIB(6), MIB(2))), 0);
	/* It gets the part that the others have left. */
	CU_ASSERT_EQUAL(ioas_reserve_around(space, VA(MIB(3)), range(0, MIB(8))), 0);
	middle = unit_map(MIB(2), PAGE);
	CU_ASSERT_EQUAL(unit_map(MIB(6) - PAGE, PAGE), middle + MIB(4) - PAGE);
	low = unit_map(0, PAGE);
	CU_ASSERT_EQUAL(unit_map(MIB(2) - PAGE, PAGE), low + MIB(2) - PAGE);
	high = unit_map(MIB(6), PAGE);
	CU_ASSERT_EQUAL(unit_map(MIB(8) - PAGE, PAGE), high + MIB(2) - PAGE);
	/* An ioas_reserve() stays when its memory goes. */
	forget(0, MIB(8));
	CU_ASSERT_EQUAL(unit_map(0, PAGE), low);
	REFUSED(ioas_reserve(space, VA(0), MIB(1)), -EEXIST, "overlaps with an earlier range");
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(MIB(2)), MIB(6)), 0);
	REFUSED(ioas_reserve_around(space, VA(MIB(9)), range(0, MIB(8))), -EINVAL, "it is not in the range");
	REFUSED(ioas_reserve_around(space, VA(1), (struct ioas_range){ BASE + 1, BASE + 4095 }), -EINVAL,
		"not aligned to 4 KiB");
}

/* Areas in it are held in quarantine, although the reservation has ended. */
static void
reserved_in_quarantine(void)
{
	struct ioas_options options = unit_options();
	uint64_t iova;

	options.quarantine = GIB(1);
	options.window = (struct ioas_range){ MIB(512), MIB(512) + MIB(16) - 1 };
	unit_create_with(&options, true);
	CU_ASSERT_EQUAL(ioas_reserve_around(space, VA(0), range(0, MIB(4))), 0);
	iova = unit_map(MIB(2), MIB(2)) - MIB(2);
	forget(0, MIB(4));
	/* IOVAs that were only reserved are free at once. */
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(128)), MIB(1), iova), 0);
	for (uint64_t i = 0; i < 3; i++) {
		const uint64_t other = unit_map(MIB(64) + i * MIB(8), MIB(2));

		CU_ASSERT_TRUE(other + MIB(2) <= iova + MIB(2) || other >= iova + MIB(4));
	}
}

static struct ioas *follower;

static void
followers(void)
{
	struct ioas_options options = unit_options();
	struct ioas_device *device;
	struct model_device *second;
	uint64_t iova;

	if (unit_backend_is("type1") || unit_backend_is("spapr"))
		return;
	unit_create(false);
	second = unit_add_device(NIC2, &model_intel39);
	options.backend = NULL;
	options.follow = space;
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &follower), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower, NIC2, NULL, &device), 0);
	iova = unit_map(0, MIB(4));
	CU_ASSERT_EQUAL(ioas_map(follower, VA(MIB(8)), MIB(2), NULL), 0);
	forget(0, MIB(1));
	CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(0)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(1))), iova + MIB(1));
	CU_ASSERT_EQUAL(model_translate(second, iova + MIB(1)), BASE + MIB(1));
	forget(MIB(1), MIB(3));
	CU_ASSERT_EQUAL(model_translate(second, iova + MIB(1)), UINT64_MAX);
	CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(1))), IOAS_BAD_IOVA);
	/* Memory of the follower alone. */
	forget(MIB(8), MIB(2));
	CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(8))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(model_areas(), 0);
	ioas_destroy(follower);
}

/*
 * Threads map memory, let it go or keep it, and look up. The test pins the generation of the memory at an
 * address when it is mapped: a lookup must never lead to an older one.
 */
#define WORKERS 4
#define PLACES 32
static atomic_bool stop;

static void *
work_on(void *arg)
{
	const uint64_t base = MIB(64) * (1 + *(uint64_t *)arg);
	uint64_t wrong = 0, seed = *(uint64_t *)arg + 1;
	const unsigned int rounds = unit_quick() ? 200 : 3000;

	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t offset, iova, length;
		unsigned int token;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		offset = base + (seed >> 33) % PLACES * KIB(64);
		length = PAGE * (1 + (seed >> 40) % 16);
		token = ioas_forget_begin(space, VA(offset), length);
		if (ioas_lookup(ioas_table(space), VA(offset)) != IOAS_BAD_IOVA)
			wrong++;
		ioas_forget_end(space, token, (seed >> 50) % 4 != 0);
		iova = ioas_lookup_or_wait(space, VA(offset));
		if (iova == IOAS_BAD_IOVA && ioas_map(space, VA(offset), PAGE, &iova) != 0)
			wrong++;
		else if (ioas_lookup_or_wait(space, VA(offset)) != iova)
			wrong++;
	}
	*(uint64_t *)arg = wrong;
	return NULL;
}

static void
threads(void)
{
	uint64_t results[WORKERS];
	pthread_t workers[WORKERS];

	unit_create(true);
	for (unsigned int i = 0; i < WORKERS; i++) {
		results[i] = i;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&workers[i], NULL, work_on, &results[i]), 0);
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		pthread_join(workers[i], NULL);
		CU_ASSERT_EQUAL(results[i], 0);
	}
	ioas_forget_end(space, ioas_forget_begin(space, NULL, UINT64_MAX), true);
	CU_ASSERT_EQUAL(model_areas(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
}

/* A map of memory that is about to go waits, and then finds the new memory. */
static void *
map_on(void *arg)
{
	(void)arg;
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), MIB(2), NULL), 0);
	atomic_store(&stop, true);
	return NULL;
}

static void
maps_wait(void)
{
	pthread_t mapper;
	unsigned int token;

	unit_create(true);
	atomic_store(&stop, false);
	token = ioas_forget_begin(space, VA(MIB(1)), PAGE);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&mapper, NULL, map_on, NULL), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		struct ioas_info info;

		ioas_get_info(space, &info);
		CU_ASSERT_EQUAL(info.maps, 0);
	}
	CU_ASSERT_FALSE(atomic_load(&stop));
	ioas_forget_end(space, token, true);
	pthread_join(mapper, NULL);
	CU_ASSERT_FALSE(unit_unmapped(MIB(1), PAGE));
}

UNIT_MAIN("forget",
	  { "a whole area", whole_area },
	  { "a part of an area", part_of_area },
	  { "areas between each other", interleaved },
	  { "unmap what is left", unmap_what_is_left },
	  { "every page alone", every_page_alone },
	  { "pages of the table that are shared", shared_pages },
	  { "memory that stays after all", kept },
	  { "two at a time", two_at_a_time },
	  { "odd ranges", odd_ranges },
	  { "aliases", aliases },
	  { "aliases of a part", half_aliases },
	  { "beyond the flat table", far_addresses },
	  { "no memory", no_memory },
	  { "no memory for details", no_memory_for_details },
	  { "the kernel does not unmap", lost },
	  { "quarantine", in_quarantine },
	  { "many areas", many },
	  { "inside a call", inside_a_call },
	  { "reserved around an address", reserved_around },
	  { "reserved beside others", reserved_beside_others },
	  { "reserved, in quarantine", reserved_in_quarantine },
	  { "spaces that follow", followers },
	  { "threads", threads },
	  { "maps wait", maps_wait })
