/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 *	churn EAL-OPTIONS -- SECONDS [SEED [MIB]]
 *
 * The options must provide three lcores and two connected ports. Each allocating lcore keeps at most MIB. The
 * status is 0 if nothing was wrong; otherwise the last line says what was.
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "churn.h"

#define SECONDS_BETWEEN_RESTS 3

struct figures figures;

static atomic_bool time_is_up, rest_wanted;
static pthread_barrier_t barrier;

void
wrong(const char *format, ...)
{
	va_list ap;

	fputs("WRONG: ", stdout);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	puts("");
	fflush(stdout);
	/* Other threads are in the middle of a step. */
	_exit(EXIT_FAILURE);
}

bool
go_on(void)
{
	if (rest_wanted) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return !time_is_up;
}

uint64_t
random_below(uint64_t *state, uint64_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % n;
}

size_t
random_size(uint64_t *state, size_t low, size_t high)
{
	size_t top = low;

	while (top < high && random_below(state, 8) != 0)
		top *= 2;
	return low + random_below(state, RTE_MIN(top, high) - low + 1);
}

/* All threads rest between two steps, the memory is checked, and they continue or end. */
static void
rest(bool last)
{
	rest_wanted = true;
	pthread_barrier_wait(&barrier);
	rest_wanted = false;
	time_is_up = last;
	check_rest();
	figures.rests++;
	pthread_barrier_wait(&barrier);
}

static uint64_t
seconds(void)
{
	return rte_get_timer_cycles() / rte_get_timer_hz();
}

static void
print_figures(void)
{
	printf("checked: %llu packets of %llu pools (%llu lost), %llu objects, %llu memzones, %llu "
	       "mempools (%llu refused), %llu pages grown, %llu shrunk, %llu maps of %llu external "
	       "blocks, %llu rests\n", figures.packets, figures.pools, figures.lost,
	       figures.objects, figures.zones, figures.mempools, figures.refused, figures.grown,
	       figures.shrunk, figures.maps, figures.blocks, figures.rests);
	if (figures.packets < 1000 || figures.grown == 0 || figures.shrunk == 0 ||
	    figures.maps == 0 || figures.rests == 0)
		wrong("too little has happened to be a check");
}

int
main(int argc, char **argv)
{
	uint64_t seed, end, next_rest;
	struct allocator allocators[RTE_MAX_LCORE];
	pthread_t thread;
	size_t limit;
	unsigned int lcore;
	int used;

	setvbuf(stdout, NULL, _IOLBF, 0);
	used = rte_eal_init(argc, argv);
	if (used < 0 || used + 1 >= argc || rte_lcore_count() < 3) {
		fprintf(stderr, "usage: churn EAL-OPTIONS -- SECONDS [SEED [MIB]], with three lcores\n");
		return 2;
	}
	argv += used;
	argc -= used;
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	limit = (argc > 3 ? strtoull(argv[3], NULL, 0) : 768) * MB;
	printf("churn: %s seconds, seed %" PRIu64 ", up to %zu MiB an lcore\n", argv[1], seed,
	       limit / MB);
	seed = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);

	check_start();
	packets_start();
	pthread_barrier_init(&barrier, NULL, rte_lcore_count() + 1);
	RTE_LCORE_FOREACH_WORKER(lcore) {
		allocators[lcore] = (struct allocator){ .random = seed + lcore, .limit = limit };
		rte_eal_remote_launch(allocate, &allocators[lcore], lcore);
	}
	if (pthread_create(&thread, NULL, external, &seed) != 0)
		wrong("no thread");

	end = seconds() + strtoull(argv[1], NULL, 0);
	next_rest = seconds() + SECONDS_BETWEEN_RESTS;
	while (seconds() < end) {
		packets_step();
		if (seconds() >= next_rest) {
			rest(false);
			next_rest = seconds() + SECONDS_BETWEEN_RESTS;
		}
	}
	rest(true);
	rte_eal_mp_wait_lcore();
	pthread_join(thread, NULL);
	packets_end();
	/* Everything has been freed, except the memory of EAL itself and of the drivers. */
	check_end();
	print_figures();
	rte_eal_cleanup();
	puts("PASSED");
	return EXIT_SUCCESS;
}
