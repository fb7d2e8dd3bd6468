/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The counters: areas, bytes, failures by cause, latencies, IOMMU entries.
 */

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define NIC2 "0000:00:03.0"

static struct ioas_stats
stats_of(struct ioas *in)
{
	struct ioas_stats stats;

	ioas_get_stats(in, &stats);
	return stats;
}

/* The number of failures of all causes. */
static uint64_t
sum(const uint64_t failures[IOAS_ERRORS])
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < IOAS_ERRORS; i++)
		n += failures[i];
	return n;
}

static void
latency_adds_up(const struct ioas_latency *latency, uint64_t calls)
{
	uint64_t n = 0, least = 0;

	for (unsigned int i = 0; i < IOAS_LATENCY_STEPS; i++) {
		n += latency->steps[i];
		if (i > 0)
			least += latency->steps[i] << (i - 1);
	}
	CU_ASSERT_EQUAL(latency->calls, calls);
	CU_ASSERT_EQUAL(n, calls);
	CU_ASSERT_TRUE(latency->total_ns >= least);
	CU_ASSERT_TRUE(latency->total_ns <= 2 * least + calls);
	CU_ASSERT_TRUE(latency->max_ns <= latency->total_ns);
	CU_ASSERT_TRUE(calls == 0 || latency->max_ns >= latency->total_ns / calls);
}

static void
new_space(void)
{
	static const struct ioas_stats nothing;
	struct ioas_stats stats;

	unit_create(false);
	memset(&stats, 0xff, sizeof(stats));
	ioas_get_stats(space, &stats);
	CU_ASSERT_EQUAL(memcmp(&stats, &nothing, sizeof(stats)), 0);
}

static void
maps_and_bytes(void)
{
	struct ioas_stats stats;
	struct ioas_info info;

	unit_create(true);
	unit_map(0, MIB(2));
	unit_map(MIB(2), MIB(4));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(1)), PAGE, MIB(512)), 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(6)), 2);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(6)), 0);
	unit_map(0, KIB(16));
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, MIB(512), PAGE), 1);
	stats = stats_of(space);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(stats.maps, 4);
	CU_ASSERT_EQUAL(stats.unmaps, 3);
	CU_ASSERT_EQUAL(stats.maps_now, 1);
	CU_ASSERT_EQUAL(stats.maps_now, info.maps);
	CU_ASSERT_EQUAL(stats.maps_max, 3);
	CU_ASSERT_EQUAL(stats.bytes_now, KIB(16));
	CU_ASSERT_EQUAL(stats.bytes_now, info.bytes);
	CU_ASSERT_EQUAL(stats.bytes_max, MIB(6) + PAGE);
	latency_adds_up(&stats.map, 4);
	latency_adds_up(&stats.unmap, 2);
	CU_ASSERT_EQUAL(sum(stats.map_failures) + sum(stats.unmap_failures), 0);
}

/* Copies count in the space that has them, calls in the space that was called. */
static void
follower(void)
{
	struct ioas_options options = unit_options();
	struct ioas_device *device;
	struct ioas *other;
	struct ioas_stats stats;

	if (unit_backend_is("type1"))
		return;
	unit_add_device(NIC2, &model_intel39);
	unit_create(true);
	unit_map(0, MIB(2));
	options.backend = NULL;
	options.follow = space;
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &other), 0);
	CU_ASSERT_EQUAL(ioas_attach(other, NIC2, NULL, &device), 0);
	unit_map(MIB(2), MIB(4));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_EQUAL(ioas_map(other, VA(GIB(1)), MIB(2), NULL), 0);
	stats = stats_of(other);
	CU_ASSERT_EQUAL(stats.maps, 3);
	CU_ASSERT_EQUAL(stats.unmaps, 1);
	CU_ASSERT_EQUAL(stats.bytes_max, MIB(6));
	CU_ASSERT_EQUAL(stats.attaches, 1);
	latency_adds_up(&stats.map, 1);
	latency_adds_up(&stats.unmap, 0);
	stats = stats_of(space);
	CU_ASSERT_EQUAL(stats.maps, 2);
	CU_ASSERT_EQUAL(stats.attaches, 1);
	latency_adds_up(&stats.map, 2);
	latency_adds_up(&stats.unmap, 1);
	ioas_destroy(other);
}

