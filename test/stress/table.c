/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Readers on all cores check every result of the lookup functions while writers map, unmap and remap. Most
 * useful with the thread sanitizer, and on a machine with weak memory order.
 *
 * A region is a piece of memory that one writer maps again and again. Each map is a generation. Its number is
 * written, as plain memory, into a tag before the map, and the IOVA says which tag. A reader that gets an
 * IOVA reads the tag. Only the lookup makes this safe: if a lookup finds a mapping, the thread also sees all
 * writes that preceded the map call. With the number the reader checks that the (modelled) kernel translated
 * the IOVA at some moment of its call. Without an IOVA, some moment must have been without a mapping.
 */

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bulk.h"
#include "ioas.h"
#include "kernel_model.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define BASE UINT64_C(0x100000000000)
#define FAR (UINT64_C(1) << 50)
#define IOVA_BASE GIB(1024)
/* Each tag has the IOVAs of a whole copy of the memory. */
#define SPAN GIB(64)
#define TAGS 32
#define WRITERS 2
#define MAX_READERS 64
#define REPLICAS 2
#define BURST 16

struct region {
	uint64_t va, length;
	unsigned int writer;

	/* The numbers of the last generations that the kernel has mapped, whose map call has returned, whose
	 * unmap call has begun, and that the kernel has unmapped. */
	atomic_uint_fast64_t valid, mapped, unmap_begun, unmapped;

	uint64_t tag[TAGS];       /* of generation n at n % TAGS; plain on purpose */
};

/* Pages of one detail, whole entries, both mixed, many entries, the slower path. */
static struct region regions[] = {
	{ .va = BASE + KIB(4), .length = KIB(4), .writer = 0 },
	{ .va = BASE + KIB(8), .length = KIB(4), .writer = 1 },
	{ .va = BASE + KIB(12), .length = KIB(64), .writer = 0 },
	{ .va = BASE + MIB(2), .length = MIB(2), .writer = 1 },
	{ .va = BASE + MIB(4), .length = MIB(2), .writer = 0 },
	{ .va = BASE + MIB(7), .length = MIB(2), .writer = 1 },
	{ .va = BASE + MIB(9), .length = MIB(5), .writer = 0 },
	{ .va = BASE + MIB(14), .length = KIB(4), .writer = 1 },
	{ .va = BASE + GIB(1) - MIB(8), .length = MIB(64) + KIB(4), .writer = 0 },
	{ .va = BASE + GIB(4), .length = GIB(1), .writer = 1 },
	{ .va = FAR - KIB(4), .length = KIB(8), .writer = 0 },
	{ .va = FAR + MIB(4), .length = MIB(2), .writer = 1 },
};

#define N_REGIONS (sizeof(regions) / sizeof(regions[0]))

static struct ioas *space;
static const struct ioas_table *tables[REPLICAS];
static unsigned int n_readers = 2;
static atomic_bool stop, stop_writers;
static atomic_uint_fast64_t complaints;

static struct {
	_Alignas(64) atomic_uint_fast64_t checks; /* the number that it has ended */
	atomic_uint_fast64_t found, missing; /* counts of each kind of result */
} readers[MAX_READERS];

static void
complain(const char *what, const struct region *region, uint64_t generation, uint64_t before,
	 uint64_t after)
{
	if (atomic_fetch_add(&complaints, 1) < 20)
		fprintf(stderr,
			"%s: region at 0x%" PRIx64 ", generation %" PRIu64 ", allowed %" PRIu64
			" to %" PRIu64 "\n", what, region->va, generation, before, after);
}

/* The place of a region's IOVAs in the span of a tag: regions do not touch, and none is at 0. */
static uint64_t
place(const struct region *region)
{
	return (region - regions + 1) * GIB(2) + region->va % MIB(2);
}

/* The state of a region when a call begins. */
struct before {
	uint64_t unmapped, mapped;
};

static struct before
begin(const struct region *region)
{
	return (struct before){
		.mapped = atomic_load(&region->mapped),
		.unmapped = atomic_load(&region->unmapped),
	};
}

