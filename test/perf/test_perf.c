/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-perf as a program: what it prints, writes, reads and refuses. No time is judged.
 * usage: test-perf PROGRAM
 */

#include <CUnit/Basic.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;
static char dir[] = "/tmp/test-perf.XXXXXX";
/* What the last run printed. */
static char output[65536], errors[65536];

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
in_dir(const char *name)
{
	static char path[4][64];
	static unsigned int next;

	next = (next + 1) % COUNT(path);
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

static void
read_file(const char *path, char *text, size_t size)
{
	FILE *const file = fopen(path, "r");
	size_t n = 0;

	if (file != NULL) {
		n = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[n] = '\0';
}

static void
write_file(const char *path, const char *text)
{
	FILE *const file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

/* Runs the program in the folder of the test; its exit status, -1 for a signal. */
__attribute__((format(printf, 2, 3)))
static int
run_with(const char *environment, const char *format, ...)
{
	char args[512], command[1024];
	va_list list;
	int status;

	va_start(list, format);
	vsnprintf(args, sizeof(args), format, list);
	va_end(list);
	snprintf(command, sizeof(command), "cd '%s' && %s '%s' %s >out 2>err", dir, environment,
		 program, args);
	status = system(command);
	read_file(in_dir("out"), output, sizeof(output));
	read_file(in_dir("err"), errors, sizeof(errors));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define run(...) run_with("", __VA_ARGS__)

/* Refused as wrong use: status 2, and one line that has the words. */
#define REFUSED(words, ...)                                                              \
	do {                                                                             \
		CU_ASSERT_EQUAL(run(__VA_ARGS__), 2);                                    \
		one_line_with(words);                                                    \
	} while (0)

static void
one_line_with(const char *words)
{
	const char *const end = strchr(errors, '\n');

	if (strstr(errors, words) == NULL || end == NULL || end[1] != '\0')
		printf("\nnot one line with '%s': %s", words, errors);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors, words));
	CU_ASSERT_TRUE(end != NULL && end[1] == '\0');
}

/* ---- results ---- */

/* Not where there is no /proc/self/smaps_rollup. */
static bool has_memory;

static const char *
text_of(const json_t *object, const char *key)
{
	const char *const text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static double
number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static bool
is_result(const json_t *result, const char *suite, const char *name, double working_set)
{
	return strcmp(text_of(result, "suite"), suite) == 0 &&
	       strcmp(text_of(result, "name"), name) == 0 &&
	       (working_set == 0 || number_of(result, "working_set") == working_set);
}

/* How many results there are by that name, of one working set or any (0). */
static unsigned int
count(const json_t *root, const char *suite, const char *name, double working_set)
{
	json_t *const results = json_object_get(root, "results");
	unsigned int n = 0;

	for (size_t i = 0; i < json_array_size(results); i++)
		n += is_result(json_array_get(results, i), suite, name, working_set);
	return n;
}

static bool
left_out(const json_t *root, const char *suite)
{
	json_t *const notes = json_object_get(root, "notes");

	for (size_t i = 0; i < json_array_size(notes); i++) {
		const json_t *const note = json_array_get(notes, i);

		if (strcmp(text_of(note, "suite"), suite) == 0 &&
		    strstr(text_of(note, "note"), "left out") != NULL)
			return true;
	}
	return false;
}

static json_t *
load(const char *name)
{
	json_error_t error;
	json_t *const root = json_load_file(in_dir(name), 0, &error);

	if (root == NULL)
		printf("\n%s: %s\n", name, error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	return root;
}

/* Every suite in one run, once; the other tests use its results. */
static void
quick(void)
{
	static const double sizes[] = { 0x1p26, 0x1p30, 0x1p36, 0x1p40 };
	static const char *const lookups[] = { "floor", "single", "flat", "floor in bursts",
					       "single in bursts", "flat in bursts",
					       "bulk plain", "length 64",
					       "length 2048", "length 4096" };
	static const char *const maps[] = { "map, chosen", "map, fixed", "unmap, chosen",
					    "unmap, fixed" };
	static const char *const eal[] = { "single", "rte_mem_virt2memseg, last list" };
	json_t *root;

	CU_ASSERT_EQUAL_FATAL(run("--quick --json quick.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "goals"));
	root = load("quick.json");
	for (unsigned int s = 0; s < COUNT(sizes); s++) {
		/* Two placements; random and sequential; alone, and on more CPUs if there are. */
		for (unsigned int i = 0; i < COUNT(lookups); i++)
			CU_ASSERT_TRUE(count(root, "lookup", lookups[i], sizes[s]) >= 4);
		CU_ASSERT_TRUE(count(root, "lookup", "floor dependent", sizes[s]) >= 2);
		CU_ASSERT_TRUE(count(root, "lookup", "single dependent", sizes[s]) >= 2);
		CU_ASSERT_TRUE(count(root, "lookup", "flat dependent", sizes[s]) >= 2);
		for (unsigned int i = 0; i < COUNT(eal); i++)
			CU_ASSERT_TRUE(count(root, "eal", eal[i], sizes[s]) == 1 ||
				       left_out(root, "eal"));
	}
	for (unsigned int i = 0; i < COUNT(maps); i++)
		CU_ASSERT_TRUE(count(root, "maps", maps[i], 0) >= 4);
	has_memory = !left_out(root, "memory");
	CU_ASSERT_EQUAL(count(root, "memory", "one replica", 0), has_memory ? 4 : 0);
	json_decref(root);
}

static void
results_are_complete(void)
{
	static const char *const facts[] = { "cpu", "kernel", "compiler", "bulk", "version", "date",
					     "options" };
	json_t *const root = load("quick.json"), *const results = json_object_get(root, "results");
	json_t *const environment = json_object_get(root, "environment");
	json_t *const goals = json_object_get(root, "goals");
	static const char *const measured[] = { "median", "low", "high", "rounds", "samples" };
	bool writer = false, twice = false;

	for (unsigned int i = 0; i < COUNT(facts); i++)
		CU_ASSERT_STRING_NOT_EQUAL(text_of(environment, facts[i]), "");
	CU_ASSERT_TRUE(number_of(environment, "cores") >= 1);
	for (size_t i = 0; i < json_array_size(results); i++) {
		const json_t *const result = json_array_get(results, i);
		const double median = number_of(result, "median");

		CU_ASSERT_TRUE(median > 0);
		CU_ASSERT_TRUE(number_of(result, "low") <= median);
		CU_ASSERT_TRUE(number_of(result, "high") >= median);
		CU_ASSERT_TRUE(number_of(result, "rounds") >= 1);
		CU_ASSERT_EQUAL(number_of(result, "rounds"),
				json_array_size(json_object_get(result, "samples")));
		CU_ASSERT_STRING_NOT_EQUAL(text_of(result, "unit"), "");
		for (size_t k = 0; k < i; k++) {
			json_t *const copy = json_copy(json_array_get(results, k));

			/* Nothing is there twice. */
			for (unsigned int m = 0; m < COUNT(measured); m++)
				json_object_set(copy, measured[m],
						json_object_get(result, measured[m]));
			twice = twice || json_equal(copy, result);
			json_decref(copy);
		}
		writer = writer || json_is_true(json_object_get(result, "writer"));
	}
	CU_ASSERT_FALSE(twice);
	CU_ASSERT_TRUE(writer || number_of(environment, "cores") == 1);
	CU_ASSERT_TRUE(json_array_size(goals) >= 15);
	for (size_t i = 0; i < json_array_size(goals); i++) {
		const json_t *const goal = json_array_get(goals, i);

		const char *const verdict = text_of(goal, "verdict");

		CU_ASSERT_EQUAL(json_is_null(json_object_get(goal, "measured")),
				strncmp(verdict, "not measured: needs ", 20) == 0);
		CU_ASSERT_EQUAL(json_is_true(json_object_get(goal, "met")), strcmp(verdict, "met") == 0);
		CU_ASSERT_EQUAL(json_is_false(json_object_get(goal, "met")),
				strcmp(verdict, "not met") == 0);
	}
	json_decref(root);
}

static void
one_suite(void)
{
	json_t *root;

	/* On standard output there is the JSON and nothing else. */
	CU_ASSERT_EQUAL(run("--quick --suite memory --json -"), 0);
	root = json_loads(output, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_EQUAL(count(root, "lookup", "single", 0), 0);
	json_decref(root);
	CU_ASSERT_EQUAL(run("--suite maps --maps 100 --rounds 3"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "100 maps"));
	CU_ASSERT_PTR_NULL(strstr(output, "1000 maps"));
}

/* The rest of a run survives a suite that fails. */
static void
failed_suite(void)
{
	/* No thread starts with a stack that is larger than the address space. */
	static const char huge_stack[] = "ulimit -s 150000000000; ";
	const int status = run_with(huge_stack, "--quick --suite lookup --suite memory --json "
				    "failed.json");
	json_t *root;

	if (strstr(errors, "suite lookup failed") == NULL) {
		printf("no suite fails here: left out ");
		return;
	}
	CU_ASSERT_EQUAL(status, 1);
	one_line_with("suite lookup failed: ");
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "lookup: failed: "));
	root = load("failed.json");
	CU_ASSERT_EQUAL(count(root, "lookup", "single", 0), 0);
	CU_ASSERT_EQUAL(count(root, "memory", "one replica", 0), has_memory ? 4 : 0);
	json_decref(root);
}

/* ---- comparisons ---- */

/* Writes the results with a spread of 1 %, times a factor each; quartiles, no samples. */
static void
steady(const char *to, double (*factor)(const json_t *result, size_t i))
{
	json_t *const root = load("quick.json"), *const results = json_object_get(root, "results");

	for (size_t i = 0; i < json_array_size(results); i++) {
		json_t *const result = json_array_get(results, i);
		const double median = number_of(result, "median") * factor(result, i);

		json_object_set_new(result, "median", json_real(median));
		json_object_set_new(result, "low", json_real(median * 0.99));
		json_object_set_new(result, "high", json_real(median * 1.01));
		json_object_del(result, "samples");
	}
	CU_ASSERT_EQUAL(json_dump_file(root, in_dir(to), 0), 0);
	json_decref(root);
}

static double
as_it_is(const json_t *result, size_t i)
{
	(void)result, (void)i;
	return 1;
}

static double
noise(const json_t *result, size_t i)
{
	(void)result;
	return i % 2 == 0 ? 0.97 : 1.03;
}

static bool
is_victim(const json_t *result)
{
	return is_result(result, "lookup", "single", 0x1p30) &&
	       strcmp(text_of(result, "placement"), "random") == 0 &&
	       strcmp(text_of(result, "pattern"), "random") == 0 &&
	       number_of(result, "threads") == 1 && json_is_false(json_object_get(result, "writer"));
}

static double
one_slower(const json_t *result, size_t i)
{
	(void)i;
	return is_victim(result) ? 3 : 1;
}

static double
one_faster(const json_t *result, size_t i)
{
	return 1 / one_slower(result, i);
}

static double
slow_clock(const json_t *result, size_t i)
{
	(void)i;
	return strcmp(text_of(result, "unit"), "KiB") == 0 ? 1 : 1.4;
}

static double
maps_slower(const json_t *result, size_t i)
{
	(void)i;
	return strcmp(text_of(result, "suite"), "maps") == 0 ? 1.5 : 1;
}

static double
more_memory(const json_t *result, size_t i)
{
	(void)i;
	return is_result(result, "memory", "one replica", 0x1p36) ? 1.5 : 1;
}

static void
same(void)
{
	steady("old.json", as_it_is);
	CU_ASSERT_EQUAL(run("--compare quick.json quick.json"), 0);
	CU_ASSERT_EQUAL(run("--compare old.json old.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " 0 slower and 0 faster"));
	steady("new.json", noise);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 0);
	CU_ASSERT_EQUAL(run("--compare new.json old.json"), 0);
}

static void
slower(void)
{
	steady("old.json", as_it_is);
	steady("new.json", one_slower);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "slower: lookup: single 1 GiB, random, random IOVAs: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "3.00 times"));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " 1 slower and 0 faster"));
	CU_ASSERT_EQUAL(run("--compare old.json --tolerance 250 new.json"), 0);
	steady("new.json", one_faster);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " 0 slower and 1 faster"));
	steady("new.json", maps_slower);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "slower: maps: map, chosen"));
}

/* The clock is not our code; memory does not depend on it. */
static void
other_clock(void)
{
	steady("old.json", as_it_is);
	steady("new.json", slow_clock);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "the machine: 1.40 times slower"));
	steady("new.json", more_memory);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), has_memory);
	CU_ASSERT_EQUAL(strstr(output, "slower: memory: one replica 64 GiB") != NULL, has_memory);
}

