/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Departures that overlap, and calls that hold the lock, in orders that easily fail. */

#include <pthread.h>
#include <stdio.h>

#include "show.h"
#include "unit.h"

#define NIC2 "0000:00:03.0"

static uint64_t
certain(uint64_t offset)
{
	return ioas_lookup_or_wait(space, VA(offset));
}

/* Memory is shown a second time while pages of the table are shared. */
static void
shown_again(void)
{
	unsigned int token;
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, GIB(3));
	CU_ASSERT_EQUAL(certain(GIB(1)), iova + GIB(1));
	token = ioas_forget_begin(space, VA(GIB(1) + MIB(2)), MIB(2));
	ioas_forget_end(space, token, false);
	for (uint64_t offset = 0; offset < GIB(3); offset += MIB(1))
		CU_ASSERT_EQUAL(unit_lookup(VA(offset)), iova + offset);
	ioas_forget_end(space, ioas_forget_begin(space, VA(0), GIB(3)), true);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* The kernel has no memory to make a shared page of the table writable. */
static void
no_page_of_its_own(void)
{
	unsigned int token;
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, GIB(2));
	model_fail(1, 1u << MODEL_COMMIT, -ENOMEM);
	ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(2)), MIB(2)), true);
	model_fail(0, 0, 0);
	CU_ASSERT_EQUAL(certain(MIB(4)), iova + MIB(4));
	CU_ASSERT_EQUAL(certain(MIB(2)), IOAS_BAD_IOVA);
	/* Memory that is hidden although it still exists can go as well. */
	model_fail(1, 1u << MODEL_COMMIT, -ENOMEM);
	ioas_forget_end(space, ioas_forget_begin(space, VA(GIB(1) + MIB(2)), MIB(2)), false);
	model_fail(0, 0, 0);
	token = ioas_forget_begin(space, VA(GIB(1) + MIB(8)), MIB(2));
	CU_ASSERT_TRUE(ioas_forget_end(space, token, true));
	CU_ASSERT_EQUAL(certain(GIB(1) + MIB(8)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(certain(GIB(1) + MIB(10)), iova + GIB(1) + MIB(10));
}

static void
whole_address_space(void)
{
	unsigned int token;
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	token = ioas_forget_begin(space, NULL, UINT64_MAX);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_TRUE(ioas_forget_end(space, token, false));
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	/* A range that wraps. */
	token = ioas_forget_begin(space, VA(0), UINT64_MAX - 4096);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_TRUE(ioas_forget_end(space, token, true));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* The second departure finds nothing in the tables, because the first has hidden it. In each order of their
 * ends. */
static void
same_memory_twice(void)
{
	for (unsigned int order = 0; order < 4; order++) {
		unsigned int first, second;

		unit_create(true);
		unit_map(0, MIB(2));
		first = ioas_forget_begin(space, VA(0), MIB(2));
		second = ioas_forget_begin(space, VA(0), MIB(2));
		if ((order & 1) == 0)
			ioas_forget_end(space, first, false);
		ioas_forget_end(space, second, (order & 2) == 0);
		if ((order & 1) != 0)
			ioas_forget_end(space, first, (order & 2) != 0);
		CU_ASSERT_EQUAL(certain(0) == IOAS_BAD_IOVA, order != 2);
		CU_ASSERT_EQUAL(model_areas(), order == 2 ? 1 : 0);
		ioas_destroy(space);
		space = NULL;
	}
}

/* While a call holds the lock, the records do not follow: memory that was kept is still hidden when it goes. */
static void
gone_after_kept(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	pthread_mutex_lock(&space->family->lock);
	ioas_forget_end(space, ioas_forget_begin(space, VA(0), MIB(2)), false);
	ioas_forget_end(space, ioas_forget_begin(space, VA(0), MIB(2)), true);
	space_unlock(space);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_EQUAL(certain(0), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(model_areas(), 0);
}

/* A map publishes its range, and a departure begins. The map shows its memory and ends before the departure
 * looks for maps in progress. The map has not shown some memory because of the departure, so the departure
 * must handle it. */
static void
map_ends_first(void)
{
	const unsigned int token = 8;
	struct departure *departure;

	unit_create(true);
	unit_map(MIB(4), MIB(2));
	hide_range(space, BASE + MIB(4), BASE + MIB(6) - 1);
	departure = &space->family->departures.slots[token - 1];
	departure->first = BASE + MIB(4);
	departure->last = BASE + MIB(6) - 1;
	departure->state = DEPARTURE_PENDING;
	space->family->departures.used++;
	space_lock(space);
	show_area(space, ledger_from_va(&space->ledger, BASE + MIB(4))->area);
	space_unlock(space);
	CU_ASSERT_TRUE(ioas_forget_end(space, token, true));
	CU_ASSERT_TRUE(unit_unmapped(MIB(4), MIB(2)));
	CU_ASSERT_EQUAL(certain(MIB(4)), IOAS_BAD_IOVA);
}

/* A thread is about to note its range. This must not hide other memory. */
static void
claimed(void)
{
	struct departures *departures;
	uint64_t iova;

	unit_create(true);
	departures = &space->family->departures;
	departures->slots[3].state = DEPARTURE_CLAIMED;
	departures->used++;
	iova = unit_map(0, MIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	departures->slots[3].state = DEPARTURE_FREE;
	departures->used--;
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
}

/* The memory has gone, and the records follow when the lock is free: no lookup returns the old IOVA. */
static void *
ask(void *arg)
{
	*(uint64_t *)arg = certain(0);
	return NULL;
}

static void
asked_meanwhile(void)
{
	uint64_t answer = 0;
	unsigned int token;
	pthread_t asker;

	unit_create(true);
	unit_map(0, MIB(2));
	token = ioas_forget_begin(space, VA(0), MIB(2));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&asker, NULL, ask, &answer), 0);
	for (unsigned int i = 0; i < 100; i++)
		ioas_page_size(&answer, NULL);
	ioas_forget_end(space, token, true);
	pthread_join(asker, NULL);
	CU_ASSERT_EQUAL(answer, IOAS_BAD_IOVA);
}

/* A device comes to its own space when areas have lost parts, and other memory is at their addresses. */
static void
copies_of_cut_areas(void)
{
	struct ioas_options options = unit_options();
	struct ioas_device *device;
	struct model_device *second;
	struct ioas *follower;
	uint64_t iova, other;

	if (unit_backend_is("type1") || unit_backend_is("spapr"))
		return;
	for (unsigned int low = 0; low < 2; low++) {
		unit_create(true);
		second = model_device_find(NIC2) != NULL ? model_device_find(NIC2)
							 : unit_add_device(NIC2, &model_intel39);
		iova = unit_map(0, MIB(4));
		CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(1)), MIB(2)), true));
		/* In the order of IOVAs it is before the cut area, or after it. */
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(1)), MIB(1), low == 1 ? MIB(16) : GIB(128)), 0);
		other = unit_lookup(VA(MIB(1)));
		options.backend = NULL;
		options.follow = space;
		CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &follower), 0);
		CU_ASSERT_EQUAL_FATAL(ioas_attach(follower, NIC2, NULL, &device), 0);
		CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(0)), iova);
		CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(1))), other);
		CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(2) - 1)), other + MIB(1) - 1);
		CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(2))), IOAS_BAD_IOVA);
		CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(MIB(3))), iova + MIB(3));
		CU_ASSERT_EQUAL(model_translate(second, other), BASE + MIB(1));
		CU_ASSERT_TRUE(ioas_forget_end(space, ioas_forget_begin(space, VA(0), MIB(4)), true));
		CU_ASSERT_EQUAL(ioas_lookup(ioas_table(follower), VA(0)), IOAS_BAD_IOVA);
		CU_ASSERT_EQUAL(model_areas(), 0);
		ioas_destroy(follower);
		ioas_destroy(space);
		space = NULL;
	}
}

UNIT_MAIN("departures",
	  { "shown again", shown_again },
	  { "no page of its own", no_page_of_its_own },
	  { "the whole address space", whole_address_space },
	  { "the same memory twice", same_memory_twice },
	  { "gone after it was kept", gone_after_kept },
	  { "a map ends first", map_ends_first },
	  { "a slot that is claimed", claimed },
	  { "asked meanwhile", asked_meanwhile },
	  { "copies of areas that were cut", copies_of_cut_areas })
