/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Finds the results that got slower between runs by more than the noise.
 *
 * Clocks and neighbours differ from run to run. Therefore times are relative to yardsticks, which do not
 * change with this project's code: in the suite lookup the array loads, in the suite eal one of EAL's
 * functions. A result counts as slower only if it is slower relative to all yardsticks together, and relative
 * to the one under the same conditions. Suites without a yardstick use those of the same machine, which ran
 * at another time, and get twice the tolerance. If the plugin and stock EAL took turns, the ratios of the
 * turns are compared.
 *
 * A bootstrap of the samples, and of the runs if several earlier ones exist, gives the range of a change that
 * noise leaves. The whole range must lie beyond the tolerance. A program on the same core takes half of the
 * core for most of a run, or for none of it. Therefore the best samples, which had the core for themselves,
 * must be slower too. In the end each suite is judged as a whole, because changes that are too small in one
 * of its results show in many.
 */

#include <stdlib.h>
#include <string.h>

#include "perf.h"

struct judge {
	const struct results *const *old;
	unsigned int n_old;
	const struct results *new;
	double tolerance;
	double *changes;        /* room for one per result */
	struct comparison *comparison;
};

/* How many times slower. */
struct factor {
	struct stats medians;   /* low, high: the range that noise leaves */
	double best;            /* by the best samples */
	bool enough;            /* has enough samples to judge */
};

/* The yardstick for results of a suite, by the beginning of its name. */
static const struct yardstick {
	const char *suite, *name;
	bool paired;            /* round by round */
} yardsticks[] = {
	{ "lookup", "floor", false },
	{ "eal", "rte_mem_virt2memseg", false },
	{ "forward", "stock", true },
	{ "startup", "stock", true },
};
#define N_YARDSTICKS (sizeof(yardsticks) / sizeof(yardsticks[0]))

static const struct yardstick *
yardstick_of(const char *suite)
{
	for (unsigned int i = 0; i < N_YARDSTICKS; i++)
		if (strcmp(yardsticks[i].suite, suite) == 0)
			return &yardsticks[i];
	return NULL;
}

static bool
is_yardstick(const struct result *result)
{
	const struct yardstick *const yardstick = yardstick_of(result->suite);

	return yardstick != NULL &&
	       strncmp(result->name, yardstick->name, strlen(yardstick->name)) == 0;
}

/* Whether the result took turns with its yardstick. */
static bool
is_paired(const struct result *result)
{
	const struct yardstick *const yardstick = yardstick_of(result->suite);

	return yardstick != NULL && yardstick->paired;
}

/* Whether the result is about memory, which does not depend on the machine's speed. */
static bool
is_memory(const struct result *result)
{
	return strcmp(result->unit, "KiB") == 0;
}

/* The result in the last of the earlier runs that has it. */
static const struct result *
before_of(const struct judge *judge, const struct result *what)
{
	const struct result *found = NULL;

	for (unsigned int i = judge->n_old; found == NULL && i > 0; i--)
		found = results_find(judge->old[i - 1], what);
	return found;
}

/* The factor by which a result got slower, or 0 if either side lacks it. */
static double
change_of(const struct judge *judge, const struct result *what)
{
	const struct result *const new = results_find(judge->new, what);
	double values[MAX_FILES];
	unsigned int n = 0;

	for (unsigned int i = 0; new != NULL && i < judge->n_old; i++) {
		const struct result *const old = results_find(judge->old[i], what);

		if (old != NULL)
			values[n++] = result_is_rate(what) ? old->median / new->median
							   : new->median / old->median;
	}
	return n == 0 ? 0 : stats_of(values, n).median;
}

/* The median change of a suite's yardstick on a machine, 0 if it was not measured. */
static double
machine_change(const struct judge *judge, const char *machine, const char *suite)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < judge->new->n; i++) {
		const struct result *const new = &judge->new->result[i];
		double change = 0;

		if (strcmp(new->machine, machine) == 0 && strcmp(new->suite, suite) == 0 &&
		    is_yardstick(new))
			change = change_of(judge, new);
		if (change > 0)
			judge->changes[n++] = change;
	}
	return n == 0 ? 0 : stats_of(judge->changes, n).median;
}

