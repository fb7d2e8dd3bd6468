/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Unmapped areas: fault reports remember them, and their IOVAs are in quarantine.
 */

#include <time.h>

#include "unit.h"

static void
create(uint64_t quarantine)
{
	struct ioas_options options = unit_options();

	options.quarantine = quarantine;
	unit_create_with(&options, true);
}

static void
unmap(uint64_t offset, uint64_t length)
{
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(offset), length), 1);
}

static struct ioas_explanation
explain(uint64_t iova)
{
	struct ioas_explanation explanation;

	ioas_explain(space, iova, &explanation);
	return explanation;
}

static bool
is_in_quarantine(uint64_t iova)
{
	const struct ioas_explanation is = explain(iova);

	return is.state == IOAS_IOVA_UNMAPPED && is.quarantined;
}

static uint64_t
in_quarantine(void)
{
	struct ioas_info info;

	ioas_get_info(space, &info);
	return info.quarantine;
}

static uint64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static void
explains(void)
{
	struct ioas_explanation is;
	uint64_t iova, before;

	create(0);
	iova = unit_map(0, MIB(2));
	is = explain(iova + 17);
	CU_ASSERT_EQUAL(is.state, IOAS_IOVA_MAPPED);
	CU_ASSERT_PTR_EQUAL(is.va, VA(17));
	CU_ASSERT_PTR_EQUAL(is.area.va, VA(0));
	CU_ASSERT_EQUAL(is.area.iova, iova);
	CU_ASSERT_EQUAL(explain(iova + MIB(2) - 1).state, IOAS_IOVA_MAPPED);
	CU_ASSERT_EQUAL(explain(iova + MIB(2)).state, IOAS_IOVA_FREE);
	CU_ASSERT_EQUAL(is.area.length, MIB(2));

	/* Beyond the end of an area. */
	is = explain(iova + MIB(2));
	CU_ASSERT_EQUAL(is.state, IOAS_IOVA_FREE);
	CU_ASSERT_PTR_NULL(is.va);
	CU_ASSERT_EQUAL(is.area.iova, iova);
	is = explain(iova - 1);
	CU_ASSERT_EQUAL(is.state, IOAS_IOVA_FREE);
	CU_ASSERT_EQUAL(is.area.length, 0);

	before = now();
	unmap(0, MIB(2));
	is = explain(iova + MIB(1));
	CU_ASSERT_EQUAL(is.state, IOAS_IOVA_UNMAPPED);
	CU_ASSERT_FALSE(is.quarantined);
	CU_ASSERT_PTR_EQUAL(is.va, VA(MIB(1)));
	CU_ASSERT_EQUAL(is.area.length, MIB(2));
	CU_ASSERT_TRUE(is.unmapped_at >= before && is.unmapped_at <= now());
	/* From its first byte to its last one. */
	CU_ASSERT_EQUAL(explain(iova - 1).state, IOAS_IOVA_FREE);
	CU_ASSERT_EQUAL(explain(iova).state, IOAS_IOVA_UNMAPPED);
	CU_ASSERT_EQUAL(explain(iova + MIB(2) - 1).state, IOAS_IOVA_UNMAPPED);
	CU_ASSERT_EQUAL(explain(iova + MIB(2)).state, IOAS_IOVA_FREE);

	is = explain(0);
	CU_ASSERT_EQUAL(is.state, IOAS_IOVA_UNUSABLE);
	is = explain(UINT64_MAX);
	CU_ASSERT_EQUAL(is.state, IOAS_IOVA_UNUSABLE);
	CU_ASSERT_EQUAL(is.hole.last, UINT64_MAX);
	if (!unit_backend_is("spapr")) {
		is = explain(0xfee12345);
		CU_ASSERT_EQUAL(is.state, IOAS_IOVA_UNUSABLE);
		CU_ASSERT_EQUAL(is.hole.first, 0xfee00000);
		CU_ASSERT_EQUAL(is.hole.last, 0xfeefffff);
	}
}

/* The latest of several areas at an IOVA; and the last 1,024 of those that are not held. */
static void
forgets(void)
{
	create(0);
	for (uint64_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(i * MIB(2)), KIB(64), MIB(16)), 0);
		unmap(i * MIB(2), KIB(64));
		CU_ASSERT_PTR_EQUAL(explain(MIB(16)).va, VA(i * MIB(2)));
	}
	for (uint64_t i = 0; i < 1023; i++) {
		CU_ASSERT_EQUAL(explain(MIB(16)).state, IOAS_IOVA_UNMAPPED);
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), KIB(64), MIB(32)), 0);
		unmap(0, KIB(64));
	}
	CU_ASSERT_EQUAL(explain(MIB(16)).state, IOAS_IOVA_UNMAPPED);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), KIB(64), MIB(32)), 0);
	unmap(0, KIB(64));
	CU_ASSERT_EQUAL(explain(MIB(16)).state, IOAS_IOVA_FREE);
}

