/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The report as one self-contained page: no script, no network. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "markup.h"
#include "perf.h"

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\"/>\n"
	"<meta name=\"viewport\" content=\"width=device-width\"/>\n"
	"<title>dpdk-ioas-perf</title>\n"
	"<style>\n"
	"body { font: 15px/1.45 Helvetica, Arial, sans-serif; color: #222; max-width: 1360px;"
	" margin: 1.5em auto; padding: 0 1em }\n"
	"h1 { font-size: 1.6em; margin-bottom: 0 } h2 { font-size: 1.25em; margin: 1.8em 0 0.5em }\n"
	"table { border-collapse: collapse; margin: 0.4em 0 1.2em }\n"
	"caption { text-align: left; font-weight: bold; padding: 0.3em 0 }\n"
	"th, td { padding: 0.15em 0.8em 0.15em 0; text-align: right; border-bottom: 1px solid #e4e4e4;"
	" font-variant-numeric: tabular-nums }\n"
	"th { border-bottom: 1px solid #999 } th:first-child, td:first-child, td.text,"
	" td.met, td.missed, td.none { text-align: left }\n"
	".met { color: #006d4f } .missed { color: #b00020; font-weight: bold } .none, .spread {"
	" color: #777 }\n"
	".pictures { display: flex; flex-wrap: wrap; gap: 1em }\n"
	".pictures svg { flex: 1 1 560px; max-width: 660px; height: auto }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n";