/* The yardstick under the same conditions as a result. */
static struct result
yardstick_beside(const struct result *result, const struct yardstick *yardstick)
{
	struct result beside = *result;

	if (strcmp(yardstick->suite, "eal") == 0)
		snprintf(beside.name, sizeof(beside.name), "%s, last list", yardstick->name);
	else if (yardstick->paired)
		snprintf(beside.name, sizeof(beside.name), "%s", yardstick->name);
	else
		snprintf(beside.name, sizeof(beside.name), "%s%s", yardstick->name,
			 strncmp(result->name, "single", 6) == 0 ? result->name + 6 : "");
	return beside;
}

/* The factor by which the machine has made a result slower. */
static double
scale_of(const struct judge *judge, const struct result *result)
{
	const struct yardstick *const yardstick = yardstick_of(result->suite);
	double scale = 0, beside;
	struct result what;

	if (is_memory(result) || is_paired(result))
		return 1;
	if (yardstick != NULL) {
		what = yardstick_beside(result, yardstick);
		scale = machine_change(judge, result->machine, result->suite);
		beside = change_of(judge, &what);
		return beside > scale ? beside : scale > 0 ? scale : 1;
	}
	for (unsigned int i = 0; scale <= 0 && i < N_YARDSTICKS; i++)
		if (!yardsticks[i].paired)
			scale = machine_change(judge, result->machine, yardsticks[i].suite);
	return scale > 0 ? scale : 1;
}

/* With fewer samples a result counts only in its suite. */
static bool
has_enough(const struct sampled *sampled)
{
	for (unsigned int run = 0; run < sampled->runs; run++)
		if (sampled->n[run] < ENOUGH_SAMPLES)
			return false;
	return true;
}

/* The least disturbed sample of each run; of several runs the slowest of these. */
static double
best_of(const struct sampled *sampled)
{
	double slowest = 0;

	for (unsigned int run = 0; run < sampled->runs; run++) {
		double best = sampled->values[run][0];

		for (unsigned int i = 1; i < sampled->n[run]; i++)
			best = sampled->values[run][i] < best ? sampled->values[run][i] : best;
		slowest = best > slowest ? best : slowest;
	}
	return slowest;
}

/* Adds a run's values, relative to the yardstick if they took turns. The caller provides the room. */
static void
sampled_add(struct sampled *sampled, const struct results *run, const struct result *result,
	    double *room)
{
	const double *values = result->sample;
	unsigned int n = result->rounds;

	if (is_paired(result)) {
		const struct result what = yardstick_beside(result, yardstick_of(result->suite));
		const struct result *const beside = results_find(run, &what);
		const unsigned int pairs = beside == NULL ? 0 : stats_pairs(result, beside, room);

		if (pairs > 0) {
			values = room;
			n = pairs;
		}
	}
	sampled->values[sampled->runs] = values;
	sampled->n[sampled->runs++] = n;
}

static struct factor
factor_of(const struct judge *judge, const struct result *result)
{
	static double room[MAX_FILES][MAX_SAMPLES];
	struct sampled old = { .runs = 0 }, new = { .runs = 0 };
	const double scale = scale_of(judge, result);
	struct factor factor;

	for (unsigned int i = 0; i < judge->n_old; i++) {
		const struct result *const before = results_find(judge->old[i], result);

		if (before != NULL)
			sampled_add(&old, judge->old[i], before, room[i]);
	}
	sampled_add(&new, judge->new, result, room[judge->n_old]);
	factor.medians = result_is_rate(result) ? stats_bootstrap(&old, &new)
						: stats_bootstrap(&new, &old);
	factor.medians.median /= scale;
	factor.medians.low /= scale;
	factor.medians.high /= scale;
	factor.enough = is_memory(result) || (has_enough(&old) && has_enough(&new));
	/* A turn is disturbed in one half or in the other, so no sample is the best. */
	factor.best = is_paired(result) ? factor.medians.median
					: best_of(&new) / best_of(&old) / scale;
	return factor;
}

static struct change *
change_add(struct comparison *comparison, const struct factor *factor, double limit)
{
	const struct stats *const medians = &factor->medians;
	struct change *change;

	if (medians->high < 1 / limit && factor->best < 1 / limit)
		comparison->faster++;
	if (medians->low <= limit || factor->best <= limit)
		return NULL;
	comparison->slower++;
	if (comparison->n_changes == MAX_CHANGES)
		return NULL;
	change = &comparison->changes[comparison->n_changes++];
	*change = (struct change){
		.factor = medians->median, .low = medians->low, .high = medians->high,
		.limit = limit,
	};
	return change;
}

