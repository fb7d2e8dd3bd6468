/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Parts of a lookup benchmark: time, random numbers, addresses, threads. */

/* Makes the compiler compute the value, because its use is unknown. */
#define CONSUME(x) asm volatile("" : : "r"(x))
/* Makes the compiler forget the value. */
#define FORGET(x) asm volatile("" : "+r"(x))
/* Makes the compiler store the data that the pointer leads to. */
#define CONSUME_MEMORY(p) asm volatile("" : : "r"(p) : "memory")

static inline void
relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	asm volatile("yield");
#endif
}

uint64_t now_ns(void);
/* The time between two calls of now_ns() in a row. */
double clock_cost(void);

/* xorshift64*: fast, and good enough to defeat prefetchers. The state is never 0. */
static inline uint64_t
random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* In [0, n), n up to 2^32. */
static inline uint64_t
random_below(uint64_t *state, uint64_t n)
{
	return (random_next(state) >> 32) * n >> 32;
}

/* Puts the numbers 0 to n - 1 into a random order. */
void shuffle(unsigned int *order, unsigned int n, uint64_t *state);
/* Makes next[] one random cycle through 0 to n - 1. */
void random_cycle(uint32_t *next, uint32_t n, uint64_t *state);

/* The addresses of one timed pass: 16 KiB of them, so that they and a small table share the L1 cache, as the
 * addresses of a burst would. Each pass has new ones, made while no clock runs: after a few passes all of the
 * working set has been visited. */
#define PASS 2048
#define BURST 32

struct addresses {
	const void *va[PASS];
	uint64_t random;        /* state */
	uint64_t page;          /* the next one, in sequence */
};

/* In pages of one size, a power of two. */
void addresses_fill(struct addresses *addresses, uint64_t base, uint64_t page_size, uint64_t pages,
		    bool sequential);

/* The CPUs that this process may run on. Returns their number. */
unsigned int cpus_allowed(int *cpus, unsigned int n);
/* Runs the calling thread on one CPU. */
void pin(int cpu);

/* Threads that do the same work at the same time, one on each CPU. The caller is the first of them. */
struct team;
struct team *team_create(const int *cpus, unsigned int threads);
void team_destroy(struct team *team);
void team_run(struct team *team, void (*fn)(unsigned int thread, void *arg), void *arg);
/* Called by all threads. Returns when all have called it. */
void team_meet(struct team *team);

#endif /* BENCH_H */
