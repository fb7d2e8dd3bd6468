/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The results for machines:
 *
 *   { "environment": { "cpu", "cores", "kernel", "dpdk", "compiler", "bulk", "version", "date",
 *                      "options" },
 *     "results": [ { "suite", "name", "working_set", "placement", "pattern", "threads", "writer",
 *                    "maps", "unit", "median", "low", "high", "rounds" } ],
 *     "goals": [ { "goal", "sign", "limit", "unit", "measured", "met" } ],
 *     "notes": [ { "suite", "note" } ] }
 *
 * "measured" and "met" are null for a goal that the run says nothing about.
 */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "perf.h"

static json_t *
environment_json(const struct environment *environment)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
			 "cpu", environment->cpu,
			 "cores", (int)environment->cores,
			 "kernel", environment->kernel,
			 "dpdk", environment->dpdk,
			 "compiler", environment->compiler,
			 "bulk", environment->bulk,
			 "version", environment->version,
			 "date", environment->date,
			 "options", environment->options);
}

static json_t *
result_json(const struct result *result)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:i, s:b, s:i, s:s, s:f, s:f, s:f, s:i}",
			 "suite", result->suite,
			 "name", result->name,
			 "working_set", (json_int_t)result->working_set,
			 "placement", result->placement,
			 "pattern", result->pattern,
			 "threads", (int)result->threads,
			 "writer", (int)result->writer,
			 "maps", (int)result->maps,
			 "unit", result->unit,
			 "median", result->median,
			 "low", result->low,
			 "high", result->high,
			 "rounds", (int)result->rounds);
}

static json_t *
goal_json(const struct goal *goal)
{
	return json_pack("{s:s, s:s, s:f, s:s, s:o, s:o}",
			 "goal", goal->what,
			 "sign", goal->sign,
			 "limit", goal->limit,
			 "unit", goal->unit,
			 "measured", goal->measured ? json_real(goal->value) : json_null(),
			 "met", goal->measured ? json_boolean(goal->met) : json_null());
}

int
json_write(const char *path, const struct environment *environment, const struct results *results,
	   const struct goal *goals, unsigned int n_goals)
{
	json_t *const result = json_array(), *const goal = json_array(), *const note = json_array();
	json_t *root;
	int ret = 0;

	for (unsigned int i = 0; i < results->n; i++)
		ret |= json_array_append_new(result, result_json(&results->result[i]));
	for (unsigned int i = 0; i < n_goals; i++)
		ret |= json_array_append_new(goal, goal_json(&goals[i]));
	for (unsigned int i = 0; i < results->n_notes; i++)
		ret |= json_array_append_new(note, json_pack("{s:s, s:s}",
			"suite", results->notes[i].suite, "note", results->notes[i].text));
	root = json_pack("{s:o, s:o, s:o, s:o}", "environment", environment_json(environment),
			 "results", result, "goals", goal, "notes", note);
	if (ret != 0 || root == NULL) {
		complain("%s: no memory", path);
		ret = EXIT_USAGE;
	} else if (strcmp(path, "-") == 0
			? json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) < 0
			: json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) < 0) {
		complain("cannot write %s: %s", path, strerror(errno));
		ret = EXIT_USAGE;
	}
	json_decref(root);
	return ret;
}

/* Copies a string that must fit. */
static bool
take(char *to, size_t size, const char *from)
{
	return (size_t)snprintf(to, size, "%s", from) < size;
}

static bool
result_read(json_t *json, struct result *result)
{
	const char *suite, *name, *unit, *placement = "", *pattern = "";
	int threads = 0, writer = 0, maps = 0, rounds = 0;
	json_int_t working_set = 0;

	*result = (struct result){ .median = 0 };
	if (json_unpack(json, "{s:s, s:s, s?I, s?s, s?s, s?i, s?b, s?i, s:s, s:F, s:F, s:F, s?i}",
			"suite", &suite, "name", &name, "working_set", &working_set,
			"placement", &placement, "pattern", &pattern, "threads", &threads,
			"writer", &writer, "maps", &maps, "unit", &unit, "median", &result->median,
			"low", &result->low, "high", &result->high, "rounds", &rounds) < 0)
		return false;
	result->working_set = working_set;
	result->threads = threads;
	result->writer = writer;
	result->maps = maps;
	result->rounds = rounds;
	return take(result->suite, sizeof(result->suite), suite) &&
	       take(result->name, sizeof(result->name), name) &&
	       take(result->placement, sizeof(result->placement), placement) &&
	       take(result->pattern, sizeof(result->pattern), pattern) &&
	       take(result->unit, sizeof(result->unit), unit) &&
	       isfinite(result->median) && result->median > 0 && isfinite(result->low) &&
	       isfinite(result->high) && result->high >= result->low;
}

int
json_read(const char *path, struct results *results)
{
	json_error_t error;
	json_t *const root = json_load_file(path, 0, &error);
	json_t *const array = json_object_get(root, "results"), *entry;
	struct result result;
	size_t i;
	int ret = 0;

	if (root == NULL) {
		complain("%s: %s", path, error.text);
		return EXIT_USAGE;
	}
	if (!json_is_array(array) || json_array_size(array) == 0) {
		complain("%s: no results in it", path);
		ret = EXIT_USAGE;
	}
	json_array_foreach(array, i, entry) {
		if (ret != 0)
			break;
		if (!result_read(entry, &result)) {
			complain("%s: result %zu is not one of ours", path, i);
			ret = EXIT_USAGE;
		} else if (results_add(results, &result) == NULL) {
			ret = EXIT_USAGE;
		}
	}
	json_decref(root);
	return ret;
}
