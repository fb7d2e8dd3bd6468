/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Medians and quantiles of samples, and the effect of noise on a ratio. */
#include <stdlib.h>

#include "bench.h"
#include "perf.h"

static int
compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Interpolates linearly between two neighbours of a sorted array. */
static double
quantile(const double *sorted, unsigned int n, double q)
{
	const double at = q * (n - 1);
	const unsigned int i = (unsigned int)at;

	return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

struct stats
stats_of(double *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return (struct stats){
		.median = quantile(values, n, 0.5),
		.low = quantile(values, n, 0.25),
		.high = quantile(values, n, 0.75),
	};
}

unsigned int
stats_pairs(const struct result *a, const struct result *b, double *ratios)
{
	if (a->rounds != b->rounds)
		return 0;
	for (unsigned int i = 0; i < a->rounds; i++)
		ratios[i] = a->sample[i] / b->sample[i];
	return a->rounds;
}

/* The median of one of the runs, with its values drawn again. */
static double
draw(const struct sampled *sampled, uint64_t *random)
{
	const unsigned int run = random_below(random, sampled->runs), n = sampled->n[run];
	double values[MAX_SAMPLES];

	for (unsigned int i = 0; i < n; i++)
		values[i] = sampled->values[run][random_below(random, n)];
	return stats_of(values, n).median;
}

#define DRAWS 1000

struct stats
stats_bootstrap(const struct sampled *a, const struct sampled *b)
{
	uint64_t random = 1;
	double ratios[DRAWS];

	for (unsigned int i = 0; i < DRAWS; i++)
		ratios[i] = draw(a, &random) / draw(b, &random);
	qsort(ratios, DRAWS, sizeof(*ratios), compare_doubles);
	return (struct stats){
		.median = quantile(ratios, DRAWS, 0.5),
		.low = quantile(ratios, DRAWS, 0.005),
		.high = quantile(ratios, DRAWS, 0.995),
	};
}

struct stats
stats_ratio(const struct result *a, const struct result *b)
{
	const double one = 1;
	const struct sampled all_a = { .values = { a->sample }, .n = { a->rounds }, .runs = 1 };
	const struct sampled all_b = { .values = { b->sample }, .n = { b->rounds }, .runs = 1 };
	const struct sampled nothing = { .values = { &one }, .n = { 1 }, .runs = 1 };
	double ratios[MAX_SAMPLES];
	const unsigned int n = stats_pairs(a, b, ratios);
	const struct sampled rounds = { .values = { ratios }, .n = { n }, .runs = 1 };
	struct stats stats;

	stats = n == 0 ? stats_bootstrap(&all_a, &all_b) : stats_bootstrap(&rounds, &nothing);
	stats.median = n == 0 ? a->median / b->median : stats_of(ratios, n).median;
	return stats;
}