/* The text of a result, between tags of an element. */
__attribute__((format(printf, 3, 4)))
static void
element(FILE *out, const char *tag, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(out, "<%s>", tag);
	markup_text(text, out);
	fprintf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

static void
cell(FILE *out, const char *s)
{
	element(out, "td class=\"text\"", "%s", s);
}

static void
environments(FILE *out, const struct results *results)
{
	fprintf(out, "<h2>Where</h2>\n<table>\n<tr><th>machine</th><th>CPUs</th><td class=\"text\">"
		"<b>clock</b></td><td class=\"text\"><b>processor</b></td><td class=\"text\"><b>kernel"
		"</b></td><td class=\"text\"><b>DPDK</b></td><td class=\"text\"><b>compiler</b></td>"
		"<td class=\"text\"><b>options</b></td></tr>\n");
	for (unsigned int i = 0; i < results->n_environments; i++) {
		const struct environment *const environment = &results->environment[i];

		fprintf(out, "<tr>");
		cell(out, environment->machine[0] != '\0' ? environment->machine : "this one");
		fprintf(out, "<td>%u</td>", environment->cores);
		cell(out, environment->clock);
		cell(out, environment->cpu);
		cell(out, environment->kernel);
		cell(out, environment->dpdk[0] != '\0' ? environment->dpdk : "none");
		cell(out, environment->compiler);
		cell(out, environment->options);
		fprintf(out, "</tr>\n");
	}
	fprintf(out, "</table>\n");
}

static void
goals_write(FILE *out, const struct goal *goals, unsigned int n)
{
	fprintf(out, "<h2>Goals</h2>\n<table>\n<tr><th>goal</th><th>wanted</th><th>measured</th>"
		"<th>99 of 100 times</th><th></th></tr>\n");
	for (unsigned int i = 0; i < n; i++) {
		const struct goal *const goal = &goals[i];
		char words[96];

		fprintf(out, "<tr>");
		cell(out, goal->what);
		fprintf(out, "<td>%s %g%s</td>", goal->sign[0] == '<' ? "≤" : "≥", goal->limit,
			strcmp(goal->unit, "times") == 0 ? "" : " KiB");
		if (goal->state == GOAL_NOT_MEASURED)
			fprintf(out, "<td></td><td></td>");
		else
			fprintf(out, "<td>%.4g</td><td class=\"spread\">%.4g - %.4g</td>", goal->value,
				goal->low, goal->high);
		fprintf(out, "<td class=\"%s\">%s</td></tr>\n",
			goal->state == GOAL_MET ? "met" : goal->state == GOAL_MISSED ? "missed" : "none",
			goal_text(goal, words, sizeof(words)));
	}
	fprintf(out, "</table>\n");
}

static void
comparison_write(FILE *out, const struct comparison *comparison)
{
	fprintf(out, "<h2>Compared with the run before</h2>\n<p class=\"%s\">%u of %u results are "
		"slower by more than the noise, %u faster. The machine was %.2f times slower.</p>\n",
		comparison->slower > 0 ? "missed" : "met", comparison->slower, comparison->common,
		comparison->faster, comparison->machine);
	if (comparison->n_changes == 0)
		return;
	fprintf(out, "<table>\n<tr><th>slower</th><th>before</th><th>now</th><th>times slower</th>"
		"<th>between</th><th>noise up to</th></tr>\n");
	for (unsigned int i = 0; i < comparison->n_changes; i++) {
		const struct change *const change = &comparison->changes[i];

		fprintf(out, "<tr>");
		cell(out, change->what);
		if (change->unit[0] != '\0') {
			element(out, "td", "%.3g %s", change->before, change->unit);
			element(out, "td", "%.3g %s", change->after, change->unit);
		} else {
			fprintf(out, "<td></td><td></td>");
		}
		fprintf(out, "<td>%.2f</td><td>%.2f - %.2f</td><td>%.2f</td></tr>\n",
			change->factor, change->low, change->high, change->limit);
	}
	fprintf(out, "</table>\n");
}

static int
pictures(FILE *out, const struct results *results)
{
	static struct panel panels[MAX_PANELS];
	const unsigned int n = panels_of(results, panels);
	int ret = 0;

	if (n == 0)
		return 0;
	fprintf(out, "<h2>Pictures</h2>\n<p>Medians and quartiles. A turn is a run with stock EAL and "
		"one with the plugin; the green line is the goal.</p>\n<div class=\"pictures\">\n");
	for (unsigned int i = 0; ret == 0 && i < n; i++)
		ret = plot_inline(out, results, &panels[i]);
	fprintf(out, "</div>\n");
	return ret;
}

static void
table_write(FILE *out, const struct results *results, const struct grid *grid)
{
	char words[48];

	fprintf(out, "<table>\n");
	element(out, "caption", "%s", grid->title);
	fprintf(out, "\n<tr>");
	element(out, "th", "%s", grid->unit);
	for (unsigned int c = 0; c < grid->n_columns; c++)
		fprintf(out, "<th>%s</th>", grid_head(grid, c, words, sizeof(words)));
	fprintf(out, "</tr>\n");
	for (unsigned int r = 0; r < grid->n_rows; r++) {
		fprintf(out, "<tr>");
		cell(out, grid->rows[r]->name);
		for (unsigned int c = 0; c < grid->n_columns; c++) {
			const struct result *const result = grid_cell(results, grid, r, c);

			fprintf(out, "<td>%s</td>", result == NULL ? ""
				: result_text(result, words, sizeof(words)));
		}
		fprintf(out, "</tr>\n");
	}
	fprintf(out, "</table>\n");
}

static void
notes(FILE *out, const struct results *results)
{
	if (results->n_notes == 0)
		return;
	fprintf(out, "<h2>Notes</h2>\n<ul>\n");
	for (unsigned int i = 0; i < results->n_notes; i++) {
		const struct note *const note = &results->notes[i];

		element(out, "li", "%s%s%s: %s", note->suite, note->machine[0] != '\0' ? " on " : "",
			note->machine, note->text);
		fprintf(out, "\n");
	}
	fprintf(out, "</ul>\n");
}

int
html_write(const char *path, const struct results *results, const struct goal *goals,
	   unsigned int n_goals, const struct comparison *comparison)
{
	FILE *const out = fopen(path, "we");
	struct grid grid;
	int ret;

	if (out == NULL) {
		complain("cannot write %s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	fputs(head, out);
	element(out, "h1", "dpdk-ioas-perf %s", results->environment[0].version);
	element(out, "p class=\"none\"", "%s", results->environment[0].date);
	fprintf(out, "\n");
	if (comparison != NULL)
		comparison_write(out, comparison);
	goals_write(out, goals, n_goals);
	ret = pictures(out, results);
	environments(out, results);
	notes(out, results);
	fprintf(out, "<h2>All results</h2>\n<p>Medians, and half of what lies between the quartiles."
		"</p>\n");
	for (unsigned int i = 0; grid_next(results, &i, &grid);)
		table_write(out, results, &grid);
	fprintf(out, "</body>\n</html>\n");
	if (fclose(out) != 0 && ret == 0) {
		complain("cannot write %s: %s", path, strerror(errno));
		ret = EXIT_USAGE;
	}
	if (ret != 0)
		unlink(path);
	return ret;
}