/* Memory does not get a former IOVA until as many bytes as the quarantine were unmapped. */
static void
holds(void)
{
	uint64_t iova[4];

	create(MIB(6));
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(64)), 0);
	for (unsigned int i = 0; i < 4; i++) {
		iova[i] = unit_map(0, MIB(2));
		for (unsigned int j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(iova[i], iova[j]);
		CU_ASSERT_EQUAL(in_quarantine(), MIB(2) * i);
		unmap(0, MIB(2));
		CU_ASSERT_TRUE(is_in_quarantine(iova[i]));
	}
	CU_ASSERT_EQUAL(in_quarantine(), MIB(6));
	CU_ASSERT_FALSE(is_in_quarantine(iova[0]));
	CU_ASSERT_EQUAL(explain(iova[0]).state, IOAS_IOVA_UNMAPPED);
	for (unsigned int i = 1; i < 4; i++)
		CU_ASSERT_TRUE(is_in_quarantine(iova[i]) && is_in_quarantine(iova[i] + MIB(2) - 1));
	CU_ASSERT_EQUAL(unit_map(0, MIB(2)), iova[0]);
}

/* The last bytes are held, also if they are a part of one call that has unmapped more. */
static void
holds_large(void)
{
	uint64_t iova[3], first;

	create(MIB(6));
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(64)), 0);
	iova[0] = unit_map(0, MIB(2));
	unmap(0, MIB(2));
	iova[1] = unit_map(MIB(16), MIB(8));
	unmap(MIB(16), MIB(8));
	CU_ASSERT_FALSE(is_in_quarantine(iova[0]));
	CU_ASSERT_TRUE(is_in_quarantine(iova[1]) && is_in_quarantine(iova[1] + MIB(8) - 1));
	CU_ASSERT_EQUAL(in_quarantine(), MIB(8));
	CU_ASSERT_NOT_EQUAL(unit_map(MIB(16), MIB(8)), iova[1]);
	/* It is held until as much was unmapped as the quarantine takes. */
	for (unsigned int i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(is_in_quarantine(iova[1]));
		unit_map(i * MIB(4), MIB(2));
		unmap(i * MIB(4), MIB(2));
	}
	CU_ASSERT_FALSE(is_in_quarantine(iova[1]));
	CU_ASSERT_EQUAL(in_quarantine(), MIB(6));
	/* Many areas in one call. */
	first = unit_map(MIB(32), MIB(2));
	for (uint64_t i = 1; i < 8; i++)
		unit_map(MIB(32) + i * MIB(2), MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(32)), MIB(16)), 8);
	CU_ASSERT_EQUAL(in_quarantine(), MIB(16));
	CU_ASSERT_TRUE(is_in_quarantine(first) && is_in_quarantine(first + MIB(16) - 1));
	/* A fixed map uses the IOVAs of its first area: the others are held as long as before. */
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(1)), MIB(2), first), 0);
	CU_ASSERT_EQUAL(in_quarantine(), MIB(14));
	iova[2] = unit_map(MIB(8), MIB(4));
	unmap(MIB(8), MIB(4));
	CU_ASSERT_EQUAL(in_quarantine(), MIB(18));
	unit_map(MIB(8), MIB(2));
	unmap(MIB(8), MIB(2));
	CU_ASSERT_FALSE(is_in_quarantine(first + MIB(2)));
	CU_ASSERT_TRUE(is_in_quarantine(iova[2]));
	CU_ASSERT_EQUAL(in_quarantine(), MIB(6));
}

static void
holds_all(void)
{
	uint64_t iova[100];

	create(UINT64_MAX);
	for (unsigned int i = 0; i < 100; i++) {
		iova[i] = unit_map(0, MIB(2));
		unmap(0, MIB(2));
	}
	CU_ASSERT_EQUAL(in_quarantine(), MIB(200));
	for (unsigned int i = 0; i < 100; i++) {
		CU_ASSERT_TRUE(is_in_quarantine(iova[i]));
		CU_ASSERT_EQUAL(model_translate(nic_model, iova[i]), UINT64_MAX);
	}
}

