/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Lookups in tables that map fake IOVAs, without a kernel and without memory behind the addresses.
 *
 * The floor is the least possible cost of a lookup: it loads one word for every 2 MiB from an array and adds
 * it to the address, without checking whether the word exists or the address is mapped. The array is the
 * table's own, so that both find the same caches. Every variant passes each result on in a register, so that
 * the compiler vectorises none of them.
 *
 * Independent lookups overlap in the CPU: without limit in a long run (2,048 addresses), less in bursts of
 * 32, because CPUs often mispredict the branch at the end of each loop. In the dependent form each address
 * results from the previous lookup: with random IOVAs the IOVA of a page is the address of another one, and
 * all of them form one cycle.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bulk.h"
#include "perf.h"
#include "table.h"

#define SUITE "lookup"

/* The addresses of the working sets and of the writer's pages, 4 TiB each. */
#define SETS_AT TIB(12)
#define SET_ROOM TIB(4)
#define WRITER_AT TIB(64)
#define WRITER_PAGES 4096

#define N_SIZES 4
#define N_SETS (3 * N_SIZES)
static const uint64_t sizes[N_SIZES] = { MIB(64), GIB(1), GIB(64), TIB(1) };

/* The IOVAs of a set. */
enum placement {
	RANDOM,                 /* each page of 2 MiB anywhere */
	BY_GIB,                 /* each GiB anywhere, but linear */
	LINEAR,                 /* the whole set is linear */
};
static const char *const placements[] = { "random", "by GiB", "linear" };

struct set {
	uint64_t base, size;
	enum placement placement;
};

/* The data of one thread. */
struct worker {
	struct addresses addresses;
	uint64_t at[N_SETS];    /* position of the dependent walk through a set */
	double ns;              /* the sample, per lookup */
} __attribute__((aligned(128)));

struct variant;
typedef void (*pass_fn)(struct worker *worker, const struct variant *variant);

struct variant {
	char name[32];
	bool dependent;
	pass_fn pass;
	const struct bulk *bulk;
	uint64_t length;
};

#define MAX_VARIANTS 16

/* One measurement: one variant on one set. */
struct job {
	unsigned int set;
	const struct variant *variant;
	bool sequential;
	bool writer;
	struct result *result;
};

enum { WRITER_RESTS, WRITER_WRITES, WRITER_ENDS };

static struct bench {
	struct table table;
	const struct ioas_table *reader;
	struct set sets[N_SETS];
	struct variant variants[MAX_VARIANTS];
	unsigned int n_variants;
	unsigned int warm, timed; /* passes */
	double clock_cost;
	struct worker *workers;
	struct team *team;
	const struct job *job;
	pthread_t writer_thread;
	int writer_cpu;
	atomic_int writer;
	atomic_ulong written;
} bench;

/* ---- the variants: each looks PASS addresses up ---- */

/* The IOVA plus 1, because every word has the flag. */
static inline uint64_t
floor_of(const uint64_t *array, uint64_t addr)
{
	return addr + array[addr >> IOAS_TABLE_SHIFT];
}

/* A caller of the single lookup has the table's address. A caller of the flat lookup keeps a copy, so that
 * the array's address stays in a register. */
#define PASS_BEGIN                                                                    \
	const struct ioas_table *const table = bench.reader;                          \
	const struct ioas_table copy = *table;                                        \
	const uint64_t *const array = copy.entry;                                     \
                                                                                      \
	(void)variant, (void)table, (void)array;

#define PASS_ONE_BY_ONE(name, lookup)                                                 \
	__attribute__((noinline, aligned(64))) static void                            \
	pass_ ## name(struct worker *worker, const struct variant *variant)           \
	{                                                                             \
		const void *const *const va = worker->addresses.va;                   \
		PASS_BEGIN                                                            \
                                                                                      \
		for (unsigned int i = 0; i < PASS; i++)                               \
			CONSUME(lookup);                                              \
	}