static void
devices(void)
{
	struct ioas_stats stats;
	struct ioas_device *device;

	unit_add_device(NIC2, &model_intel39);
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC2, NULL, &device), 0);
	ioas_detach(device);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &device), -EEXIST);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:99:00.0", NULL, &device), -ENODEV);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:99:00.0", NULL, &device), -ENODEV);
	stats = stats_of(space);
	CU_ASSERT_EQUAL(stats.attaches, 2);
	CU_ASSERT_EQUAL(stats.detaches, 1);
	CU_ASSERT_EQUAL(stats.attach_failures[EEXIST], 1);
	CU_ASSERT_EQUAL(stats.attach_failures[ENODEV], 2);
	CU_ASSERT_EQUAL(sum(stats.attach_failures), 3);
}

/* Failures that the library detects. */
static void
refusals(void)
{
	struct ioas_stats stats;

	unit_create(true);
	unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), 0, NULL), -EINVAL);
	CU_ASSERT_EQUAL(ioas_map(space, VA(1), PAGE, NULL), -EINVAL);
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), PAGE, NULL), -EEXIST);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), PAGE, 0), -EINVAL);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), 0), -EINVAL);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(1)), -EBUSY);
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, unit_lookup(VA(0)), MIB(1)), -EBUSY);
	stats = stats_of(space);
	CU_ASSERT_EQUAL(stats.map_failures[EINVAL], 3);
	CU_ASSERT_EQUAL(stats.map_failures[EEXIST], 1);
	CU_ASSERT_EQUAL(sum(stats.map_failures), 4);
	CU_ASSERT_EQUAL(stats.unmap_failures[EINVAL], 2);
	CU_ASSERT_EQUAL(stats.unmap_failures[EBUSY], 2);
	CU_ASSERT_EQUAL(sum(stats.unmap_failures), 4);
	CU_ASSERT_EQUAL(stats.maps, 1);
	latency_adds_up(&stats.map, 1);
	latency_adds_up(&stats.unmap, 0);
}

/* Failures of the kernel. */
static void
kernel_fails(void)
{
	struct ioas_stats stats;

	unit_create(true);
	model.memlock = MIB(2);
	unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map(space, VA(MIB(2)), MIB(2), NULL), -ENOMEM);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), MIB(2), MIB(512)), -ENOMEM);
	model.bad = (struct ioas_range){ BASE + MIB(8), BASE + MIB(10) - 1 };
	CU_ASSERT_EQUAL(ioas_map(space, VA(MIB(8)), PAGE, NULL), -EFAULT);
	/* An errno beyond the table. */
	model_fail(1, 1u << MODEL_MAP, -1000);
	CU_ASSERT_EQUAL(ioas_map(space, VA(MIB(4)), PAGE, NULL), -1000);
	/* The area is gone nevertheless, and its IOVAs are lost. */
	model_fail(1, 1u << MODEL_UNMAP, -EIO);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	stats = stats_of(space);
	CU_ASSERT_EQUAL(stats.map_failures[ENOMEM], 2);
	CU_ASSERT_EQUAL(stats.map_failures[EFAULT], 1);
	CU_ASSERT_EQUAL(stats.map_failures[0], 1);
	CU_ASSERT_EQUAL(sum(stats.map_failures), 4);
	CU_ASSERT_EQUAL(stats.unmap_failures[EIO], 1);
	CU_ASSERT_EQUAL(sum(stats.unmap_failures), 1);
	CU_ASSERT_EQUAL(stats.maps, 1);
	CU_ASSERT_EQUAL(stats.unmaps, 1);
	CU_ASSERT_EQUAL(stats.bytes_max, MIB(2));
	latency_adds_up(&stats.map, 1);
}

/* Holds the space's lock for a while, from a walk. */
static int
hold(const struct ioas_area *area, void *arg)
{
	const struct timespec while_ = { .tv_nsec = 50 * 1000 * 1000 };
	pthread_barrier_t *const barrier = arg;

	(void)area;
	pthread_barrier_wait(barrier);
	nanosleep(&while_, NULL);
	return 1;
}

static void *
walk(void *arg)
{
	ioas_walk(space, hold, arg);
	return NULL;
}

static void
map_while_held(uint64_t offset)
{
	pthread_barrier_t barrier;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, walk, &barrier), 0);
	pthread_barrier_wait(&barrier);
	unit_map(offset, PAGE);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
}

/* The latency includes the wait for the lock. On a busy machine this thread may come so late that it does not
 * wait: then it tries again. */
static void
long_call(void)
{
	const uint64_t wanted = UINT64_C(1) << 24; /* 17 ms */
	unsigned int n = 1;

	unit_create(true);
	unit_map(0, PAGE);
	while (n < 100 && stats_of(space).map.max_ns < wanted)
		map_while_held(MIB(2) * n++);
	CU_ASSERT_TRUE(stats_of(space).map.max_ns >= wanted);
}