/* Without a quarantine an IOVA is used again at once. The quarantine prevents that. */
static void
without(void)
{
	uint64_t iova;

	create(0);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(64)), 0);
	iova = unit_map(0, MIB(2));
	unmap(0, MIB(2));
	CU_ASSERT_EQUAL(unit_map(0, MIB(2)), iova);
}

/* Pages that are mapped together are contiguous, also if a part of their IOVAs is in quarantine. */
static void
stays_contiguous(void)
{
	uint64_t iova;

	create(UINT64_MAX);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(64)), 0);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(unit_map(MIB(2), MIB(2)), iova + MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(4)), 2);
	/* Only the first two have an IOVA in quarantine. */
	iova = unit_map(0, MIB(2));
	for (uint64_t i = 1; i < 8; i++)
		CU_ASSERT_EQUAL(unit_map(i * MIB(2), MIB(2)), iova + i * MIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(16), iova));
}

/* The areas of one call are in quarantine as a whole or not at all: pages that are mapped together again are
 * contiguous, also if they are more than the quarantine takes. */
static void
whole_calls(void)
{
	uint64_t first, iova;

	create(MIB(2));
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(64)), 0);
	for (unsigned int i = 0; i < 3; i++) {
		first = unit_map(0, MIB(2));
		CU_ASSERT_EQUAL(unit_map(MIB(2), MIB(2)), first + MIB(2));
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(4)), 2);
		CU_ASSERT_EQUAL(in_quarantine(), MIB(4));
	}
	/* One call after the other. */
	first = unit_map(0, MIB(2));
	iova = unit_map(MIB(2), MIB(2));
	unmap(0, MIB(2));
	unmap(MIB(2), MIB(2));
	CU_ASSERT_FALSE(is_in_quarantine(first));
	CU_ASSERT_TRUE(is_in_quarantine(iova));
}

/* A map never fails because of the quarantine. The oldest areas are released first. */
static void
gives_way(void)
{
	struct ioas_options options = unit_options();
	uint64_t iova[8];

	options.quarantine = UINT64_MAX;
	options.window = (struct ioas_range){ MIB(64), MIB(80) - 1 };
	unit_create_with(&options, true);
	for (unsigned int i = 0; i < 8; i++)
		iova[i] = unit_map(i * MIB(2), MIB(2));
	for (unsigned int i = 0; i < 8; i++)
		unmap(i * MIB(2), MIB(2));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
	/* Half of it is released, and a gap is below the window's second 2 MiB. */
	CU_ASSERT_EQUAL(unit_map(GIB(1), MIB(2)), iova[1]);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 1);
	CU_ASSERT_FALSE(is_in_quarantine(iova[3]));
	CU_ASSERT_TRUE(is_in_quarantine(iova[4]));
	for (uint64_t i = 0; i < 7; i++)
		unit_map(GIB(2) + i * MIB(4), MIB(2));
	CU_ASSERT_EQUAL(in_quarantine(), 0);
	REFUSED(ioas_map(space, VA(0), PAGE, NULL), -ENOSPC, "no free range");
	/* Nothing is released for a map that is impossible. */
	unmap(GIB(1), MIB(2));
	CU_ASSERT_EQUAL(ioas_map(space, VA(GIB(8)), MIB(32), NULL), -ENOSPC);
	CU_ASSERT_EQUAL(in_quarantine(), MIB(2));
	/* Only for the window as a whole. */
	for (uint64_t i = 0; i < 7; i++)
		unmap(GIB(2) + i * MIB(4), MIB(2));
	CU_ASSERT_EQUAL(unit_map(GIB(8), MIB(16)), MIB(64));
	CU_ASSERT_EQUAL(in_quarantine(), 0);
}

static int
mix_held(const struct ioas_area *area, void *arg)
{
	uint64_t *const hash = arg;

	*hash = (*hash ^ area->iova) * 1099511628211u + area->length + (uintptr_t)area->va;
	return 0;
}

/* The bytes in quarantine. */
static uint64_t
held(void)
{
	uint64_t hash = in_quarantine();

	CU_ASSERT_EQUAL(ioas_walk_quarantine(space, mix_held, &hash), 0);
	return hash;
}