/* ---- comparisons of made-up samples ---- */

static unsigned int seed;

static double
random_unit(void)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) / (double)(1 << 24);
}

/* About 1, as times are: some 5 % up and down, now and then a neighbour that takes half as much. */
static double
random_sample(void)
{
	const double noise = (random_unit() + random_unit() + random_unit() - 1.5) * 0.1;

	return (1 + noise) * (random_unit() < 0.1 ? 1.5 : 1);
}

static json_t *
made_up(const char *suite, const char *name, const char *unit, const double *values, unsigned int n)
{
	json_t *const samples = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(samples, json_real(values[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "machine", "intel-48", "suite", suite,
			 "name", name, "pattern", "VA", "unit", unit, "samples", samples);
}

#define ROUNDS 21

/* A run whose machine changes by a tenth from round to round: array loads and lookups, one of which is
 * so many times slower; packets of stock EAL and the plugin in turns, with the plugin's so many. */
static void
made_up_run(const char *path, double slower, double packets)
{
	const double machine = 0.7 + 0.6 * random_unit();
	/* A neighbour takes half of a core in most rounds of one run and in few of another. */
	const double neighbour = random_unit() < 0.5 ? 0.3 : 0.7;
	json_t *const array = json_array();
	double values[ROUNDS], weather[ROUNDS];
	json_t *root;
	char name[32];

	for (unsigned int r = 0; r < ROUNDS; r++)
		weather[r] = machine * (0.9 + 0.2 * random_unit());
	for (unsigned int i = 0; i < 60; i++) {
		for (unsigned int r = 0; r < ROUNDS; r++)
			values[r] = machine * random_sample() * (i == 30 ? slower : 1) *
				    (i == 40 && random_unit() < neighbour ? 1.45 : 1);
		snprintf(name, sizeof(name), "%s %u", i < 20 ? "floor" : "other", i);
		json_array_append_new(array, made_up("lookup", name, "ns", values, ROUNDS));
	}
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int r = 0; r < ROUNDS; r++)
			values[r] = 200000 * weather[r] * (0.97 + 0.06 * random_unit()) *
				    (i == 1 ? packets : 1);
		json_array_append_new(array, made_up("forward", i == 0 ? "stock" : "plugin", "pps",
						     values, ROUNDS));
	}
	root = json_pack("{s:o}", "results", array);
	CU_ASSERT_EQUAL(json_dump_file(root, in_dir(path), 0), 0);
	json_decref(root);
}

