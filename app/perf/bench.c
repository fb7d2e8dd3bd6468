/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The clock, the addresses and the threads of benchmarks. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "perf.h"

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

double
clock_cost(void)
{
	double cost[101];

	for (unsigned int i = 0; i < 101; i++) {
		const uint64_t start = now_ns();

		cost[i] = now_ns() - start;
	}
	return stats_of(cost, 101).median;
}

void
shuffle(unsigned int *order, unsigned int n, uint64_t *state)
{
	for (unsigned int i = 0; i < n; i++) {
		const unsigned int k = random_below(state, i + 1);

		if (k != i)
			order[i] = order[k];
		order[k] = i;
	}
}

/* Sattolo's algorithm. */
void
random_cycle(uint32_t *next, uint32_t n, uint64_t *state)
{
	for (uint32_t i = 0; i < n; i++)
		next[i] = i;
	for (uint32_t i = n - 1; i > 0; i--) {
		const uint32_t k = random_below(state, i), tmp = next[i];

		next[i] = next[k];
		next[k] = tmp;
	}
}

void
addresses_fill(struct addresses *addresses, uint64_t base, uint64_t page_size, uint64_t pages,
	       bool sequential)
{
	for (unsigned int i = 0; i < PASS; i++) {
		const uint64_t r = random_next(&addresses->random);
		uint64_t page = (r >> 32) * pages >> 32;

		if (sequential) {
			page = addresses->page;
			addresses->page = page + 1 < pages ? page + 1 : 0;
		}
		/* Buffers are aligned to cache lines. */
		addresses->va[i] = (const void *)(uintptr_t)(base + page * page_size +
							    (r & (page_size - 64)));
	}
}

unsigned int
cpus_allowed(int *cpus, unsigned int n)
{
	cpu_set_t set;
	unsigned int count = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE && count < n; i++)
		if (CPU_ISSET(i, &set))
			cpus[count++] = i;
	return count;
}

void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

struct member {
	struct team *team;
	unsigned int index;
	int cpu;
	pthread_t thread;
};

struct team {
	unsigned int n;
	atomic_uint arrived, meeting;   /* a barrier */
	void (*fn)(unsigned int thread, void *arg); /* NULL: the thread ends */
	void *arg;
	cpu_set_t affinity;             /* the caller's affinity */
	struct member member[];
};

/* Spins first, because a thread that must be woken starts late. Yields later, because the thread that it
 * waits for may need the CPU. */
void
team_meet(struct team *team)
{
	const unsigned int meeting = atomic_load(&team->meeting);

	if (atomic_fetch_add(&team->arrived, 1) + 1 == team->n) {
		atomic_store(&team->arrived, 0);
		atomic_store(&team->meeting, meeting + 1);
		return;
	}
	for (unsigned int i = 0; atomic_load(&team->meeting) == meeting; i++) {
		relax();
		if (i > 1000)
			sched_yield();
	}
}

static void *
member_main(void *arg)
{
	const struct member *const member = arg;
	struct team *const team = member->team;

	pin(member->cpu);
	for (;;) {
		team_meet(team);
		if (team->fn == NULL)
			return NULL;
		team->fn(member->index, team->arg);
		team_meet(team);
	}
}

void
team_run(struct team *team, void (*fn)(unsigned int thread, void *arg), void *arg)
{
	team->fn = fn;
	team->arg = arg;
	team_meet(team);
	if (fn == NULL)
		return;
	fn(0, arg);
	team_meet(team);
}

struct team *
team_create(const int *cpus, unsigned int threads)
{
	struct team *const team = calloc(1, sizeof(*team) + threads * sizeof(team->member[0]));

	if (team == NULL)
		return NULL;
	sched_getaffinity(0, sizeof(team->affinity), &team->affinity);
	team->n = threads;
	for (unsigned int i = 1; i < threads; i++) {
		struct member *const member = &team->member[i];

		*member = (struct member){ .team = team, .index = i, .cpu = cpus[i] };
		if (pthread_create(&member->thread, NULL, member_main, member) != 0) {
			team->n = i;
			team_destroy(team);
			return NULL;
		}
	}
	pin(cpus[0]);
	return team;
}

void
team_destroy(struct team *team)
{
	team_run(team, NULL, NULL);
	for (unsigned int i = 1; i < team->n; i++)
		pthread_join(team->member[i].thread, NULL);
	sched_setaffinity(0, sizeof(team->affinity), &team->affinity);
	free(team);
}
