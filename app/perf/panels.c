/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The panels of a picture. A panel without results is left out. */

#include <stdio.h>
#include <string.h>

#include "perf.h"

bool
series_has(const struct panel *panel, const struct series *series, const struct result *result)
{
	struct result what = series->what;

	if (panel->kind == PANEL_SIZES || panel->kind == PANEL_MAPS)
		what.working_set = result->working_set;
	what.maps = result->maps;
	return result_same(&what, result);
}

static bool
has_data(const struct results *results, const struct panel *panel, const struct series *series)
{
	for (unsigned int i = 0; i < results->n; i++)
		if (series_has(panel, series, &results->result[i]))
			return true;
	return false;
}

/* Adds a series if it has data. */
static void
series_add(const struct results *results, struct panel *panel, const char *title,
	   const struct result *what)
{
	struct series *const series = &panel->series[panel->n];

	snprintf(series->title, sizeof(series->title), "%s", title);
	series->what = *what;
	if (panel->n + 1 < MAX_SERIES && has_data(results, panel, series))
		panel->n++;
}

static struct result
template(const char *suite, const char *name, const char *pattern)
{
	struct result what = { .threads = 1, .unit = "ns" };

	snprintf(what.suite, sizeof(what.suite), "%s", suite);
	snprintf(what.name, sizeof(what.name), "%s", name);
	snprintf(what.pattern, sizeof(what.pattern), "%s", pattern);
	return what;
}

static void
lookup_panel(const struct results *results, struct panel *panel)
{
	char bulk[32];
	const struct {
		const char *name, *title;
	} lines[] = {
		{ "single dependent", "single, dependent" },
		{ "floor dependent", "array load, dependent" },
		{ "length 2048", "with length, 2 KiB" },
		{ "single", "single" },
		{ "flat", "single, flat array" },
		{ bulk, "bulk of 32" },
		{ "floor", "array load" },
	};

	snprintf(bulk, sizeof(bulk), "bulk %s", results->environment[0].bulk);
	*panel = (struct panel){ .title = "Lookups, random addresses, 1 thread",
				 .x = "working set", .y = "ns an address" };
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct result what = template("lookup", lines[i].name, "random");

		snprintf(what.placement, sizeof(what.placement), "random");
		series_add(results, panel, lines[i].title, &what);
	}
}

static void
threads_panel(const struct results *results, struct panel *panel)
{
	struct result what = template("lookup", "single", "random");
	unsigned int most = 1;
	char title[32];

	*panel = (struct panel){ .title = "Single lookups, random addresses",
				 .x = "working set", .y = "ns an address, a thread" };
	snprintf(what.placement, sizeof(what.placement), "random");
	series_add(results, panel, "1 thread", &what);
	what.writer = true;
	series_add(results, panel, "1 thread, with a writer", &what);
	what.writer = false;
	snprintf(what.placement, sizeof(what.placement), "linear");
	series_add(results, panel, "1 thread, linear IOVAs", &what);
	snprintf(what.placement, sizeof(what.placement), "random");
	for (unsigned int i = 0; i < results->n; i++)
		if (results->result[i].machine[0] == '\0' && results->result[i].threads > most)
			most = results->result[i].threads;
	what.threads = most;
	snprintf(title, sizeof(title), "%u threads", most);
	if (most > 1)
		series_add(results, panel, title, &what);
}

static void
eal_panel(const struct results *results, struct panel *panel)
{
	static const struct {
		const char *name, *title;
		uint64_t size;
	} bars[] = {
		{ "single", "single lookup", GIB(1) },
		{ "rte_mem_virt2iova, plugin", "rte_mem_virt2iova, plugin", MIB(64) },
		{ "rte_malloc_virt2iova, mode VA", "rte_malloc_virt2iova, VA", MIB(64) },
		{ "rte_malloc_virt2iova, mode PA", "rte_malloc_virt2iova, PA", MIB(64) },
		{ "rte_mem_virt2memseg, 1st list", "rte_mem_virt2memseg, 1st list", GIB(1) },
		{ "rte_mem_virt2memseg, last list", "rte_mem_virt2memseg, last list", GIB(1) },
		{ "rte_mem_virt2iova, mode PA", "rte_mem_virt2iova, PA", MIB(64) },
	};

	*panel = (struct panel){ .title = "Beside EAL's functions, random addresses",
				 .y = "ns an address", .kind = PANEL_BARS };
	for (unsigned int i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		struct result what = template("eal", bars[i].name, "random");

		what.working_set = bars[i].size;
		series_add(results, panel, bars[i].title, &what);
	}
}

/* Adds the results of a machine: "device", "kernel" or "model". */
static void
maps_series(const struct results *results, struct panel *panel, const char *machine,
	    const char *where)
{
	static const char *const names[] = { "map, chosen", "map, fixed", "unmap, chosen",
					     "unmap, fixed" };

	for (unsigned int i = 0; i < 4; i++) {
		struct result what = template("maps", names[i], where);

		snprintf(what.unit, sizeof(what.unit), "us");
		snprintf(what.machine, sizeof(what.machine), "%s", machine);
		series_add(results, panel, names[i], &what);
	}
}

/* The most realistic results. */
static void
maps_panel(const struct results *results, struct panel *panel)
{
	static const char *const where[] = { "device", "kernel", "model" };

	*panel = (struct panel){ .x = "maps in place", .y = "µs a call", .kind = PANEL_MAPS };
	for (unsigned int w = 0; w < 3; w++) {
		for (unsigned int e = 0; panel->n == 0 && e < results->n_environments; e++)
			maps_series(results, panel, results->environment[e].machine, where[w]);
		if (panel->n > 0)
			break;
	}
	panel->title = panel->n > 0 && strcmp(panel->series[0].what.pattern, "model") == 0
		? "Maps and unmaps of 4 KiB, on a model of the kernel"
		: "Maps and unmaps of 4 KiB, on the kernel";
}

/* One column for each machine. */
static void
stock_panel(const struct results *results, struct panel *panel, const char *suite)
{
	panel->kind = PANEL_RATIOS;
	for (unsigned int i = 0; i < results->n && panel->n < MAX_SERIES; i++) {
		const struct result *const result = &results->result[i];
		struct series *const series = &panel->series[panel->n];

		if (strcmp(result->suite, suite) != 0 || strcmp(result->name, "plugin") != 0)
			continue;
		snprintf(series->title, sizeof(series->title), "%s (%s)", result->machine,
			 result->pattern);
		series->what = *result;
		panel->n++;
	}
}

static void
forward_panel(const struct results *results, struct panel *panel)
{
	*panel = (struct panel){ .title = "testpmd's packets a second, turn by turn",
				 .y = "plugin / stock type1", .goal = 0.98, .sign = ">=" };
	stock_panel(results, panel, "forward");
}

static void
startup_panel(const struct results *results, struct panel *panel)
{
	*panel = (struct panel){ .title = "testpmd's start-up time, turn by turn",
				 .y = "plugin / stock type1", .goal = 1, .sign = "<=" };
	stock_panel(results, panel, "startup");
}

unsigned int
panels_of(const struct results *results, struct panel *panels)
{
	static void (*const fill[])(const struct results *results, struct panel *panel) = {
		lookup_panel, eal_panel, threads_panel, maps_panel, forward_panel, startup_panel,
	};
	unsigned int n = 0;

	for (unsigned int i = 0; i < sizeof(fill) / sizeof(fill[0]); i++) {
		fill[i](results, &panels[n]);
		n += panels[n].n > 0;
	}
	return n;
}
