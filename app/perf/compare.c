/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * What got slower between two runs by more than the noise.
 *
 * Clocks and neighbours differ from run to run, so times are measured against yardsticks, which do
 * not change with our code: in the suite lookup the array loads, in the suite eal one of EAL's
 * functions. To count as slower, a result has to be so against all yardsticks together and against
 * the one under the same conditions. The suites that have no yardstick of their own use the array
 * loads, which ran at another time, and get twice the tolerance.
 *
 * Noise is what the quartiles of both runs say, and at least the tolerance that the user gives.
 */

#include <stdlib.h>
#include <string.h>

#include "perf.h"

struct comparison {
	const struct results *old, *new;
	double tolerance;
	double *changes;        /* room for one a result */
	double machine[2];      /* how many times slower, by each yardstick */
};

/* What results of a suite are measured against, by the beginning of the name. */
static const struct yardstick {
	const char *suite, *name;
} yardsticks[] = {
	{ "lookup", "floor" },
	{ "eal", "rte_mem_virt2memseg" },
};

static bool
is_yardstick(const struct yardstick *yardstick, const struct result *result)
{
	return strcmp(result->suite, yardstick->suite) == 0 &&
	       strncmp(result->name, yardstick->name, strlen(yardstick->name)) == 0;
}

/* New by old, or 0 where one of the runs has no such result. */
static double
change_of(const struct comparison *comparison, const struct result *what)
{
	const struct result *const old = results_find(comparison->old, what);
	const struct result *const new = results_find(comparison->new, what);

	return old == NULL || new == NULL ? 0 : new->median / old->median;
}

/* The median change of a yardstick, 1 if it was not measured. */
static double
machine(const struct comparison *comparison, const struct yardstick *yardstick)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < comparison->new->n; i++) {
		const struct result *const new = &comparison->new->result[i];
		const double change = is_yardstick(yardstick, new) ? change_of(comparison, new) : 0;

		if (change > 0)
			comparison->changes[n++] = change;
	}
	return n == 0 ? 1 : stats_of(comparison->changes, n).median;
}

static double
half_width(const struct result *result)
{
	return (result->high - result->low) / 2 / result->median;
}

struct verdict {
	double factor;          /* how many times slower, the machine's part taken out */
	double noise;           /* by how much that may differ from 1 */
};

static struct verdict
judge(const struct comparison *comparison, const struct result *old, const struct result *new)
{
	const bool eal = strcmp(new->suite, "eal") == 0, lookup = strcmp(new->suite, "lookup") == 0;
	struct verdict verdict = {
		.factor = new->median / old->median,
		.noise = 3 * (half_width(old) + half_width(new)),
	};
	double tolerance = comparison->tolerance;
	struct result here = *new;

	/* Memory is not a matter of the machine's speed. */
	if (strcmp(new->unit, "KiB") != 0) {
		double scale = comparison->machine[eal], change;

		if (eal)
			snprintf(here.name, sizeof(here.name), "%s, last list", yardsticks[1].name);
		else
			snprintf(here.name, sizeof(here.name), "%s%s", yardsticks[0].name,
				 strncmp(new->name, "single", 6) == 0 ? new->name + 6 : "");
		change = change_of(comparison, &here);
		scale = change > scale ? change : scale;
		verdict.factor /= scale;
		if (!eal && !lookup)
			tolerance *= 2;
	}
	if (verdict.noise < tolerance)
		verdict.noise = tolerance;
	return verdict;
}

int
compare(const struct results *old, const struct results *new, double tolerance, FILE *out)
{
	struct comparison comparison = { .old = old, .new = new, .tolerance = tolerance };
	unsigned int common = 0, slower = 0, faster = 0;

	comparison.changes = calloc(new->n + 1, sizeof(*comparison.changes));
	if (comparison.changes == NULL) {
		complain("no memory");
		return EXIT_USAGE;
	}
	for (unsigned int i = 0; i < 2; i++)
		comparison.machine[i] = machine(&comparison, &yardsticks[i]);
	for (unsigned int i = 0; i < new->n; i++) {
		const struct result *const result = &new->result[i];
		const struct result *const before = results_find(old, result);
		struct verdict verdict;
		char text[160];

		if (before == NULL)
			continue;
		common++;
		if (is_yardstick(&yardsticks[0], result) || is_yardstick(&yardsticks[1], result))
			continue;
		verdict = judge(&comparison, before, result);
		if (verdict.factor < 1 / (1 + verdict.noise))
			faster++;
		if (verdict.factor <= 1 + verdict.noise)
			continue;
		slower++;
		fprintf(out, "slower: %s: %.3g %s -> %.3g %s, %.2f times (noise: %.0f%%)\n",
			result_describe(result, text, sizeof(text)), before->median, before->unit,
			result->median, result->unit, verdict.factor, verdict.noise * 100);
	}
	free(comparison.changes);
	if (common == 0) {
		complain("the two runs have no result in common");
		return EXIT_USAGE;
	}
	fprintf(out, "compared %u results: %u slower and %u faster by more than the noise; the "
		"machine: %.2f times slower\n", common, slower, faster, comparison.machine[0]);
	if (old->n > common || new->n > common)
		fprintf(out, "%u results only in the old run, %u only in the new\n",
			old->n - common, new->n - common);
	return slower > 0 ? EXIT_SLOWER : EXIT_SUCCESS;
}