static void
made_up_noise(void)
{
	seed = 1;
	for (unsigned int i = 0; i < 30; i++) {
		made_up_run("old.json", 1, 1);
		made_up_run("new.json", 1, 1);
		CU_ASSERT_EQUAL(run("--compare old.json new.json"), 0);
		made_up_run("new.json", 1.3, 1);
		CU_ASSERT_EQUAL(run("--compare old.json new.json"), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(output, "slower: lookup: other 30, VA, on intel-48"));
		CU_ASSERT_PTR_NOT_NULL(strstr(output, " 1 slower and 0 faster"));
		/* Fewer packets are slower, more are not. */
		made_up_run("new.json", 1, 0.8);
		CU_ASSERT_EQUAL(run("--compare old.json new.json"), 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(output, "slower: forward: plugin, VA, on intel-48: "));
		CU_ASSERT_PTR_NOT_NULL(strstr(output, " 1 slower and 0 faster"));
		made_up_run("new.json", 1, 1.3);
		CU_ASSERT_EQUAL(run("--compare old.json new.json"), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(output, " 0 slower and 1 faster"));
	}
}

/* A result that is now so, now so from run to run is noise if the runs before say that. */
static void
several_runs(void)
{
	seed = 2;
	made_up_run("old.json", 1, 1);
	made_up_run("old2.json", 1.3, 1);
	made_up_run("old3.json", 1, 1);
	made_up_run("new.json", 1.3, 1);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 1);
	CU_ASSERT_EQUAL(run("--compare old.json old2.json old3.json new.json"), 0);
	made_up_run("new.json", 2, 1);
	CU_ASSERT_EQUAL(run("--compare old.json old2.json old3.json new.json"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "slower: lookup: other 30"));
}

