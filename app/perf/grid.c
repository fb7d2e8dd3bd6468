/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Converts results to tables, which report.c and html.c write. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "perf.h"

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
set_title(struct grid *grid, const struct result *result)
{
	char threads[24] = "";

	if (result->threads > 0)
		snprintf(threads, sizeof(threads), ", %u thread%s", result->threads,
			 result->threads > 1 ? "s" : "");
	snprintf(grid->title, sizeof(grid->title), "%s%s%s%s%s%s%s%s%s%s", result->suite,
		 result->machine[0] != '\0' ? " on " : "", result->machine,
		 result->pattern[0] != '\0' ? ", " : "", result->pattern,
		 result->placement[0] != '\0' ? ", " : "", result->placement,
		 result->placement[0] != '\0' ? " IOVAs" : "", threads,
		 result->writer ? ", with a writer" : "");
}

static void
add_column(struct grid *grid, const struct result *result)
{
	for (unsigned int i = 0; i < grid->n_columns; i++)
		if (grid->columns[i]->working_set == result->working_set &&
		    grid->columns[i]->maps == result->maps)
			return;
	if (grid->n_columns < MAX_COLUMNS)
		grid->columns[grid->n_columns++] = result;
}

static void
add_row(struct grid *grid, const struct result *result)
{
	for (unsigned int i = 0; i < grid->n_rows; i++)
		if (strcmp(grid->rows[i]->name, result->name) == 0)
			return;
	if (grid->n_rows < MAX_ROWS)
		grid->rows[grid->n_rows++] = result;
}

/* Whether an earlier result begins the same grid. */
static bool
begun(const struct results *results, unsigned int i)
{
	for (unsigned int k = 0; k < i; k++)
		if (same_table(&results->result[k], &results->result[i]))
			return true;
	return false;
}

bool
grid_next(const struct results *results, unsigned int *i, struct grid *grid)
{
	while (*i < results->n && begun(results, *i))
		(*i)++;
	if (*i >= results->n)
		return false;
	*grid = (struct grid){ .unit = results->result[*i].unit };
	set_title(grid, &results->result[*i]);
	for (unsigned int k = *i; k < results->n; k++) {
		if (!same_table(&results->result[*i], &results->result[k]))
			continue;
		add_column(grid, &results->result[k]);
		add_row(grid, &results->result[k]);
	}
	(*i)++;
	return true;
}

const struct result *
grid_cell(const struct results *results, const struct grid *grid, unsigned int row,
	   unsigned int column)
{
	struct result what = *grid->columns[column];

	memcpy(what.name, grid->rows[row]->name, sizeof(what.name));
	return results_find(results, &what);
}

const char *
grid_head(const struct grid *grid, unsigned int column, char *text, size_t room)
{
	const struct result *const result = grid->columns[column];

	if (result->maps != 0)
		snprintf(text, room, "%u maps", result->maps);
	else if (result->working_set != 0)
		size_text(result->working_set, text, room);
	else
		snprintf(text, room, "median");
	return text;
}

const char *
result_text(const struct result *result, char *text, size_t room)
{
	int n = snprintf(text, room, result->median < 100 ? "%.2f" : "%.0f", result->median);

	if (result->rounds > 1)
		snprintf(text + n, room - n, " +-%.0f%%",
			 (result->high - result->low) / 2 / result->median * 100);
	return text;
}
