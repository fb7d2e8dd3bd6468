/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdlib.h>

#include "perf.h"

static int
compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Between two neighbours of a sorted array, linear. */
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

double
stats_ratio(const struct result *a, const struct result *b)
{
	double ratios[MAX_SAMPLES];

	if (a->rounds != b->rounds || a->rounds == 0)
		return a->median / b->median;
	for (unsigned int i = 0; i < a->rounds; i++)
		ratios[i] = a->sample[i] / b->sample[i];
	return stats_of(ratios, a->rounds).median;
}