static double
maps_bit_slower(const json_t *result, size_t i)
{
	(void)i;
	return strcmp(text_of(result, "suite"), "maps") == 0 ? 1.2 : 1;
}

/* A suite that has no yardstick of its own: too little for each result, enough for all of them. */
static void
whole_suite(void)
{
	steady("old.json", as_it_is);
	steady("new.json", maps_bit_slower);
	CU_ASSERT_EQUAL(run("--compare old.json new.json"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "slower: maps: all of it: 1.20 times"));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " 1 slower and 0 faster"));
}

/* OLD alone: with what this run measures. Sanitizers take memory of their own, as much
 * as they like, hence the tolerance. */
static void
this_run(void)
{
	steady("old.json", as_it_is);
	CU_ASSERT_EQUAL(run("--quick --suite memory --tolerance 10000 --compare old.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "compared "));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "only in the old run, 0 only in the new"));
}

static void
wrong_files(void)
{
	REFUSED("missing.json", "--compare missing.json quick.json");
	REFUSED("missing.json", "--compare quick.json missing.json");
	write_file(in_dir("broken.json"), "{ \"results\": [ { \"suite\"");
	REFUSED("broken.json", "--compare broken.json quick.json");
	write_file(in_dir("empty.json"), "");
	REFUSED("empty.json", "--compare empty.json quick.json");
	write_file(in_dir("none.json"), "{ \"results\": [] }");
	REFUSED("none.json: no results", "--compare quick.json none.json");
	write_file(in_dir("array.json"), "[1, 2]");
	REFUSED("array.json: no results", "--compare array.json quick.json");
	write_file(in_dir("alien.json"), "{ \"results\": [ { \"suite\": 1 } ] }");
	REFUSED("alien.json: result 0 is not one of ours", "--compare alien.json quick.json");
	write_file(in_dir("zero.json"), "{ \"results\": [ { \"suite\": \"lookup\", \"name\": "
		   "\"single\", \"unit\": \"ns\", \"median\": 0, \"low\": 0, \"high\": 0 } ] }");
	REFUSED("zero.json: result 0", "--compare zero.json quick.json");
	write_file(in_dir("other.json"), "{ \"results\": [ { \"suite\": \"lookup\", \"name\": "
		   "\"other\", \"unit\": \"ns\", \"median\": 1, \"low\": 1, \"high\": 1 } ] }");
	REFUSED("no result in common", "--compare other.json quick.json");
	REFUSED("cannot write nowhere/a.json", "--quick --suite memory --json nowhere/a.json");
}

/* ---- goals ---- */

/* Of the machine intel-48: stock EAL and the plugin in n turns, with ratios around one value, and what
 * rte_mem_virt2iova costs. */
static void
goals_run(const char *path, double ratio, double spread, unsigned int n, const char *clock)
{
	json_t *const array = json_array();
	json_t *root;

	for (unsigned int i = 0; i < 4; i++) {
		static const char *const names[] = { "stock", "plugin", "rte_mem_virt2phy, stock",
						     "rte_mem_virt2iova, plugin" };
		double values[ROUNDS];
		json_t *result;

		for (unsigned int r = 0; r < n; r++)
			values[r] = i == 2 ? 400 : i == 3 ? 1 : i == 0 ? 1000
				    : 1000 * (ratio + spread * (r / (n - 1.0) - 0.5));
		result = made_up(i < 2 ? "forward" : "eal", names[i], i < 2 ? "pps" : "ns", values, n);
		if (i >= 2)
			json_object_update_new(result, json_pack("{s:s, s:i, s:i}", "pattern", "random",
						"threads", 1, "working_set", 1 << 26));
		json_array_append_new(array, result);
	}
	root = json_pack("{s:{s:s, s:s}, s:o}", "environment", "machine", "intel-48", "clock", clock,
			 "results", array);
	CU_ASSERT_EQUAL(json_dump_file(root, in_dir(path), 0), 0);
	json_decref(root);
}

static unsigned int
lines(const char *text)
{
	unsigned int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void
goals(void)
{
	static const char goal[] = "goal not met: testpmd's packets a second, plugin / stock type1, ";
	char words[128];
	json_t *root;

	goals_run("goals.json", 0.99, 0.01, ROUNDS, "time");
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --goals forward:intel-48"), 0);
	CU_ASSERT_STRING_EQUAL(errors, "");
	goals_run("missed.json", 0.95, 0.01, ROUNDS, "time");
	CU_ASSERT_EQUAL(run("--suite none --add missed.json"), 0);
	CU_ASSERT_EQUAL(run("--suite none --add missed.json --goals forward:intel-48 --json after.json"), 1);
	snprintf(words, sizeof(words), "%sintel-48 (VA): 0.95 (99 of 100 times 0.94", goal);
	one_line_with(words);
	one_line_with("), wanted >= 0.98: missed by 3.1 %");
	CU_ASSERT_EQUAL(access(in_dir("after.json"), F_OK), 0);
	CU_ASSERT_EQUAL(run("--compare goals.json missed.json --goals forward:intel-48"), 1);
	one_line_with(words);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " 0 slower "));
	/* The median is as bad, but a repetition might find it good. */
	goals_run("noise.json", 0.97, 0.1, ROUNDS, "time");
	CU_ASSERT_EQUAL(run("--suite none --add noise.json --goals forward:intel-48"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " within the noise\n"));
	CU_ASSERT_STRING_EQUAL(errors, "");
	/* The same where a turn has no second half. */
	root = load("noise.json");
	json_array_remove(json_object_get(json_array_get(json_object_get(root, "results"), 0), "samples"), 0);
	CU_ASSERT_EQUAL(json_dump_file(root, in_dir("noise.json"), 0), 0);
	json_decref(root);
	CU_ASSERT_EQUAL(run("--suite none --add noise.json --goals forward:intel-48"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " within the noise\n"));
	goals_run("few.json", 0.99, 0.01, 4, "time");
	CU_ASSERT_EQUAL(run("--suite none --add few.json --goals forward:intel-48"), 1);
	one_line_with("intel-48 (VA): not judged: too few samples");
}

/* What nobody has measured is not met. */
static void
goals_not_measured(void)
{
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --goals forward:amd"), 1);
	one_line_with("goal not met: testpmd's packets a second, plugin / stock type1, amd (VA): not "
		      "measured: needs devtools/perf.sh");
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --goals forward"), 1);
	CU_ASSERT_EQUAL(lines(errors), 3);
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --goals forward:intel-48,startup:intel-48"), 1);
	one_line_with("start-up time, plugin / stock type1, intel-48 (VA): not measured");
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --goals memory"), 1);
	one_line_with("not measured: needs suite memory");
	REFUSED("no goal 'nonsense'", "--suite none --add goals.json --goals forward,nonsense");
	REFUSED("no goal 'forward:nowhere'", "--suite none --add goals.json --goals forward:nowhere");
	REFUSED("no goal 'forward:'", "--compare goals.json goals.json --goals forward:");
	REFUSED("no goal 'lookup:'", "--suite none --add goals.json --goals lookup:");
	REFUSED("no goal 'forw'", "--suite none --add goals.json --goals forw");
	REFUSED("no goal ''", "--suite none --add goals.json --goals forward,");
	REFUSED("no goal ''", "--suite none --add goals.json --goals ''");
}

/* A clock that counts instructions says nothing of memory's latency, but of packets. */
static void
counted_clock(void)
{
	json_t *root;

	goals_run("goals.json", 0.99, 0.01, ROUNDS, "time");
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --goals eal"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors, "with it: 400 (99 of 100 times 400 to 400), wanted >= 1000: "
				      "missed by 60 %"));
	goals_run("goals.json", 0.99, 0.01, ROUNDS, "instructions");
	CU_ASSERT_EQUAL(run("--suite none --add goals.json --json after.json --goals eal"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " not judged: counted clock\n"));
	CU_ASSERT_PTR_NULL(strstr(output, "NOT MET"));
	CU_ASSERT_PTR_NOT_NULL(strstr(errors, "with it: not judged: counted clock\n"));
	CU_ASSERT_EQUAL(run("--suite none --add after.json --goals forward:intel-48"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, " not judged: counted clock\n"));
	/* Another machine has it by time. */
	root = load("after.json");
	json_object_set_new(json_object_get(root, "environment"), "machine", json_string("amd"));
	json_object_set_new(json_object_get(root, "environment"), "clock", json_string("time"));
	for (unsigned int i = 0; i < 4; i++)
		json_object_set_new(json_array_get(json_object_get(root, "results"), i), "machine",
				    json_string("amd"));
	CU_ASSERT_EQUAL(json_dump_file(root, in_dir("time.json"), 0), 0);
	json_decref(root);
	for (unsigned int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(run("--suite none --add %s --add %s", i == 0 ? "after.json" : "time.json",
				    i == 0 ? "time.json" : "after.json"), 0);
		CU_ASSERT_PTR_NULL(strstr(output, "counted clock"));
		CU_ASSERT_PTR_NOT_NULL(strstr(output, "NOT MET"));
	}
	for (unsigned int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(run("--quick --suite memory --json after.json %s", i == 0 ? "" : "--icount"),
				0);
		root = load("after.json");
		CU_ASSERT_STRING_EQUAL(text_of(json_object_get(root, "environment"), "clock"),
				       i == 0 ? "time" : "instructions");
		json_decref(root);
	}
}

