/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The report on standard output. */

#include <stdio.h>

#include "perf.h"

static void
table_write(FILE *out, const struct results *results, const struct grid *grid)
{
	char text[48];

	fprintf(out, "\n%s\n  %-30s", grid->title, grid->unit);
	for (unsigned int c = 0; c < grid->n_columns; c++)
		fprintf(out, "%18s", grid_head(grid, c, text, sizeof(text)));
	fprintf(out, "\n");
	for (unsigned int r = 0; r < grid->n_rows; r++) {
		fprintf(out, "  %-30s", grid->rows[r]->name);
		for (unsigned int c = 0; c < grid->n_columns; c++) {
			const struct result *const result = grid_cell(results, grid, r, c);

			fprintf(out, "%18s", result == NULL ? ""
					     : result_text(result, text, sizeof(text)));
		}
		fprintf(out, "\n");
	}
}

void
report(FILE *out, const struct results *results)
{
	struct grid grid;

	for (unsigned int i = 0; i < results->n_environments; i++) {
		const struct environment *const environment = &results->environment[i];

		if (i == 0)
			fprintf(out, "dpdk-ioas-perf %s, %s\n", environment->version,
				environment->date);
		fprintf(out, "%s%s%s, %u CPUs%s, %s, %s, %s, bulk lookups: %s\n",
			environment->machine, environment->machine[0] != '\0' ? ": " : "",
			environment->cpu, environment->cores,
			environment_counts(environment) ? ", clock of instructions" : "", environment->kernel,
			environment->compiler,
			environment->dpdk[0] != '\0' ? environment->dpdk : "no DPDK",
			environment->bulk);
	}
	fprintf(out, "Medians, and half of what lies between the quartiles.\n");
	for (unsigned int i = 0; grid_next(results, &i, &grid);)
		table_write(out, results, &grid);
	for (unsigned int i = 0; i < results->n_notes; i++) {
		const struct note *const note = &results->notes[i];

		fprintf(out, "%s%s%s%s: %s\n", i == 0 ? "\n" : "", note->suite,
			note->machine[0] != '\0' ? " on " : "", note->machine, note->text);
	}
}

void
report_goals(FILE *out, const struct goal *goals, unsigned int n)
{
	char text[96], range[32];

	fprintf(out, "\n%-72s %12s %12s  %s\n", "goals", "wanted", "measured", "99 of 100 times");
	for (unsigned int i = 0; i < n; i++) {
		const struct goal *const goal = &goals[i];
		const char *const says = goal->state == GOAL_MISSED
			? "NOT MET" : goal_text(goal, text, sizeof(text));

		fprintf(out, "%-72s %s %6g %-5s ", goal->what, goal->sign, goal->limit, goal->unit);
		snprintf(range, sizeof(range), "%.4g to %.4g", goal->low, goal->high);
		if (goal->state == GOAL_NOT_MEASURED)
			fprintf(out, "%s\n", says);
		else
			fprintf(out, "%8.4g  %-20s %s\n", goal->value, range, says);
	}
}

void
report_comparison(FILE *out, const struct comparison *comparison)
{
	for (unsigned int i = 0; i < comparison->n_changes; i++) {
		const struct change *const change = &comparison->changes[i];

		fprintf(out, "slower: %s: ", change->what);
		if (change->unit[0] != '\0')
			fprintf(out, "%.3g %s -> %.3g %s, ", change->before, change->unit,
				change->after, change->unit);
		fprintf(out, "%.2f times (%.2f to %.2f; up to %.2f is taken for noise)\n",
			change->factor, change->low, change->high, change->limit);
	}
	fprintf(out, "compared %u results: %u slower and %u faster by more than the noise; the "
		"machine: %.2f times slower\n", comparison->common, comparison->slower,
		comparison->faster, comparison->machine);
	if (comparison->only_old + comparison->only_new > 0)
		fprintf(out, "%u results only in the old run, %u only in the new\n",
			comparison->only_old, comparison->only_new);
}