PASS_ONE_BY_ONE(floor, floor_of(array, (uintptr_t)va[i]))
PASS_ONE_BY_ONE(single, ioas_lookup(table, va[i]))
PASS_ONE_BY_ONE(flat, ioas_lookup_flat(&copy, va[i]))

/* A lookup of a burst, as in an application and in bulk lookups: a short loop of a length that the compiler
 * does not know, with all results in memory. Volatile, so that it stores one at a time. */
#define PASS_BURSTS(name, lookup)                                                     \
	__attribute__((noinline, aligned(64))) static void                            \
	pass_ ## name ## _bursts(struct worker *worker, const struct variant *variant) \
	{                                                                             \
		volatile uint64_t iova[BURST] __attribute__((aligned(64)));           \
		PASS_BEGIN                                                            \
                                                                                      \
		for (unsigned int i = 0; i < PASS; i += BURST) {                      \
			const void *const *const va = &worker->addresses.va[i];       \
			size_t n = BURST;                                             \
                                                                                      \
			FORGET(n);                                                    \
			for (size_t k = 0; k < n; k++)                                \
				iova[k] = lookup;                                     \
			CONSUME(iova);                                                \
		}                                                                     \
	}

PASS_BURSTS(floor, floor_of(array, (uintptr_t)va[k]))
PASS_BURSTS(single, ioas_lookup(table, va[k]))
PASS_BURSTS(flat, ioas_lookup_flat(&copy, va[k]))

__attribute__((noinline, aligned(64))) static void
pass_bulk(struct worker *worker, const struct variant *variant)
{
	const struct ioas_table *const table = bench.reader;
	const void *const *const va = worker->addresses.va;
	uint64_t iova[BURST] __attribute__((aligned(64)));

	for (unsigned int i = 0; i < PASS; i += BURST) {
		CONSUME(variant->bulk->lookup(table, &va[i], iova, BURST));
		CONSUME_MEMORY(iova);
	}
}

__attribute__((noinline, aligned(64))) static void
pass_length(struct worker *worker, const struct variant *variant)
{
	const struct ioas_table *const table = bench.reader;
	const void *const *const va = worker->addresses.va;
	const uint64_t wanted = variant->length;

	for (unsigned int i = 0; i < PASS; i++) {
		uint64_t length = wanted;

		CONSUME(ioas_lookup_length(table, va[i], &length));
		CONSUME(length);
	}
}

/*
 * The walks. With random IOVAs the result is the next address. With linear IOVAs the result is the address
 * plus the size of the set, and the walk continues 2 MiB farther: one addition and one mask more, in the
 * floor and in the lookup.
 */
#define WALK(name, lookup)                                                            \
	__attribute__((noinline, aligned(64))) static void                            \
	walk_ ## name(struct worker *worker, const struct variant *variant)           \
	{                                                                             \
		const struct set *const set = &bench.sets[bench.job->set];            \
		uint64_t addr = worker->at[bench.job->set];                           \
		PASS_BEGIN                                                            \
                                                                                      \
		if (set->placement == LINEAR) {                                       \
			const uint64_t mask = ~(3 * set->size);                       \
                                                                                      \
			for (unsigned int i = 0; i < PASS; i++)                       \
				addr = (lookup + PAGE_2M) & mask;                     \
		} else {                                                              \
			for (unsigned int i = 0; i < PASS; i++)                       \
				addr = lookup;                                        \
		}                                                                     \
		/* The floor's flags have added up. */                                \
		worker->at[bench.job->set] = addr & ~(PAGE_2M - 1);                   \
	}

WALK(floor, floor_of(array, addr))
WALK(single, ioas_lookup(table, (const void *)(uintptr_t)addr))
WALK(flat, ioas_lookup_flat(&copy, (const void *)(uintptr_t)addr))

static struct variant *
variant_add(const char *name, pass_fn pass)
{
	struct variant *const variant = &bench.variants[bench.n_variants++];

	*variant = (struct variant){ .pass = pass };
	snprintf(variant->name, sizeof(variant->name), "%s", name);
	return variant;
}

