/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Several threads make memory of all kinds, query its IOVAs, map it at IOVAs that they state, lose parts of
 * it by all routes, put new memory there and drop it, at random. Each time the CPU has written to a page, a
 * device must read the same. Meanwhile children of fork() unmap inherited memory. At the end nothing is
 * pinned.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rte_vfio.h>

#include "../pinned.h"
#include "foreign.h"

#define THREADS 4
#define OWNED 6

/* A thread's memory. */
struct owned {
	struct memory memory;
	rte_iova_t iova[UNITS]; /* RTE_BAD_IOVA: not queried for these pages */
	bool mixed;             /* other memory has replaced some units */
	bool stated;            /* mapped as a whole, in one call */
	const struct route *last;
	int result;             /* of the last route */
};

struct worker {
	pthread_t thread;
	uint64_t random;
	enum calls first, last; /* the range from which it takes its ways */
	bool locked;
	struct owned owned[OWNED];
	struct owned *at;
};

/*
 * If only the kernel reports that memory has gone, the plugin forgets it some time later: until then a query
 * about new memory at that address may return the old IOVA (the guide says so). Therefore such routes are
 * taken while no thread queries.
 */
static pthread_rwlock_t quiet = PTHREAD_RWLOCK_INITIALIZER;

static atomic_bool ending, wrong;
static atomic_ullong scattered; /* maps of pages that had got other IOVAs before */
static atomic_ullong steps, made, asked, mapped, taken, refused, children;

static uint64_t
random_below(struct worker *worker, uint64_t n)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random % n;
}

static char *
owned_unit(const struct owned *owned, unsigned int unit)
{
	return owned->memory.p + unit * owned->memory.unit;
}

static void
make(struct worker *worker)
{
	struct owned *const owned = worker->at;

	owned->memory = make_memory(&kinds[random_below(worker, n_kinds)]);
	for (unsigned int i = 0; i < UNITS; i++)
		owned->iova[i] = RTE_BAD_IOVA;
	owned->mixed = owned->stated = false;
	owned->last = NULL;
	made++;
}

/* Some of the units are written to and read. */
static void
look(struct worker *worker)
{
	struct owned *const owned = worker->at;
	const uint64_t which = 1 + random_below(worker, (1 << UNITS) - 1);
	struct spot spots[UNITS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < UNITS; i++) {
		char *const va = owned_unit(owned, i);
		rte_iova_t iova;

		if ((which >> i & 1) == 0)
			continue;
		write_new(va);
		iova = rte_mem_virt2iova(va);
		need(iova != RTE_BAD_IOVA, "%s: no IOVA for unit %u at %p", owned->memory.kind, i, va);
		need(owned->iova[i] == RTE_BAD_IOVA || owned->iova[i] == iova,
		     "%s: unit %u at %p had IOVA 0x%" PRIx64 ", now 0x%" PRIx64, owned->memory.kind, i, va,
		     owned->iova[i], iova);
		owned->iova[i] = iova;
		spots[n++] = (struct spot){ va, iova };
		asked++;
	}
	need_seen(owned->memory.kind, spots, n);
}

/* At the IOVA of its first page, as applications do. */
static void
state(struct worker *worker)
{
	struct owned *const owned = worker->at;
	rte_iova_t iova;

	/* The IOVAs of a second mapping do not follow those of the first. */
	if (owned->mixed || owned->stated || strcmp(owned->memory.kind, "two mappings") == 0)
		return;
	iova = rte_mem_virt2iova(owned->memory.p);
	need(iova != RTE_BAD_IOVA, "%s: no IOVA", owned->memory.kind);
	/* The memory of a mapping has consecutive IOVAs, unless an earlier reservation has the place. */
	for (unsigned int i = 0; i < UNITS; i++)
		if (owned->iova[i] != RTE_BAD_IOVA && owned->iova[i] != iova + i * owned->memory.unit) {
			scattered++;
			return;
		}
	if (rte_vfio_container_dma_map(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)owned->memory.p, iova,
				       UNITS * owned->memory.unit) != 0) {
		scattered++;
		return;
	}
	owned->stated = true;
	for (unsigned int i = 0; i < UNITS; i++)
		owned->iova[i] = iova + i * owned->memory.unit;
	mapped++;
}

static void
drop(struct worker *worker)
{
	struct owned *const owned = worker->at;

	if (owned->stated && !owned->mixed && random_below(worker, 2) == 0)
		need(rte_vfio_container_dma_unmap(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)owned->memory.p,
						  owned->iova[0], UNITS * owned->memory.unit) == 0,
		     "%s: cannot be unmapped at IOVA 0x%" PRIx64, owned->memory.kind, owned->iova[0]);
	/* Each page by itself, or all by the route for its kind. */
	drop_memory(&owned->memory);
	settle();
}