/* ---- pictures ---- */

/* Whether every element is closed in its turn. */
static bool
well_formed(const char *text)
{
	const char *open[64];
	unsigned int depth = 0, elements = 0;

	for (const char *p = strchr(text, '<'); p != NULL; p = strchr(p, '<')) {
		const char *const name = ++p, *const end = strchr(name, '>');
		const size_t length = strcspn(name, " \t\n/>");

		if (end == NULL)
			return false;
		if (strncmp(name, "!--", 3) == 0) {
			p = strstr(name, "-->");
			if (p == NULL)
				return false;
			continue;
		}
		if (*name == '?' || *name == '!')
			continue;
		elements++;
		if (*name == '/') {
			const size_t n = strcspn(name + 1, " \t\n>");

			if (depth == 0 || strncmp(open[--depth], name + 1, n) != 0)
				return false;
		} else if (length == 0) {
			return false;
		} else if (end[-1] != '/') {
			if (depth == COUNT(open))
				return false;
			open[depth++] = name;
		}
	}
	return depth == 0 && elements > 0;
}

static bool
has_gnuplot(void)
{
	const bool found = system("command -v gnuplot >/dev/null") == 0;

	if (!found)
		printf("no gnuplot: left out ");
	return found;
}

static void
picture(void)
{
	static char svg[1 << 20];

	/* The checker itself. */
	CU_ASSERT_TRUE(well_formed("<?xml version='1.0'?><svg a='1'><g><path/></g></svg>"));
	CU_ASSERT_FALSE(well_formed("<svg><g></svg></g>"));
	CU_ASSERT_FALSE(well_formed("<svg><g></g>"));
	if (!has_gnuplot())
		return;
	CU_ASSERT_EQUAL(run("--quick --cores 1 --plot picture.svg"), 0);
	read_file(in_dir("picture.svg"), svg, sizeof(svg));
	CU_ASSERT_TRUE(well_formed(svg));
	CU_ASSERT_PTR_NOT_NULL(strstr(svg, "<svg"));
	CU_ASSERT_PTR_NOT_NULL(strstr(svg, "64 GiB"));
	CU_ASSERT_PTR_NOT_NULL(strstr(svg, "bulk of 32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(svg, "maps in place"));
	REFUSED("nothing to plot", "--quick --suite memory --plot none.svg");
	REFUSED("cannot write nowhere/a.svg", "--quick --suite maps --plot nowhere/a.svg");
}

static void
no_gnuplot(void)
{
	CU_ASSERT_EQUAL(run_with("PATH=/nowhere", "--quick --suite maps --plot picture2.svg"), 2);
	one_line_with("pictures need gnuplot (Debian package gnuplot-nox)");
	CU_ASSERT_NOT_EQUAL(access(in_dir("picture2.svg"), F_OK), 0);
}

/* ---- results of others, and the page ---- */

/* Whose strings mean something to gnuplot, a shell or a browser; one result so many times slower. */
static void
odd_run(const char *path, double slower)
{
	static const char cpu[] = "x `touch ran` y\" . system('touch ran') . \"\n! touch ran\n@z \\";
	json_t *const array = json_array();
	json_t *root;

	for (unsigned int i = 0; i < 3; i++) {
		const double value = i < 2 ? 1000 : slower;

		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f}",
			"machine", "m2'`touch ran`", "suite", i < 2 ? "forward" : "<b>", "name",
			i == 0 ? "stock" : "plugin", "pattern", "VA'", "unit", i < 2 ? "pps" : "<i>",
			"low", value, "median", value, "high", value));
	}
	root = json_pack("{s:{s:s, s:s, s:s}, s:o, s:[{s:s, s:s, s:s}]}", "environment", "cpu", cpu,
			 "version", "<s>", "date", "<u>", "results", array, "notes",
			 "machine", "<em>", "suite", "<b>", "note", "<q>");
	CU_ASSERT_EQUAL(json_dump_file(root, in_dir(path), 0), 0);
	json_decref(root);
}