static void
variants_list(void)
{
	static const unsigned int lengths[] = { 64, 2048, 4096 };
	struct variant *variant;
	char name[32];

	variant_add("floor", pass_floor);
	variant_add("single", pass_single);
	variant_add("flat", pass_flat);
	variant_add("floor in bursts", pass_floor_bursts);
	variant_add("single in bursts", pass_single_bursts);
	variant_add("flat in bursts", pass_flat_bursts);
	for (unsigned int i = 0; i < n_bulks; i++) {
		if (!bulks[i].works())
			continue;
		snprintf(name, sizeof(name), "bulk %s", bulks[i].name);
		variant = variant_add(name, pass_bulk);
		variant->bulk = &bulks[i];
	}
	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		snprintf(name, sizeof(name), "length %u", lengths[i]);
		variant = variant_add(name, pass_length);
		variant->length = lengths[i];
	}
	variant_add("floor dependent", walk_floor)->dependent = true;
	variant_add("single dependent", walk_single)->dependent = true;
	variant_add("flat dependent", walk_flat)->dependent = true;
}

/* ---- the tables ---- */

/* Maps this many pieces of a size, each at the IOVA behind the set that next[] gives; at its own address plus
 * the size of the set if next is NULL. */
static void
map_pieces(const struct set *set, uint64_t piece, uint32_t n, const uint32_t *next)
{
	const uint64_t to = set->placement == RANDOM ? set->base : set->base + set->size;

	for (uint32_t i = 0; i < n; i++)
		table_set(&bench.table, set->base + i * piece, piece,
			  to + (next != NULL ? next[i] : i) * piece);
}

static int
set_create(struct set *set, uint64_t *random)
{
	const uint64_t piece = set->placement == RANDOM ? PAGE_2M
			     : set->size < GIB(1) ? set->size : GIB(1);
	const uint32_t n = set->size / piece;
	uint32_t *next = NULL;
	int ret;

	ret = table_prepare(&bench.table, set->base, set->size);
	if (ret < 0)
		return ret;
	if (set->placement != LINEAR) {
		next = malloc(n * sizeof(*next));
		if (next == NULL)
			return -ENOMEM;
		random_cycle(next, n, random);
	}
	map_pieces(set, piece, n, next);
	free(next);
	return 0;
}

/* Checks the results, because a benchmark of wrong results is worthless. */
static bool
set_right(const struct set *set)
{
	struct addresses addresses = { .random = 1 };
	uint64_t iova[PASS], length;

	addresses_fill(&addresses, set->base, PAGE_2M, set->size / PAGE_2M, false);
	for (unsigned int v = 0; v < bench.n_variants; v++) {
		const struct bulk *const bulk = bench.variants[v].bulk;

		if (bulk != NULL && bulk->lookup(bench.reader, addresses.va, iova, PASS) != PASS)
			return false;
		for (unsigned int i = 0; i < PASS; i++) {
			const uint64_t addr = (uintptr_t)addresses.va[i];
			const uint64_t right = floor_of(bench.reader->entry, addr) -
					       IOAS_ENTRY_LINEAR;

			length = 1;
			if ((bulk != NULL && iova[i] != right) ||
			    ioas_lookup(bench.reader, addresses.va[i]) != right ||
			    !ioas_table_is_flat(bench.reader, addresses.va[i]) ||
			    ioas_lookup_flat(bench.reader, addresses.va[i]) != right ||
			    ioas_lookup_length(bench.reader, addresses.va[i], &length) != right ||
			    right < set->base || right >= set->base + 2 * set->size ||
			    (right - addr) % PAGE_2M != 0)
				return false;
		}
	}
	return true;
}

