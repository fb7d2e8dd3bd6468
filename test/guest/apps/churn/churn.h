/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef CHURN_H
#define CHURN_H

/*
 * Shared by the files of churn: a DPDK application that allocates and frees memory all the time. It is not
 * linked to dpdk-ioas: EAL loads the plugin with -d, and telemetry reports the number of areas.
 *
 * main.c starts and stops everything. packets.c sends checked packets between two ports, on the main lcore.
 * allocate.c allocates and frees EAL's memory, on worker lcores. external.c does so with the application's
 * own memory, on a thread that EAL does not know. From time to time all of them rest, and check.c compares
 * the existing memory with the memory that the kernel has pinned.
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

/* Counts for the line at the end. */
struct figures {
	atomic_ullong packets, lost, pools;     /* packets.c */
	atomic_ullong objects, zones, mempools; /* allocate.c */
	atomic_ullong refused;                  /* for lack of memory */
	atomic_ullong grown, shrunk;            /* pages of EAL's heaps */
	atomic_ullong maps, blocks;             /* external.c */
	atomic_ullong rests;
};
extern struct figures figures;

/* Prints what is wrong and ends the program. */
_Noreturn void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called between two steps of a thread: waits while all rest. False: time is up. */
bool go_on(void);

/* The next of a thread's random numbers, below n. */
uint64_t random_below(uint64_t *state, uint64_t n);
/* A random size from low to high; small ones are as frequent as large ones. */
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

/* external.c: a thread's function; its argument is the seed. */
void *external(void *arg);
/* The number of its mapped bytes, while all rest. */
uint64_t external_mapped(void);

/* check.c */
void check_start(void);
/* Every page of EAL's memory in [va, va + length) has the IOVA that its segment has. */
void check_memory(const char *what, const void *va, size_t length);
/* The IOVAs are also consecutive, starting with this one. */
void check_contiguous(const char *what, const void *va, size_t length, rte_iova_t iova);
/* While all rest: exactly the existing memory is mapped and pinned. */
void check_rest(void);
/* At the end: as many areas are left as at the start, except for pages that EAL keeps. */
void check_end(void);

#endif /* CHURN_H */