/* What results say is never run, and no markup. */
static void
odd_strings(void)
{
	static const char *const words[] = { "dpdk-ioas-perf &lt;s&gt;</h1>", "&lt;u&gt;</p>",
					     "&lt;b&gt; on &lt;em&gt;: &lt;q&gt;</li>", "&lt;i&gt;</th>",
					     "<td>1 &lt;i&gt;</td>", "<td>3 &lt;i&gt;</td>" };
	static char text[1 << 20];

	if (!has_gnuplot())
		return;
	odd_run("odd.json", 1);
	CU_ASSERT_EQUAL(run("--suite none --add odd.json --plot odd.svg"), 0);
	read_file(in_dir("odd.svg"), text, sizeof(text));
	CU_ASSERT_TRUE(well_formed(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "x `touch ran` y\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "! touch ran @z \\"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "medians and quartiles"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "m2'`touch ran` (VA')"));
	odd_run("odd3.json", 3);
	CU_ASSERT_EQUAL(run("--compare odd.json odd3.json --html odd.html"), 1);
	read_file(in_dir("odd.html"), text, sizeof(text));
	CU_ASSERT_TRUE(well_formed(text));
	for (unsigned int i = 0; i < COUNT(words); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));
	CU_ASSERT_NOT_EQUAL(access(in_dir("ran"), F_OK), 0);
}