/* Judges the result for the byte at an offset of a region. Returns whether it was an IOVA. */
static bool
judge(const struct region *region, uint64_t offset, const struct before *before, uint64_t iova)
{
	uint64_t generation, after;

	if (iova == IOAS_BAD_IOVA) {
		/* Wrong if one generation was mapped all the time. */
		after = atomic_load(&region->unmap_begun);
		if (before->mapped > before->unmapped && after < before->mapped)
			complain("not found", region, before->mapped, before->unmapped, after);
		return false;
	}
	if (iova < IOVA_BASE || iova - IOVA_BASE >= TAGS * SPAN ||
	    (iova - IOVA_BASE) % SPAN != place(region) + offset) {
		complain("an IOVA that never was", region, iova, 0, 0);
		return true;
	}
	/* Before any atomic access that could make it safe. */
	generation = region->tag[(iova - IOVA_BASE) / SPAN];
	after = atomic_load(&region->valid);
	if (generation <= before->unmapped || generation > after)
		complain("not valid during the call", region, generation, before->unmapped + 1,
			 after);
	return true;
}

static uint64_t
random_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *
address(const struct region *region, uint64_t offset)
{
	return (void *)(uintptr_t)(region->va + offset);
}

static bool
check_single(const struct ioas_table *table, uint64_t random)
{
	const struct region *const region = &regions[random % N_REGIONS];
	const uint64_t offset = (random >> 8) % region->length;
	const struct before before = begin(region);

	return judge(region, offset, &before, ioas_lookup(table, address(region, offset)));
}

static bool
check_length(const struct ioas_table *table, uint64_t random)
{
	const struct region *const region = &regions[random % N_REGIONS];
	const uint64_t offset = (random >> 8) % region->length;
	const struct before before = begin(region);
	uint64_t length = 1 + (random >> 40) % MIB(3);
	const uint64_t wanted = length;
	const uint64_t iova = ioas_lookup_length(table, address(region, offset), &length);

	if ((iova == IOAS_BAD_IOVA) != (length == 0) || length > wanted)
		complain("a wrong length", region, length, 0, wanted);
	return judge(region, offset, &before, iova);
}

static bool
check_bulk(const struct ioas_table *table, const struct bulk *bulk, uint64_t random)
{
	const struct region *region[BURST];
	struct before before[BURST];
	uint64_t offset[BURST], iova[BURST];
	const void *va[BURST];
	bool found = false;

	for (unsigned int i = 0; i < BURST; i++) {
		region[i] = &regions[random_number(&random) % N_REGIONS];
		offset[i] = (random >> 8) % region[i]->length;
		va[i] = address(region[i], offset[i]);
		before[i] = begin(region[i]);
	}
	bulk->lookup(table, va, iova, BURST);
	for (unsigned int i = 0; i < BURST; i++)
		found |= judge(region[i], offset[i], &before[i], iova[i]);
	return found;
}

/* The thread sanitizer does not see the loads of the vector variants. */
static const struct bulk *
pick_bulk(uint64_t random)
{
#ifdef __SANITIZE_THREAD__
	(void)random;
	return &bulks[n_bulks - 1];
#else
	const struct bulk *const bulk = &bulks[random % n_bulks];

	return bulk->works() ? bulk : &bulks[n_bulks - 1];
#endif
}

static void *
read_on(void *arg)
{
	const unsigned int self = (uintptr_t)arg;
	uint64_t random = 88172645463325252u + self;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		const struct ioas_table *const table = tables[random >> 60 & 1];
		bool found;

		random_number(&random);
		switch (random >> 56 & 3) {
		case 0:
			found = check_bulk(table, pick_bulk(random >> 32), random);
			break;
		case 1:
			found = check_length(table, random);
			break;
		default:
			found = check_single(table, random);
			break;
		}
		atomic_fetch_add_explicit(found ? &readers[self].found : &readers[self].missing, 1,
					  memory_order_relaxed);
		atomic_fetch_add_explicit(&readers[self].checks, 1, memory_order_release);
	}
	return NULL;
}

/* Waits until every reader has ended its current check: after that no reader uses old tags. */
static void
wait_for_readers(void)
{
	for (unsigned int i = 0; i < n_readers; i++) {
		const uint64_t seen = atomic_load_explicit(&readers[i].checks,
							   memory_order_acquire);

		while (atomic_load_explicit(&readers[i].checks, memory_order_acquire) == seen)
			sched_yield();
	}
}

static void
map_and_unmap(struct region *region, uint64_t n)
{
	void *const va = (void *)(uintptr_t)region->va;

	region->tag[n % TAGS] = n;
	if (ioas_map_fixed(space, va, region->length,
			   IOVA_BASE + n % TAGS * SPAN + place(region)) != 0)
		complain("cannot be mapped", region, n, 0, 0);
	if (n % 32 == 3)
		sched_yield();
	atomic_store(&region->mapped, n);
	if (n % 32 == 5)
		sched_yield();
	atomic_store(&region->unmap_begun, n);
	if (ioas_unmap(space, va, region->length) != 1)
		complain("cannot be unmapped", region, n, 0, 0);
}