static uint64_t
entries_of(uint64_t va, uint64_t iova, uint64_t length, uint64_t page, unsigned int size)
{
	const struct ioas_area area = { .va = AT(va), .iova = iova, .length = length };
	uint64_t entries[IOAS_ENTRY_SIZES] = { 0 };

	ioas_area_entries(&area, page, entries);
	CU_ASSERT_EQUAL((entries[0] << 12) + (entries[1] << 21) + (entries[2] << 30), length);
	return entries[size];
}

static void
entries(void)
{
	CU_ASSERT_EQUAL(entries_of(GIB(4), GIB(1), GIB(3), GIB(1), 2), 3);
	CU_ASSERT_EQUAL(entries_of(GIB(4), GIB(1), GIB(3), MIB(2), 1), 1536);
	CU_ASSERT_EQUAL(entries_of(GIB(4), GIB(1), GIB(3), PAGE, 0), 786432);
	/* Pages of an unknown size. */
	CU_ASSERT_EQUAL(entries_of(GIB(4), GIB(1), GIB(3), 0, 0), 786432);
	/* The alignments of IOVA and address differ. */
	CU_ASSERT_EQUAL(entries_of(GIB(4), GIB(1) + MIB(2), GIB(3), GIB(1), 1), 1536);
	CU_ASSERT_EQUAL(entries_of(GIB(4), GIB(1) + PAGE, MIB(2), MIB(2), 0), 512);
	/* Smaller ones at both ends. */
	CU_ASSERT_EQUAL(entries_of(GIB(4) - MIB(2), GIB(1) - MIB(2), GIB(1) + MIB(6), GIB(1), 2), 1);
	CU_ASSERT_EQUAL(entries_of(GIB(4) - MIB(2), GIB(1) - MIB(2), GIB(1) + MIB(6), GIB(1), 1), 3);
	CU_ASSERT_EQUAL(entries_of(GIB(4) - PAGE, GIB(1) - PAGE, MIB(2), MIB(2), 0), 512);
	CU_ASSERT_EQUAL(entries_of(GIB(4) - PAGE, GIB(1) - PAGE, MIB(4), MIB(2), 1), 1);
	/* In the middle of a possible larger one, and up to its beginning. */
	CU_ASSERT_EQUAL(entries_of(GIB(4) + PAGE, GIB(1) + PAGE, PAGE, MIB(2), 0), 1);
	CU_ASSERT_EQUAL(entries_of(GIB(4) + MIB(2), GIB(1) + MIB(2), MIB(4), GIB(1), 1), 2);
	CU_ASSERT_EQUAL(entries_of(GIB(4) - PAGE, GIB(1) - PAGE, PAGE, MIB(2), 0), 1);
	/* The last IOVA of all. */
	CU_ASSERT_EQUAL(entries_of(MIB(2), -MIB(2), MIB(2), MIB(2), 1), 1);
}

static int
count_up(const struct ioas_area *area, void *arg)
{
	struct ioas_area *const sum_of = arg;

	CU_ASSERT_TRUE(area->iova > sum_of->iova);
	sum_of->iova = area->iova;
	sum_of->length += area->length;
	return sum_of->length > MIB(4);
}

static void
quarantine(void)
{
	struct ioas_options options = unit_options();
	struct ioas_area seen = { 0 };

	options.quarantine = MIB(8);
	unit_create_with(&options, true);
	CU_ASSERT_EQUAL(ioas_walk_quarantine(space, count_up, &seen), 0);
	CU_ASSERT_EQUAL(seen.length, 0);
	for (unsigned int i = 0; i < 4; i++)
		unit_map(MIB(2) * i, MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(2)), MIB(4)), 2);
	CU_ASSERT_EQUAL(ioas_walk_quarantine(space, count_up, &seen), 0);
	CU_ASSERT_EQUAL(seen.length, MIB(4));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	seen = (struct ioas_area){ 0 };
	CU_ASSERT_EQUAL(ioas_walk_quarantine(space, count_up, &seen), 1);
}

UNIT_MAIN("stats",
	  { "a new space", new_space },
	  { "maps and bytes", maps_and_bytes },
	  { "a space that follows", follower },
	  { "devices", devices },
	  { "what the library refuses", refusals },
	  { "what the kernel refuses", kernel_fails },
	  { "a call that waits", long_call },
	  { "IOMMU entries", entries },
	  { "walk over the quarantine", quarantine })
