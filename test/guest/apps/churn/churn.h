/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef CHURN_H
#define CHURN_H

/*
 * What the files of churn share: a DPDK application whose memory never stands still. It is not linked
 * to dpdk-ioas: the plugin comes in by EAL's -d, and tells by telemetry how many areas there are.
 *
 * main.c starts and stops all. packets.c sends checked packets between two ports, on the main lcore;
 * allocate.c takes and gives back memory of EAL's, on worker lcores; external.c does so with memory
 * of its own, on a thread that EAL does not know. Now and then all of them rest, and check.c
 * compares what there is with what the kernel has pinned.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_memory.h>

#define KB ((size_t)1 << 10)
#define MB ((size_t)1 << 20)
#define SMALL_PAGE (4 * KB)
#define LARGE_PAGE (2 * MB)

/* What has happened, for the line at the end. */
struct figures {
	atomic_ullong packets, lost, pools;     /* packets.c */
	atomic_ullong objects, zones, mempools; /* allocate.c */
	atomic_ullong refused;                  /* there was no memory */
	atomic_ullong grown, shrunk;            /* pages of EAL's heaps */
	atomic_ullong maps, blocks;             /* external.c */
	atomic_ullong rests;
};
extern struct figures figures;

/* Says what is wrong and ends the program. */
_Noreturn void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Between two steps of a thread: waits while all rest. False: time is up. */
bool go_on(void);

/* The next of a thread's random numbers, below n. */
uint64_t random_below(uint64_t *state, uint64_t n);
/* One of which small ones are as frequent as large ones: from low to high. */
size_t random_size(uint64_t *state, size_t low, size_t high);

/* packets.c: on the main lcore. */
void packets_start(void);
void packets_step(void);
void packets_end(void);

/* allocate.c: an lcore's function; the argument is its struct allocator. */
struct allocator {
	uint64_t random;
	size_t limit;
};
int allocate(void *arg);

/* external.c: a thread's function; its argument is the random number to start with. */
void *external(void *arg);
/* How many bytes of it are mapped, while all rest. */
uint64_t external_mapped(void);

/* check.c */
void check_start(void);
/* Every page of EAL's memory in [va, va + length) has the IOVA that its segment has. */
void check_memory(const char *what, const void *va, size_t length);
/* And they are consecutive from this one on. */
void check_contiguous(const char *what, const void *va, size_t length, rte_iova_t iova);
/* While all rest: all that there is, and nothing else, is mapped and pinned. */
void check_rest(void);
/* In the end: so many areas are left as there were, but for pages that EAL keeps. */
void check_end(void);

#endif /* CHURN_H */