/* Acts as the kernel. */
static void
changed(uint64_t first, uint64_t last, bool mapped)
{
	struct region *const region = &regions[(first - IOVA_BASE) % SPAN / GIB(2) - 1];
	const uint64_t n = region->tag[(first - IOVA_BASE) / SPAN];

	(void)last;
	atomic_store(mapped ? &region->valid : &region->unmapped, n);
}

static void *
write_on(void *arg)
{
	const unsigned int self = (uintptr_t)arg;
	uint64_t n;

	for (n = 1; !atomic_load_explicit(&stop_writers, memory_order_relaxed); n++) {
		if (n % (TAGS / 2) == 0)
			wait_for_readers();
		for (unsigned int i = 0; i < N_REGIONS; i++)
			if (regions[i].writer == self)
				map_and_unmap(&regions[i], n);
	}
	return NULL;
}

static void
usage(FILE *out)
{
	fprintf(out, "usage: stress-table [-t SECONDS] [-r READERS]\n"
		     "  -t SECONDS  how long at least (default 2)\n"
		     "  -r READERS  reader threads (default: one a CPU, 2 at least)\n");
}

/* Counts so far. */
struct score {
	uint64_t found, missing, generations;
};

static struct score
count(void)
{
	struct score score = { 0 };

	for (unsigned int i = 0; i < n_readers; i++) {
		score.found += readers[i].found;
		score.missing += readers[i].missing;
	}
	for (unsigned int i = 0; i < N_REGIONS; i++)
		score.generations += regions[i].unmapped;
	return score;
}

/* Whether enough has happened: a run with too few results proves nothing. */
static bool
is_enough(const struct score *score)
{
	return score->found > 1000 && score->missing > 1000 && score->generations > 100;
}

static int
run(unsigned int seconds)
{
	static const int nodes[REPLICAS] = { 0, 1 };
	const struct ioas_options options = {
		.size = sizeof(options), .nodes = nodes, .n_nodes = REPLICAS,
	};
	pthread_t reader[MAX_READERS], writer[WRITERS];
	struct ioas_device *device;
	struct score score;

	if (ioas_create(&options, &space) != 0 || ioas_attach(space, "0000:00:02.0", NULL, &device) != 0)
		return EXIT_FAILURE;
	ioas_tables(space, tables, REPLICAS);
	for (uintptr_t i = 0; i < n_readers; i++)
		if (pthread_create(&reader[i], NULL, read_on, (void *)i) != 0)
			return EXIT_FAILURE;
	for (uintptr_t i = 0; i < WRITERS; i++)
		if (pthread_create(&writer[i], NULL, write_on, (void *)i) != 0)
			return EXIT_FAILURE;
	/* If threads take turns (valgrind, few processors), little may happen in that time. */
	for (unsigned int i = 0; i < seconds || (score = count(), !is_enough(&score)); i++)
		sleep(1);
	/* The writers end first, because they wait for readers. */
	atomic_store(&stop_writers, true);
	for (unsigned int i = 0; i < WRITERS; i++)
		pthread_join(writer[i], NULL);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < n_readers; i++)
		pthread_join(reader[i], NULL);
	score = count();
	printf("%u readers, %u s: %" PRIu64 " checks with an IOVA, %" PRIu64 " without, %" PRIu64
	       " maps, %" PRIu64 " wrong\n", n_readers, seconds, score.found, score.missing,
	       score.generations, complaints);
	model.changed = NULL;
	ioas_destroy(space);
	return complaints == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int seconds = 2;
	int opt, ret;

	n_readers = cpus > 2 ? cpus : 2;
	while ((opt = getopt(argc, argv, "t:r:h")) != -1) {
		switch (opt) {
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			n_readers = strtoul(optarg, NULL, 0);
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc || seconds == 0 || n_readers == 0) {
		usage(stderr);
		return 2;
	}
	if (getenv("UNIT_QUICK") != NULL)
		seconds = 2;
	if (n_readers > MAX_READERS)
		n_readers = MAX_READERS;
	model_start();
	model_device_add("0000:00:02.0", &model_amd);
	model.changed = changed;
	ret = run(seconds);
	model_stop();
	return ret;
}
