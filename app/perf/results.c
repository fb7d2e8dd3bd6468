/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The list of results: it grows, and tells whether two results are the same measurement. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "perf.h"

struct results *
results_create(void)
{
	void *const p = mmap(NULL, sizeof(struct results), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct result *
results_add(struct results *results, const struct result *what)
{
	struct result *result;

	if (results->n == MAX_RESULTS) {
		complain("more than %d results: use fewer cores (--cores)", MAX_RESULTS);
		return NULL;
	}
	result = &results->result[results->n++];
	*result = *what;
	return result;
}

void
result_sample(struct result *result, double value)
{
	if (result->rounds < MAX_SAMPLES)
		result->sample[result->rounds++] = value;
}

void
results_finish(struct results *results)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < results->n; i++) {
		struct result *const result = &results->result[n];
		double values[MAX_SAMPLES];
		struct stats stats;

		/* Its suite has failed. */
		if (results->result[i].rounds == 0)
			continue;
		if (n++ < i)
			*result = results->result[i];
		memcpy(values, result->sample, sizeof(values));
		stats = stats_of(values, result->rounds);
		result->median = stats.median;
		result->low = stats.low;
		result->high = stats.high;
	}
	results->n = n;
}

struct note *
results_note(struct results *results, const char *suite, const char *format, ...)
{
	struct note *const note = &results->notes[results->n_notes];
	va_list args;

	if (results->n_notes == sizeof(results->notes) / sizeof(results->notes[0]))
		return NULL;
	results->n_notes++;
	*note = (struct note){ .machine = "" };
	utf8_copy(note->suite, sizeof(note->suite), suite);
	va_start(args, format);
	vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
	utf8_mend(note->text, sizeof(note->text));
	return note;
}

bool
result_comparable(const struct result *a, const struct result *b)
{
	return strcmp(a->machine, b->machine) == 0 && strcmp(a->suite, b->suite) == 0 &&
	       a->working_set == b->working_set &&
	       strcmp(a->placement, b->placement) == 0 && strcmp(a->pattern, b->pattern) == 0 &&
	       a->threads == b->threads && a->writer == b->writer && a->maps == b->maps &&
	       strcmp(a->unit, b->unit) == 0;
}

bool
result_same(const struct result *a, const struct result *b)
{
	return strcmp(a->name, b->name) == 0 && result_comparable(a, b);
}

const struct result *
results_find(const struct results *results, const struct result *what)
{
	for (unsigned int i = 0; i < results->n; i++)
		if (result_same(&results->result[i], what))
			return &results->result[i];
	return NULL;
}

struct environment *
results_environment(struct results *results)
{
	if (results->n_environments == MAX_FILES) {
		complain("more than %d machines", MAX_FILES);
		return NULL;
	}
	return &results->environment[results->n_environments++];
}

bool
result_is_rate(const struct result *result)
{
	return strcmp(result->unit, "pps") == 0;
}

const char *
result_describe(const struct result *result, char *text, size_t size)
{
	char working_set[24] = "", placement[16] = "", pattern[16] = "", maps[24] = "";
	char threads[24] = "";

	if (result->working_set != 0) {
		working_set[0] = ' ';
		size_text(result->working_set, working_set + 1, sizeof(working_set) - 1);
	}
	if (result->placement[0] != '\0')
		snprintf(placement, sizeof(placement), ", %s IOVAs", result->placement);
	if (result->pattern[0] != '\0')
		snprintf(pattern, sizeof(pattern), ", %s", result->pattern);
	if (result->maps != 0)
		snprintf(maps, sizeof(maps), ", %u maps", result->maps);
	if (result->threads > 1)
		snprintf(threads, sizeof(threads), ", %u threads", result->threads);
	snprintf(text, size, "%s: %s%s%s%s%s%s%s%s%s", result->suite, result->name, working_set,
		 pattern, placement, maps, threads, result->writer ? ", with a writer" : "",
		 result->machine[0] != '\0' ? ", on " : "", result->machine);
	return text;
}