static int
tables_create(uint64_t *random)
{
	static const int node = -1;
	int ret;

	ret = table_create(&bench.table, &ioas_sys_linux, &node, 1);
	if (ret < 0)
		return ret;
	bench.reader = table_reader(&bench.table, 0);
	if (bench.table.flat_error != 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < N_SETS; i++) {
		bench.sets[i] = (struct set){
			.base = SETS_AT + i * SET_ROOM,
			.size = sizes[i % N_SIZES],
			.placement = i / N_SIZES,
		};
		ret = set_create(&bench.sets[i], random);
		if (ret < 0)
			return ret;
		if (!set_right(&bench.sets[i])) {
			complain("lookups give wrong answers");
			return -EIO;
		}
	}
	return table_prepare(&bench.table, WRITER_AT, 2 * WRITER_PAGES * PAGE_2M);
}

static void
tables_destroy(void)
{
	if (bench.reader != NULL)
		table_destroy(&bench.table);
	bench.reader = NULL;
}

/* ---- the writer ---- */

/* Maps and unmaps pages of 2 MiB and of 4 KiB (details), far from the looked-up addresses. While idle it
 * spins, so that the clocks and the other core are the same with and without it. */
static void *
writer_main(void *arg)
{
	uint64_t i = 0;
	int state;

	(void)arg;
	pin(bench.writer_cpu);
	while ((state = atomic_load_explicit(&bench.writer, memory_order_relaxed)) != WRITER_ENDS) {
		const uint64_t page = WRITER_AT + i % WRITER_PAGES * PAGE_2M;
		const uint64_t small = page + WRITER_PAGES * PAGE_2M + KIB(4);

		if (state == WRITER_RESTS) {
			relax();
			continue;
		}
		table_set(&bench.table, page, PAGE_2M, page + GIB(1));
		if (table_prepare(&bench.table, small, KIB(4)) == 0) {
			table_set(&bench.table, small, KIB(4), small + GIB(1));
			table_clear(&bench.table, small, small + KIB(4) - 1);
		}
		table_clear(&bench.table, page, page + PAGE_2M - 1);
		atomic_fetch_add_explicit(&bench.written, 2, memory_order_relaxed);
		i++;
	}
	return NULL;
}

/* ---- samples and rounds ---- */

static void
sample(unsigned int thread, void *arg)
{
	struct worker *const worker = &bench.workers[thread];
	const struct job *const job = bench.job;
	const struct set *const set = &bench.sets[job->set];
	double ns = 0;

	(void)arg;
	for (unsigned int i = 0; i < bench.warm + bench.timed; i++) {
		uint64_t start;

		if (!job->variant->dependent)
			addresses_fill(&worker->addresses, set->base, PAGE_2M,
				       set->size / PAGE_2M, job->sequential);
		if (i == bench.warm)
			team_meet(bench.team);
		start = now_ns();
		job->variant->pass(worker, job->variant);
		if (i >= bench.warm)
			ns += now_ns() - start - bench.clock_cost;
	}
	worker->ns = ns / (bench.timed * PASS);
}

/* The mean over the threads. */
static double
run_job(const struct job *job, unsigned int threads, uint64_t *random)
{
	double ns = 0;

	bench.job = job;
	for (unsigned int i = 0; i < threads; i++) {
		struct worker *const worker = &bench.workers[i];

		worker->addresses.random = random_next(random) | 1;
		worker->addresses.page = random_below(random, bench.sets[job->set].size / PAGE_2M);
	}
	atomic_store(&bench.writer, job->writer ? WRITER_WRITES : WRITER_RESTS);
	team_run(bench.team, sample, NULL);
	for (unsigned int i = 0; i < threads; i++)
		ns += bench.workers[i].ns;
	return ns / threads;
}

/* The jobs for a number of threads: every variant on every set in every pattern; for the random pattern with
 * and without the writer, if it has a CPU. */