static void
judge_result(const struct judge *judge, const struct result *before, const struct result *result,
	     const struct factor *factor)
{
	const bool own = is_memory(result) || yardstick_of(result->suite) != NULL;
	struct change *change = NULL;

	if (factor->enough)
		change = change_add(judge->comparison, factor,
				    1 + judge->tolerance * (own ? 1 : 2));
	if (change == NULL)
		return;
	result_describe(result, change->what, sizeof(change->what));
	snprintf(change->unit, sizeof(change->unit), "%s", result->unit);
	change->before = before->median;
	change->after = result->median;
}

/* The least number of results that say something about the whole suite. */
#define SUITE_RESULTS 5

/* Judges the suite, on a machine, that a result belongs to. factors: of all results; a best of 0 means not
 * judged. */
static void
judge_suite(const struct judge *judge, const struct result *member, const struct factor *factors)
{
	const double one = 1;
	const struct sampled before = { .values = { &one }, .n = { 1 }, .runs = 1 };
	double values[MAX_SAMPLES];
	struct sampled now = { .values = { values }, .runs = 1 };
	unsigned int n = 0;
	struct change *change;
	struct factor factor;

	for (unsigned int i = 0; i < judge->new->n; i++) {
		const struct result *const result = &judge->new->result[i];
		const double median = factors[i].medians.median, best = factors[i].best;

		if (strcmp(result->machine, member->machine) == 0 &&
		    strcmp(result->suite, member->suite) == 0 && best > 0)
			judge->changes[n++] = best < median ? best : median;
	}
	if (n < SUITE_RESULTS)
		return;
	now.n[0] = n < MAX_SAMPLES ? n : MAX_SAMPLES;
	for (unsigned int i = 0; i < now.n[0]; i++)
		values[i] = judge->changes[i * n / now.n[0]];
	factor.medians = stats_bootstrap(&now, &before);
	factor.best = factor.medians.median;
	factor.enough = true;
	change = change_add(judge->comparison, &factor, 1 + judge->tolerance);
	if (change != NULL)
		snprintf(change->what, sizeof(change->what), "%s: all of it%s%s", member->suite,
			 member->machine[0] != '\0' ? ", on " : "", member->machine);
}

static void
judge_suites(const struct judge *judge, const struct factor *factors)
{
	for (unsigned int i = 0; i < judge->new->n; i++) {
		const struct result *const result = &judge->new->result[i];
		bool first = true;

		for (unsigned int k = 0; first && k < i; k++)
			first = strcmp(judge->new->result[k].machine, result->machine) != 0 ||
				strcmp(judge->new->result[k].suite, result->suite) != 0;
		if (first)
			judge_suite(judge, result, factors);
	}
}

static void
judge_all(const struct judge *judge, struct factor *factors)
{
	struct comparison *const comparison = judge->comparison;

	for (unsigned int i = 0; i < judge->new->n; i++) {
		const struct result *const result = &judge->new->result[i];

		if (before_of(judge, result) == NULL) {
			comparison->only_new++;
			continue;
		}
		comparison->common++;
		if (!is_yardstick(result))
			factors[i] = factor_of(judge, result);
	}
	judge_suites(judge, factors);
	for (unsigned int i = 0; i < judge->new->n; i++) {
		const struct result *const result = &judge->new->result[i];

		if (factors[i].best > 0)
			judge_result(judge, before_of(judge, result), result, &factors[i]);
	}
}

int
compare(const struct results *const *old, unsigned int n_old, const struct results *new,
	double tolerance, struct comparison *comparison)
{
	struct judge judge = {
		.old = old, .n_old = n_old, .new = new, .tolerance = tolerance,
		.changes = calloc(new->n + 1, sizeof(double)), .comparison = comparison,
	};
	struct factor *const factors = calloc(new->n + 1, sizeof(*factors));

	*comparison = (struct comparison){ .machine = 1 };
	if (judge.changes == NULL || factors == NULL) {
		free(judge.changes);
		free(factors);
		complain("no memory");
		return EXIT_USAGE;
	}
	judge_all(&judge, factors);
	comparison->machine = machine_change(&judge, "", yardsticks[0].suite);
	if (comparison->machine <= 0)
		comparison->machine = 1;
	free(judge.changes);
	free(factors);
	if (comparison->common == 0) {
		complain("the runs have no result in common");
		return EXIT_USAGE;
	}
	for (unsigned int i = 0; i < old[n_old - 1]->n; i++)
		comparison->only_old += results_find(new, &old[n_old - 1]->result[i]) == NULL;
	return comparison->slower > 0 ? EXIT_SLOWER : EXIT_SUCCESS;
}
