/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The results for machines:
 *
 * { "environment": { "machine", "cpu", "cores", "clock", "kernel", "dpdk", "compiler", "bulk",
 *                      "version", "date", "options" },
 *     "machines": [ the same, of others that results are from ],
 *     "results": [ { "machine", "suite", "name", "working_set", "placement", "pattern", "threads",
 *                    "writer", "maps", "unit", "median", "low", "high", "rounds", "samples" } ],
 *     "goals": [ { "goal", "sign", "limit", "unit", "measured", "low", "high", "met",
 *                  "verdict" } ],
 *     "notes": [ { "machine", "suite", "note" } ] }
 *
 * "clock" is "time" or "instructions". "measured", "low" and "high" are null for a goal that the run has not
 * measured; "met" is null unless the verdict is "met" or "not met". A reader needs the suite, the name, the
 * unit, and the samples or else median, low and high.
 */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "perf.h"

static json_t *
environment_json(const struct environment *environment)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
			 "machine", environment->machine,
			 "cpu", environment->cpu,
			 "cores", (int)environment->cores,
			 "clock", environment->clock,
			 "kernel", environment->kernel,
			 "dpdk", environment->dpdk,
			 "compiler", environment->compiler,
			 "bulk", environment->bulk,
			 "version", environment->version,
			 "date", environment->date,
			 "options", environment->options);
}

static json_t *
samples_json(const struct result *result)
{
	json_t *const array = json_array();
	int ret = 0;

	for (unsigned int i = 0; i < result->rounds; i++)
		ret |= json_array_append_new(array, json_real(result->sample[i]));
	if (ret == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
result_json(const struct result *result)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:i, s:b, s:i, s:s, s:f, s:f, s:f, s:i, s:o}",
			 "machine", result->machine,
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
			 "rounds", (int)result->rounds,
			 "samples", samples_json(result));
}

static json_t *
goal_json(const struct goal *goal)
{
	const bool measured = goal->state != GOAL_NOT_MEASURED;
	const bool judged = goal->state == GOAL_MET || goal->state == GOAL_MISSED;
	char text[96];

	return json_pack("{s:s, s:s, s:f, s:s, s:o, s:o, s:o, s:o, s:s}",
			 "goal", goal->what,
			 "sign", goal->sign,
			 "limit", goal->limit,
			 "unit", goal->unit,
			 "measured", measured ? json_real(goal->value) : json_null(),
			 "low", measured ? json_real(goal->low) : json_null(),
			 "high", measured ? json_real(goal->high) : json_null(),
			 "met", judged ? json_boolean(goal->state == GOAL_MET) : json_null(),
			 "verdict", goal_text(goal, text, sizeof(text)));
}

