/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The tables on standard output. Results that differ in nothing but name and working set are one
 * table: a line a name, a column a working set.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "perf.h"

#define MAX_COLUMNS 8

const char *
size_text(uint64_t size, char *text, size_t room)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	unsigned int unit = 0;

	while (unit < 5 && size >= 1024 && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	snprintf(text, room, "%" PRIu64 " %s", size, units[unit]);
	return text;
}

static bool
same_table(const struct result *a, const struct result *b)
{
	struct result c = *a;

	c.working_set = b->working_set;
	c.maps = b->maps;
	return result_comparable(&c, b);
}

static void
cell(FILE *out, const struct result *result)
{
	char text[48];
	int n;

	if (result == NULL) {
		fprintf(out, "%18s", "");
		return;
	}
	n = snprintf(text, sizeof(text), result->median < 100 ? "%.2f" : "%.0f", result->median);
	/* The spread: half of what lies between the quartiles. */
	if (result->rounds > 1)
		snprintf(text + n, sizeof(text) - n, " +-%.0f%%",
			 (result->high - result->low) / 2 / result->median * 100);
	fprintf(out, "%18s", text);
}

static void
column_head(FILE *out, const struct result *result)
{
	char text[32];

	if (result->maps != 0)
		snprintf(text, sizeof(text), "%u maps", result->maps);
	else
		size_text(result->working_set, text, sizeof(text));
	fprintf(out, "%18s", text);
}

/* The table that the i-th result begins. */
static void
table(FILE *out, const struct results *results, unsigned int i)
{
	const struct result *const first = &results->result[i];
	const struct result *columns[MAX_COLUMNS];
	unsigned int n = 0;

	fprintf(out, "\n%s", first->suite);
	if (first->pattern[0] != '\0')
		fprintf(out, ", %s", first->pattern);
	if (first->placement[0] != '\0')
		fprintf(out, ", %s IOVAs", first->placement);
	if (first->threads > 0)
		fprintf(out, ", %u thread%s", first->threads, first->threads > 1 ? "s" : "");
	fprintf(out, "%s\n", first->writer ? ", with a writer" : "");

	for (unsigned int k = i; k < results->n; k++) {
		const struct result *const result = &results->result[k];
		bool known = !same_table(first, result);

		for (unsigned int c = 0; !known && c < n; c++)
			known = columns[c]->working_set == result->working_set &&
				columns[c]->maps == result->maps;
		if (!known && n < MAX_COLUMNS)
			columns[n++] = result;
	}
	fprintf(out, "  %-30s", first->unit);
	for (unsigned int c = 0; c < n; c++)
		column_head(out, columns[c]);
	fprintf(out, "\n");
	for (unsigned int k = i; k < results->n; k++) {
		const struct result *const row = &results->result[k];
		bool printed = !same_table(first, row);

		for (unsigned int p = i; !printed && p < k; p++)
			printed = same_table(first, &results->result[p]) &&
				  strcmp(results->result[p].name, row->name) == 0;
		if (printed)
			continue;
		fprintf(out, "  %-30s", row->name);
		for (unsigned int c = 0; c < n; c++) {
			struct result what = *columns[c];

			memcpy(what.name, row->name, sizeof(what.name));
			cell(out, results_find(results, &what));
		}
		fprintf(out, "\n");
	}
}

void
report(FILE *out, const struct environment *environment, const struct results *results)
{
	fprintf(out, "dpdk-ioas-perf %s, %s\n", environment->version, environment->date);
	fprintf(out, "%s, %u CPUs, %s, %s, %s, bulk lookups: %s\n", environment->cpu,
		environment->cores, environment->kernel, environment->compiler,
		environment->dpdk[0] != '\0' ? environment->dpdk : "no DPDK", environment->bulk);
	fprintf(out, "Medians, and half of what lies between the quartiles.\n");
	for (unsigned int i = 0; i < results->n; i++) {
		bool begun = false;

		for (unsigned int k = 0; !begun && k < i; k++)
			begun = same_table(&results->result[k], &results->result[i]);
		if (!begun)
			table(out, results, i);
	}
	for (unsigned int i = 0; i < results->n_notes; i++)
		fprintf(out, "%s%s: %s\n", i == 0 ? "\n" : "", results->notes[i].suite,
			results->notes[i].text);
}

void
report_goals(FILE *out, const struct goal *goals, unsigned int n)
{
	fprintf(out, "\n%-72s %12s %12s\n", "goals", "wanted", "measured");
	for (unsigned int i = 0; i < n; i++) {
		const struct goal *const goal = &goals[i];

		fprintf(out, "%-72s %s %6g %-5s ", goal->what, goal->sign, goal->limit, goal->unit);
		if (goal->measured)
			fprintf(out, "%8.3g  %s\n", goal->value, goal->met ? "met" : "NOT MET");
		else
			fprintf(out, "not measured: needs %s\n", goal->missing);
	}
}