/* A map that fails leaves the quarantine as it was, wherever it fails. */
static void
failure_leaves_it(void)
{
	struct ioas_options options = unit_options();
	uint64_t iova[16], before;

	options.quarantine = UINT64_MAX;
	options.window = (struct ioas_range){ MIB(64), MIB(96) - 1 };
	unit_create_with(&options, true);
	for (uint64_t i = 0; i < 16; i++)
		iova[i] = unit_map(i * MIB(4), MIB(2));
	for (uint64_t i = 0; i < 16; i += 2)
		unmap(i * MIB(4), MIB(2));
	before = held();
	/* Even all of the quarantine would not suffice. */
	REFUSED(ioas_map(space, VA(GIB(1)), MIB(32), NULL), -ENOSPC, "no free range");
	CU_ASSERT_EQUAL(held(), before);
	/* A part of it would, but the kernel refuses. */
	model.bad = (struct ioas_range){ BASE + GIB(2), BASE + GIB(4) - 1 };
	REFUSED(ioas_map(space, VA(GIB(2)), MIB(2), NULL), -EFAULT, "not readable");
	CU_ASSERT_EQUAL(held(), before);
	REFUSED(ioas_map_fixed(space, VA(GIB(2)), MIB(2), iova[4]), -EFAULT, "not readable");
	CU_ASSERT_EQUAL(held(), before);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
	for (uint64_t i = 0; i < 16; i += 2)
		CU_ASSERT_TRUE(is_in_quarantine(iova[i]));
	/* The order is the same as well: the oldest is released first. */
	unit_map(GIB(1), MIB(2));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 1);
	CU_ASSERT_FALSE(is_in_quarantine(iova[0]));
	CU_ASSERT_TRUE(is_in_quarantine(iova[14]));
}

/* Fixed maps may use any IOVA in quarantine. */
static void
callers_choice(void)
{
	const uint64_t iova = MIB(32);

	create(UINT64_MAX);
	for (unsigned int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(4), iova), 0);
		CU_ASSERT_EQUAL(in_quarantine(), 0);
		CU_ASSERT_EQUAL(explain(iova).state, IOAS_IOVA_MAPPED);
		unmap(0, MIB(4));
		CU_ASSERT_EQUAL(in_quarantine(), MIB(4));
	}
	/* A part of the quarantine. */
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), iova + MIB(2)), 0);
	CU_ASSERT_EQUAL(in_quarantine(), 0);
	CU_ASSERT_EQUAL(explain(iova).state, IOAS_IOVA_FREE);
	unmap(0, MIB(2));
}

/* Only memory with contiguous addresses gets contiguous IOVAs. */
static void
guards(void)
{
	uint64_t a, b, c;

	create(MIB(64));
	a = unit_map(0, KIB(8));
	CU_ASSERT_EQUAL(unit_map(KIB(8), KIB(8)), a + KIB(8));
	b = unit_map(GIB(1), KIB(8));
	c = unit_map(GIB(2), MIB(2));
	CU_ASSERT_TRUE(b >= a + KIB(16) + KIB(64) || a >= b + KIB(8) + KIB(64));
	CU_ASSERT_TRUE(c >= b + KIB(8) + KIB(64) || b >= c + MIB(2) + KIB(64));
	for (uint64_t i = 0; i < KIB(64); i += PAGE) {
		CU_ASSERT_EQUAL(explain(a + KIB(16) + i).state, IOAS_IOVA_FREE);
		CU_ASSERT_EQUAL(explain(a - PAGE - i).state, IOAS_IOVA_FREE);
		CU_ASSERT_EQUAL(explain(b + KIB(8) + i).state, IOAS_IOVA_FREE);
	}
	CU_ASSERT_EQUAL(explain(a + KIB(16)).area.iova, a + KIB(8));
	/* Reservations may be adjacent too, if no other place is free. */
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(4)), GIB(1)), 0);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(8)), GIB(1)), 0);
	a = unit_map(GIB(5) - MIB(2), MIB(2));
	b = unit_map(GIB(8), MIB(2));
	CU_ASSERT_TRUE(b >= a + MIB(2) + KIB(64) || a >= b + MIB(2) + KIB(64));
}

UNIT_MAIN("history",
	  { "explanations", explains },
	  { "old areas are forgotten", forgets },
	  { "no quarantine", without },
	  { "a quarantine", holds },
	  { "more than the quarantine takes", holds_large },
	  { "a quarantine without end", holds_all },
	  { "contiguity", stays_contiguous },
	  { "what one call has unmapped", whole_calls },
	  { "the quarantine gives way", gives_way },
	  { "a map that fails leaves the quarantine", failure_leaves_it },
	  { "IOVAs that callers name", callers_choice },
	  { "guard gaps", guards })