/* Maps new memory at a unit's place; false if another thread was faster. */
static bool
refill(const struct route *route, const struct owned *owned, unsigned int unit)
{
	char *const va = owned_unit(owned, unit);

	if (route->holds)
		return mprotect(va, owned->memory.unit, PROT_READ | PROT_WRITE) == 0;
	return mmap(va, owned->memory.unit, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED;
}

static void
lose(struct worker *worker)
{
	struct owned *const owned = worker->at;
	struct memory *const memory = &owned->memory;
	const struct route *const route = &routes[random_below(worker, n_routes)];
	bool refilled = true;
	int ret;

	/* Mixed memory is not one segment any more. */
	if (!is_seen(route) || memory->moved != NULL || (owned->mixed && memory->shm >= 0) || route->doubles)
		return;
	owned->last = route;
	owned->result = ret = route->take(memory);
	settle();
	if (ret == 0)
		taken++;
	else
		refused++;
	/* With mappings of several kinds it may have failed half-way. */
	for (unsigned int i = 0; i < UNITS; i++) {
		const enum effect effect = owned->mixed ? route->effect[i]
			: ret != 0 && !route->told ? KEPT : effect_on(route, memory, i);

		if (effect == KEPT)
			continue;
		owned->iova[i] = RTE_BAD_IOVA;
		if (effect == GONE && ret == 0 && !refill(route, owned, i)) {
			memory->lost[i] = true;
			refilled = false;
		}
	}
	if (memory->moved != NULL) {
		write_new(memory->moved);
		need_asked("where it was moved", memory->moved);
	}
	if (ret == 0 && !(memory->shared && route->shared_stays))
		owned->mixed = true;
	/* No route can be tried at an address that other threads may have. */
	if (!refilled)
		drop(worker);
}

static void
lock(struct worker *worker, bool takes_away)
{
	if (takes_away && worker->last != CALLS_SLOTS)
		pthread_rwlock_wrlock(&quiet);
	else
		pthread_rwlock_rdlock(&quiet);
	worker->locked = true;
}

static void
unlock(struct worker *worker)
{
	if (worker->locked)
		pthread_rwlock_unlock(&quiet);
	worker->locked = false;
}

static void
step(void *arg)
{
	struct worker *const worker = arg;
	uint64_t kind;

	calls = worker->first + random_below(worker, worker->last - worker->first + 1);
	worker->at = &worker->owned[random_below(worker, OWNED)];
	kind = random_below(worker, 10);
	lock(worker, worker->at->memory.p != NULL && (kind == 0 || (kind >= 2 && kind <= 4)));
	if (worker->at->memory.p == NULL) {
		make(worker);
		return;
	}
	switch (kind) {
	case 0: drop(worker); break;
	case 1: state(worker); break;
	case 2:
	case 3:
	case 4: lose(worker); break;
	default: look(worker);
	}
}

static void
say_wrong(const char *why)
{
	if (!atomic_exchange(&wrong, true))
		printf("WRONG after %llu steps: %s\n", steps, why);
	ending = true;
}

static void
drop_all(void *arg)
{
	struct worker *const worker = arg;

	lock(worker, true);
	for (unsigned int i = 0; i < OWNED; i++) {
		worker->at = &worker->owned[i];
		if (worker->at->memory.p != NULL)
			drop(worker);
	}
}

static struct worker workers[THREADS];

/* Memory that must exist is missing. */
static void
say_missing(int signal __rte_unused, siginfo_t *info, void *context __rte_unused)
{
	printf("WRONG: nothing is mapped at %p\n", info->si_addr);
	for (unsigned int i = 0; i < THREADS * OWNED; i++) {
		const struct owned *const owned = &workers[i / OWNED].owned[i % OWNED];

		if (owned->memory.p != NULL && (char *)info->si_addr >= owned->memory.p &&
		    (char *)info->si_addr < owned->memory.p + UNITS * owned->memory.unit)
			printf("it is of %s at %p, thread %u, after %s, %d, mixed %d, moved to %p\n",
			       owned->memory.kind, owned->memory.p, i / OWNED,
			       owned->last == NULL ? "nothing" : owned->last->name, owned->result, owned->mixed,
			       owned->memory.moved);
	}
	_exit(EXIT_FAILURE);
}

static void *
work(void *arg)
{
	const char *why = NULL;

	while (!ending && why == NULL) {
		why = try_case(step, arg);
		/* A step ends at its first failure. */
		unlock(arg);
		steps++;
	}
	if (why == NULL)
		why = try_case(drop_all, arg);
	unlock(arg);
	if (why != NULL)
		say_wrong(why);
	return NULL;
}

/* It has a copy of all memory, and unmaps it. */
static void
fork_child(void)
{
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		for (unsigned int i = 0; i < THREADS * OWNED; i++) {
			const struct memory *const memory = &workers[i / OWNED].owned[i % OWNED].memory;

			if (memory->p != NULL)
				munmap(memory->p, UNITS * memory->unit);
		}
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		say_wrong("a child does not end well");
	children++;
}

bool
soak(unsigned int seconds, uint64_t seed, enum calls first, enum calls last)
{
	const time_t end = time(NULL) + seconds;
	const uint64_t pinned = pinned_bytes();
	const struct sigaction missing = { .sa_sigaction = say_missing, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &missing, NULL);
	printf("soak: %u seconds, seed %" PRIu64 "\n", seconds, seed);
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i].random = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		workers[i].first = first;
		workers[i].last = last;
		need(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "no thread");
	}
	while (!ending && time(NULL) < end) {
		usleep(500000);
		fork_child();
	}
	ending = true;
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	settle();
	if (!wrong && (!pinned_falls_to(pinned) || pinned_bytes() != pinned)) {
		printf("WRONG: %" PRIu64 " bytes were pinned, now %" PRIu64 "\n", pinned, pinned_bytes());
		wrong = true;
	}
	printf("soak: %llu steps, %llu blocks made, %llu questions, %llu maps, %llu not in a row, %llu routes taken, %llu refused, %llu "
	       "children, %llu copies by devices\n", steps, made, asked, mapped, scattered, taken, refused, children,
	       devices_copies());
	if (!wrong && (taken < 10 || asked < 20 || mapped == 0)) {
		printf("WRONG: too little has happened to be a check\n");
		wrong = true;
	}
	return !wrong;
}