static unsigned int
jobs_list(struct job *jobs, unsigned int threads, bool writer, bool quick, struct results *results)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < N_SETS * bench.n_variants * 3; i++) {
		const unsigned int how = i % 3; /* random; random with a writer; sequential */
		struct job job = {
			.set = i / 3 / bench.n_variants,
			.variant = &bench.variants[i / 3 % bench.n_variants],
			.sequential = how == 2,
			.writer = how == 1,
		};
		const struct set *const set = &bench.sets[job.set];
		struct result what = {
			.suite = SUITE,
			.working_set = set->size,
			.threads = threads,
			.writer = job.writer,
			.unit = "ns",
		};

		/* Threads that wait for each other take long if other programs run as well. */
		if (quick && threads > 1 && (set->placement != RANDOM || set->size != GIB(1)))
			continue;
		/* Dependent walks have one pattern for each set; sets by GiB have none. */
		if ((job.writer && !writer) ||
		    (job.variant->dependent &&
		     (set->placement == BY_GIB || job.sequential != (set->placement == LINEAR))))
			continue;
		snprintf(what.name, sizeof(what.name), "%s", job.variant->name);
		snprintf(what.placement, sizeof(what.placement), "%s", placements[set->placement]);
		snprintf(what.pattern, sizeof(what.pattern), "%s",
			 job.sequential ? "sequential" : "random");
		job.result = results_add(results, &what);
		if (job.result == NULL)
			return 0;
		jobs[n++] = job;
	}
	return n;
}

static int
measure(const struct options *options, const int *cpus, unsigned int threads, bool writer,
	struct results *results)
{
	const unsigned int rounds = options->rounds != 0 ? options->rounds : options->quick ? 2 : 41;
	static struct job jobs[N_SETS * MAX_VARIANTS * 3];
	unsigned int order[N_SETS * MAX_VARIANTS * 3];
	const unsigned int n = jobs_list(jobs, threads, writer, options->quick, results);
	uint64_t random = 1 + threads;

	if (n == 0)
		return -ENOSPC;
	bench.team = team_create(cpus, threads);
	if (bench.team == NULL)
		return -EAGAIN;
	atomic_store(&bench.writer, WRITER_RESTS);
	if (writer)
		bench.writer_cpu = cpus[threads];
	if (writer && pthread_create(&bench.writer_thread, NULL, writer_main, NULL) != 0) {
		team_destroy(bench.team);
		return -EAGAIN;
	}
	for (unsigned int i = 0; i < threads; i++)
		for (unsigned int k = 0; k < N_SETS; k++)
			bench.workers[i].at[k] = bench.sets[k].base +
				random_below(&random, bench.sets[k].size / PAGE_2M) * PAGE_2M;
	for (unsigned int round = 0; round < rounds; round++) {
		progress(SUITE ": %u thread%s, round %u of %u", threads,
			 threads > 1 ? "s" : "", round + 1, rounds);
		shuffle(order, n, &random);
		for (unsigned int i = 0; i < n; i++) {
			const struct job *const job = &jobs[order[i]];

			result_sample(job->result, run_job(job, threads, &random));
		}
	}
	if (writer) {
		atomic_store(&bench.writer, WRITER_ENDS);
		pthread_join(bench.writer_thread, NULL);
	}
	team_destroy(bench.team);
	return 0;
}

int
lookup_run(const struct options *options, struct results *results)
{
	int cpus[MAX_CPUS];
	uint64_t random = 42;
	unsigned int n, threads = 1;
	int ret;

	n = cpus_allowed(cpus, MAX_CPUS);
	if (options->cores != 0 && options->cores < n)
		n = options->cores;
	bench.warm = options->quick ? 1 : 8;
	bench.timed = options->quick ? 1 : 16;
	bench.clock_cost = clock_cost();
	bench.n_variants = 0;
	variants_list();
	bench.workers = aligned_alloc(128, n * sizeof(*bench.workers));
	ret = bench.workers == NULL ? -ENOMEM : tables_create(&random);
	if (ret == -ENOMEM) {
		results_note(results, SUITE, "left out: no memory, or no address space for the tables "
			     "(see ulimit -v)");
		ret = 0;
		goto out;
	}
	if (n < 2)
		results_note(results, SUITE, "the writer is left out: it needs a second CPU");
	while (ret == 0) {
		ret = measure(options, cpus, threads, threads < n, results);
		if (threads == n)
			break;
		threads = threads * 2 < n ? threads * 2 : n;
	}
out:
	tables_destroy();
	free(bench.workers);
	return ret;
}