int
json_write(const char *path, const struct results *results, const struct goal *goals,
	   unsigned int n_goals)
{
	json_t *const result = json_array(), *const goal = json_array(), *const note = json_array();
	json_t *const machine = json_array();
	json_t *root;
	int ret = 0;

	for (unsigned int i = 1; i < results->n_environments; i++)
		ret |= json_array_append_new(machine, environment_json(&results->environment[i]));
	for (unsigned int i = 0; i < results->n; i++)
		ret |= json_array_append_new(result, result_json(&results->result[i]));
	for (unsigned int i = 0; i < n_goals; i++)
		ret |= json_array_append_new(goal, goal_json(&goals[i]));
	for (unsigned int i = 0; i < results->n_notes; i++)
		ret |= json_array_append_new(note, json_pack("{s:s, s:s, s:s}",
			"machine", results->notes[i].machine, "suite", results->notes[i].suite,
			"note", results->notes[i].text));
	root = json_pack("{s:o, s:o, s:o, s:o, s:o}",
			 "environment", environment_json(&results->environment[0]),
			 "machines", machine, "results", result, "goals", goal, "notes", note);
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

/* Without samples the quartiles replace them. */
static bool
samples_read(json_t *samples, struct result *result, const double *quartiles)
{
	json_t *entry;
	size_t i;

	if (samples == NULL) {
		for (i = 0; i < 5; i++)
			result_sample(result, quartiles[i / 2]);
		return quartiles[0] <= quartiles[1] && quartiles[1] <= quartiles[2];
	}
	json_array_foreach(samples, i, entry)
		result_sample(result, json_number_value(entry));
	return result->rounds > 0 && result->rounds == json_array_size(samples);
}

static bool
result_read(json_t *json, struct result *result)
{
	const char *suite, *name, *unit, *machine = "", *placement = "", *pattern = "";
	double quartiles[3] = { 0, 0, 0 };
	json_int_t working_set = 0;
	int threads = 0, writer = 0, maps = 0;
	json_t *samples = NULL;

	*result = (struct result){ .median = 0 };
	if (json_unpack(json, "{s?s, s:s, s:s, s?I, s?s, s?s, s?i, s?b, s?i, s:s, s?F, s?F, s?F, s?o}",
			"machine", &machine, "suite", &suite, "name", &name,
			"working_set", &working_set, "placement", &placement, "pattern", &pattern,
			"threads", &threads, "writer", &writer, "maps", &maps, "unit", &unit,
			"low", &quartiles[0], "median", &quartiles[1], "high", &quartiles[2],
			"samples", &samples) < 0)
		return false;
	result->working_set = working_set;
	result->threads = threads;
	result->writer = writer;
	result->maps = maps;
	if (!samples_read(samples, result, quartiles))
		return false;
	for (unsigned int i = 0; i < result->rounds; i++)
		if (!isfinite(result->sample[i]) || result->sample[i] <= 0)
			return false;
	return take(result->machine, sizeof(result->machine), machine) &&
	       take(result->suite, sizeof(result->suite), suite) &&
	       take(result->name, sizeof(result->name), name) &&
	       take(result->placement, sizeof(result->placement), placement) &&
	       take(result->pattern, sizeof(result->pattern), pattern) &&
	       take(result->unit, sizeof(result->unit), unit);
}

/* Missing texts stay empty; long ones are cut. */
static int
environment_from(json_t *json, struct results *results)
{
	const char *machine = "", *cpu = "", *kernel = "", *dpdk = "", *compiler = "", *bulk = "";
	const char *version = "", *date = "", *options = "", *clock = "";
	struct environment *environment;
	int cores = 0;

	if (!json_is_object(json))
		return 0;
	environment = results_environment(results);
	if (environment == NULL)
		return EXIT_USAGE;
	json_unpack(json, "{s?s, s?s, s?i, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s}",
		    "machine", &machine, "cpu", &cpu, "cores", &cores, "clock", &clock, "kernel", &kernel,
		    "dpdk", &dpdk, "compiler", &compiler, "bulk", &bulk, "version", &version,
		    "date", &date, "options", &options);
	*environment = (struct environment){ .cores = cores };
	utf8_copy(environment->machine, sizeof(environment->machine), machine);
	utf8_copy(environment->clock, sizeof(environment->clock), clock);
	utf8_copy(environment->cpu, sizeof(environment->cpu), cpu);
	utf8_copy(environment->kernel, sizeof(environment->kernel), kernel);
	utf8_copy(environment->dpdk, sizeof(environment->dpdk), dpdk);
	utf8_copy(environment->compiler, sizeof(environment->compiler), compiler);
	utf8_copy(environment->bulk, sizeof(environment->bulk), bulk);
	utf8_copy(environment->version, sizeof(environment->version), version);
	utf8_copy(environment->date, sizeof(environment->date), date);
	utf8_copy(environment->options, sizeof(environment->options), options);
	return 0;
}

static int
environments_read(json_t *root, struct results *results)
{
	json_t *entry;
	size_t i;
	int ret;

	ret = environment_from(json_object_get(root, "environment"), results);
	json_array_foreach(json_object_get(root, "machines"), i, entry)
		if (ret == 0)
			ret = environment_from(entry, results);
	return ret;
}

static void
notes_read(json_t *root, struct results *results)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(root, "notes"), i, entry) {
		const char *machine = "", *suite = "", *text = "";
		struct note *note;

		json_unpack(entry, "{s?s, s?s, s?s}", "machine", &machine, "suite", &suite,
			    "note", &text);
		note = results_note(results, suite, "%s", text);
		if (note != NULL)
			utf8_copy(note->machine, sizeof(note->machine), machine);
	}
}

static int
results_read(const char *path, json_t *array, struct results *results)
{
	json_t *entry;
	size_t i;

	if (!json_is_array(array) || json_array_size(array) == 0) {
		complain("%s: no results in it", path);
		return EXIT_USAGE;
	}
	json_array_foreach(array, i, entry) {
		struct result result;

		if (!result_read(entry, &result)) {
			complain("%s: result %zu is not one of ours", path, i);
			return EXIT_USAGE;
		}
		if (results_find(results, &result) != NULL) {
			complain("%s: result %zu is there already: did two runs get one name "
				 "(--machine)?", path, i);
			return EXIT_USAGE;
		}
		if (results_add(results, &result) == NULL)
			return EXIT_USAGE;
	}
	return 0;
}

int
json_read(const char *path, struct results *results)
{
	json_error_t error;
	json_t *const root = json_load_file(path, 0, &error);
	int ret;

	if (root == NULL) {
		complain("%s: %s", path, error.text);
		return EXIT_USAGE;
	}
	ret = results_read(path, json_object_get(root, "results"), results);
	if (ret == 0)
		ret = environments_read(root, results);
	if (ret == 0)
		notes_read(root, results);
	json_decref(root);
	if (ret == 0)
		results_finish(results);
	return ret;
}