static void
added(void)
{
	json_t *root;

	seed = 3;
	made_up_run("guest.json", 1, 0.9);
	CU_ASSERT_EQUAL(run("--quick --suite memory --add guest.json --json both.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "forward on intel-48, VA"));
	root = load("both.json");
	CU_ASSERT_EQUAL(count(root, "forward", "plugin", 0), 1);
	CU_ASSERT_EQUAL(count(root, "memory", "one replica", 0), has_memory ? 4 : 0);
	json_decref(root);
	CU_ASSERT_EQUAL(run("--suite none --add both.json"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "forward on intel-48, VA"));
	CU_ASSERT_EQUAL(run("--quick --suite memory --machine elsewhere"), 0);
	CU_ASSERT_EQUAL(strstr(output, "memory on elsewhere") != NULL, has_memory);
	REFUSED("guest.json: result 0 is there already", "--suite none --add guest.json --add guest.json");
	REFUSED("--suite none needs --add", "--suite none");
	REFUSED("missing.json", "--suite none --add missing.json");
}

/* Bytes that are no UTF-8, and characters that have no room any more, take nothing from a run. */
static void
not_utf8(void)
{
	static const char *const machines[][2] = {
		{ "caf\xe9", "caf?" },                   /* Latin-1 */
		{ "\xe2\x82x", "??x" },                  /* a character ends too early */
		{ "\xc0\xaf\xc1\x81", "????" },          /* longer than need be */
		{ "\xed\xa0\x80", "???" },               /* half of a pair */
		{ "\xf4\x90\x80\x80", "????" },          /* beyond the last one */
		{ "\xf0\x9f\x90\xa7\xe2\x82\xac\xc2\xb5", "\xf0\x9f\x90\xa7\xe2\x82\xac\xc2\xb5" },
		{ "four-and-ten-\xc2", "four-and-ten-?" },
		{ "five-and-ten-1\xc3", "five-and-ten-1" }, /* as if cut there */
	};
	char words[301] = "";
	json_t *root, *environment;

	for (unsigned int i = 0; i < COUNT(machines); i++) {
		CU_ASSERT_EQUAL(run("--quick --suite memory --machine '%s' --json utf8.json",
				    machines[i][0]), 0);
		root = load("utf8.json");
		environment = json_object_get(root, "environment");
		CU_ASSERT_STRING_EQUAL(text_of(environment, "machine"), machines[i][1]);
		json_decref(root);
	}
	for (unsigned int i = 0; i < 300; i += 2)
		memcpy(&words[i], "\xc3\xa9", 3);
	for (unsigned int before = 0; before < 2; before++) {
		CU_ASSERT_EQUAL(run("--quick --suite memory --json utf8.json -- %.*s%s", before, "x",
				    words), 0);
		root = load("utf8.json");
		environment = json_object_get(root, "environment");
		CU_ASSERT_TRUE(strlen(text_of(environment, "options")) >= 254);
		json_decref(root);
		odd_run("long.json", 1);
		root = load("long.json");
		environment = json_object_get(root, "environment");
		json_object_set_new(environment, "cpu", json_sprintf("%.*s%s", before, "x", words));
		json_object_set_new(root, "notes", json_pack("[{s:o}]", "note",
				    json_sprintf("%.*s%s", before, "x", words)));
		CU_ASSERT_EQUAL(json_dump_file(root, in_dir("long.json"), 0), 0);
		json_decref(root);
		CU_ASSERT_EQUAL(run("--suite none --add long.json --json utf8.json"), 0);
		root = load("utf8.json");
		environment = json_object_get(root, "environment");
		CU_ASSERT_TRUE(strlen(text_of(environment, "cpu")) >= 94);
		json_decref(root);
	}
}

static void
page(void)
{
	static char html[4 << 20];
	const char *goal;

	if (!has_gnuplot())
		return;
	seed = 3;
	made_up_run("guest.json", 1, 0.9);
	steady("old.json", as_it_is);
	steady("new.json", one_slower);
	CU_ASSERT_EQUAL(run("--suite none --add new.json --add guest.json --html page.html"), 0);
	read_file(in_dir("page.html"), html, sizeof(html));
	CU_ASSERT_TRUE(well_formed(html));
	/* It needs nothing else. */
	CU_ASSERT_PTR_NULL(strstr(html, "http"));
	CU_ASSERT_PTR_NULL(strstr(html, "<script"));
	CU_ASSERT_PTR_NULL(strstr(html, "<link"));
	CU_ASSERT_PTR_NULL(strstr(html, "url("));
	CU_ASSERT_PTR_NOT_NULL(strstr(html, "<svg"));
	CU_ASSERT_PTR_NOT_NULL(strstr(html, "bulk of 32"));
	CU_ASSERT_PTR_NOT_NULL(strstr(html, "intel-48 (VA)"));
	goal = strstr(html, "packets a second, plugin / stock type1, intel-48 (VA)");
	CU_ASSERT_PTR_NOT_NULL_FATAL(goal);
	CU_ASSERT_PTR_NOT_NULL(strstr(goal, "not met"));
	CU_ASSERT_TRUE(strstr(goal, "not met") < strchr(goal, '\n'));
	CU_ASSERT_PTR_NULL(strstr(html, "Compared with"));
	CU_ASSERT_EQUAL(run("--compare old.json new.json --html page.html"), 1);
	read_file(in_dir("page.html"), html, sizeof(html));
	CU_ASSERT_TRUE(well_formed(html));
	CU_ASSERT_PTR_NOT_NULL(strstr(html, "Compared with"));
	CU_ASSERT_PTR_NOT_NULL(strstr(html, "lookup: single 1 GiB"));
	REFUSED("cannot write nowhere/a.html", "--suite none --add guest.json --html nowhere/a.html "
		">out");
}

/* ---- options ---- */

static void
options(void)
{
	CU_ASSERT_EQUAL(run("--help"), 0);
	CU_ASSERT_EQUAL(strncmp(output, "Usage: dpdk-ioas-perf", 21), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "--compare OLD [OLD]... [NEW]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "  -a, --allow ADDRESS "));
	CU_ASSERT_PTR_NOT_NULL(strstr(output, "(-- -d librte_bus_ioas.so -a ADDRESS)"));
	/* As EAL has it, to which -d is a driver. */
	CU_ASSERT_EQUAL(run("--suite none --add quick.json -a 0000:00:02.0"), 0);
	CU_ASSERT_EQUAL(run("--suite none --add quick.json --allow 0000:00:02.0"), 0);
	CU_ASSERT_EQUAL(run("--suite none --add quick.json --device 0000:00:02.0"), 0);
	CU_ASSERT_EQUAL(run("--suite none --add quick.json -d 0000:00:02.0"), 2);
	CU_ASSERT_EQUAL(run("--nonsense"), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors, "--nonsense"));
	CU_ASSERT_PTR_NOT_NULL(strstr(errors, "Usage: dpdk-ioas-perf"));
	CU_ASSERT_EQUAL(run("--json"), 2);
	REFUSED("fast", "--suite fast");
	REFUSED("0", "--rounds 0");
	REFUSED("1000", "--rounds 1000");
	REFUSED("x", "--maps x");
	REFUSED("-1", "--cores -1");
	REFUSED("stray", "stray");
	REFUSED("third", "--compare quick.json quick.json third");
	REFUSED("of-no-machine-that", "--machine of-no-machine-that-there-is");
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "a quick run", quick },
		{ "results are complete", results_are_complete },
		{ "one suite", one_suite },
		{ "a suite that fails", failed_suite },
		{ "no difference", same },
		{ "slower", slower },
		{ "another clock", other_clock },
		{ "made-up noise", made_up_noise },
		{ "several runs", several_runs },
		{ "a whole suite", whole_suite },
		{ "against this run", this_run },
		{ "wrong files", wrong_files },
		{ "goals", goals },
		{ "goals that were not measured", goals_not_measured },
		{ "a counted clock", counted_clock },
		{ "picture", picture },
		{ "no gnuplot", no_gnuplot },
		{ "results of others", added },
		{ "odd strings", odd_strings },
		{ "not UTF-8", not_utf8 },
		{ "page", page },
		{ "options", options },
	};
	char command[64];
	CU_pSuite suite;
	int failures;

	if (argc != 2 || mkdtemp(dir) == NULL || CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	program = realpath(argv[1], NULL);
	if (program == NULL)
		return 2;
	suite = CU_add_suite("perf", NULL, NULL);
	for (unsigned int i = 0; i < COUNT(tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) != 0 || failures != 0;
}
