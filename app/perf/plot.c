/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The figures as a picture: gnuplot reads a script that contains the data from a pipe, and writes the SVG to
 * its standard output, which is the file.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perf.h"

extern char **environ;

/* ---- gnuplot's language ---- */

/* A string in single quotes, where only single quotes are special. In double quotes gnuplot executes text
 * between backticks, and a newline ends the command. Results may come from an untrusted source. */
__attribute__((format(printf, 2, 3)))
static void
write_string(FILE *out, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputc('\'', out);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\'')
			fputc('\'', out);
		fputc((unsigned char)*p < ' ' ? ' ' : *p, out);
	}
	fputc('\'', out);
}

/* The turns from left to right: 0 to 1, and their ratio. */
static void
write_turns(FILE *out, const struct results *results, const struct result *result)
{
	double ratios[MAX_SAMPLES];
	struct result what = *result;
	const struct result *stock;
	unsigned int n = 0;

	snprintf(what.name, sizeof(what.name), "stock");
	stock = results_find(results, &what);
	if (stock != NULL)
		n = stats_pairs(result, stock, ratios);
	for (unsigned int i = 0; i < n; i++)
		fprintf(out, "%g %g\n", n > 1 ? (double)i / (n - 1) : 0.5, ratios[i]);
}

static void
write_data(FILE *out, const struct results *results, const struct panel *panel, unsigned int p)
{
	for (unsigned int s = 0; s < panel->n; s++) {
		fprintf(out, "$p%us%u << END\n", p, s);
		for (unsigned int i = 0; i < results->n; i++) {
			const struct result *const result = &results->result[i];

			if (!series_has(panel, &panel->series[s], result))
				continue;
			if (panel->kind == PANEL_RATIOS) {
				write_turns(out, results, result);
				continue;
			}
			if (panel->kind == PANEL_BARS)
				fprintf(out, "%u", panel->n - s);
			else
				fprintf(out, "%.0f", panel->kind == PANEL_MAPS ? (double)result->maps
						     : (double)result->working_set);
			fprintf(out, " %g %g %g\n", result->median, result->low, result->high);
		}
		fprintf(out, "END\n");
	}
}

static void
write_sizes(FILE *out, const struct results *results, const struct panel *panel)
{
	uint64_t seen[16];
	unsigned int n = 0;
	char text[24];

	fprintf(out, "set xtics (");
	for (unsigned int i = 0; i < results->n && n < 16; i++) {
		const struct result *const result = &results->result[i];
		bool known = !series_has(panel, &panel->series[0], result);

		for (unsigned int k = 0; !known && k < n; k++)
			known = seen[k] == result->working_set;
		if (known)
			continue;
		seen[n++] = result->working_set;
		fprintf(out, "%s", n > 1 ? ", " : "");
		write_string(out, "%s", size_text(result->working_set, text, sizeof(text)));
		fprintf(out, " %.0f", (double)result->working_set);
	}
	fprintf(out, ")\n");
}

/* From slightly below the lowest value to slightly above the highest, with 1, 2 and 5 of each power of ten. */
static void
write_range(FILE *out, const struct results *results, const struct panel *panel)
{
	static const unsigned int steps[] = { 1, 2, 5 };
	double low = 1e9, high = 0;
	const char *comma = "";

	for (unsigned int i = 0; i < results->n; i++) {
		const struct result *const result = &results->result[i];

		for (unsigned int s = 0; s < panel->n; s++) {
			if (!series_has(panel, &panel->series[s], result))
				continue;
			low = result->low < low ? result->low : low;
			high = result->high > high ? result->high : high;
		}
	}
	fprintf(out, "set yrange [%g:%g]\nset ytics (", low / 1.5, high * 1.5);
	for (int power = -3; power <= 6; power++) {
		for (unsigned int i = 0; i < 3; i++) {
			fprintf(out, "%s%ue%d", comma, steps[i], power);
			comma = ", ";
		}
	}
	fprintf(out, ")\n");
}

static void
write_lines(FILE *out, const struct results *results, const struct panel *panel, unsigned int p)
{
	fprintf(out, "set logscale xy\nset xlabel ");
	write_string(out, "%s", panel->x);
	fprintf(out, " offset 0,0.4\nset ylabel ");
	write_string(out, "%s", panel->y);
	fprintf(out, "\nset key below maxrows 3 samplen 3 height 1\n");
	if (panel->kind == PANEL_MAPS)
		fprintf(out, "set xtics autofreq\nset format x '%%.0f'\nset xrange [0.7:*]\n");
	else
		write_sizes(out, results, panel);
	write_range(out, results, panel);
	fprintf(out, "set offsets graph 0.06, graph 0.06, 0, 0\nplot ");
	/* The yardsticks are dashed, so that other lines show through. */
	for (unsigned int s = 0; s < panel->n; s++) {
		const char *const title = panel->series[s].title;

		fprintf(out, "%s$p%us%u using 1:2:3:4 with yerrorlines title ", s > 0 ? ", " : "",
			p, s);
		write_string(out, "%s", title);
		fprintf(out, " ls %u%s", s + 1, strstr(title, "array load") != NULL ||
			strstr(title, "fixed") != NULL ? " dt 2" : "");
	}
	fprintf(out, "\nunset offsets\nset xrange [*:*]\nset yrange [*:*]\nset ytics autofreq\n"
		"set format x\n");
}

/* A tic for each series: the position of the first one, and the distance to the next. */
static void
write_titles(FILE *out, const struct panel *panel, int first, int step)
{
	for (unsigned int s = 0; s < panel->n; s++) {
		fprintf(out, "%s", s > 0 ? ", " : "");
		write_string(out, "%s", panel->series[s].title);
		fprintf(out, " %d", first + (int)s * step);
	}
}

static void
write_bars(FILE *out, const struct panel *panel, unsigned int p)
{
	fprintf(out, "unset logscale\nset logscale x\nset xlabel ");
	write_string(out, "%s", panel->y);
	fprintf(out, "\nunset ylabel\nunset key\nset xtics autofreq\nset format x '%%g'\nset ytics (");
	write_titles(out, panel, panel->n, -1);
	fprintf(out, ") noenhanced\nset yrange [0.4:%u.6]\nset xrange [0.1:50000]\nplot ", panel->n);
	for (unsigned int s = 0; s < panel->n; s++)
		fprintf(out, "%s$p%us%u using (0.5*($2+0.1)):1:(0.1):2:($1-0.32):($1+0.32) with "
			"boxxyerror fs solid 0.8 noborder lc rgb '%s' notitle, "
			"$p%us%u using 2:1:(sprintf($2 < 100 ? '  %%.2f ns' : '  %%.0f ns', $2)) "
			"with labels left notitle",
			s > 0 ? ", " : "", p, s, s == 0 ? "#0072b2" : "#999999", p, s);
	fprintf(out, "\nset yrange [*:*]\nset xrange [*:*]\nset ytics autofreq\nset format x\n");
}

/* Medians as lines across their column, the goal across all columns. */
static void
write_ratios(FILE *out, const struct panel *panel, unsigned int p)
{
	fprintf(out, "unset logscale\nunset xlabel\nset ylabel ");
	write_string(out, "%s", panel->y);
	fprintf(out, "\nunset key\nset xtics (");
	write_titles(out, panel, 1, 1);
	fprintf(out, ") noenhanced\nset ytics autofreq\nset format x\nset xrange [0.5:%u.5]\n",
		panel->n);
	for (unsigned int s = 0; s < panel->n; s++)
		fprintf(out, "stats $p%us%u using 2 name 'm%u' nooutput\n", p, s, s);
	fprintf(out, "plot %g lc rgb '#009e73' lw 2 dt 2 notitle", panel->goal);
	for (unsigned int s = 0; s < panel->n; s++)
		fprintf(out, ", $p%us%u using (%u+0.6*$1-0.3):2 with points pt 7 ps 0.7 lc rgb "
			"'#56b4e9' notitle, '+' using (%u):(m%u_median):(0.35) every ::0::0 with "
			"xerrorbars pt 0 lw 3 lc rgb '#0072b2' notitle, '+' using (%u):(m%u_median):"
			"(sprintf('%%.3f', m%u_median)) every ::0::0 with labels right offset 7,0.7 "
			"notitle", p, s, s + 1, s + 1, s, s + 1, s, s);
	fprintf(out, "\nset xrange [*:*]\n");
}

static void
write_panel(FILE *out, const struct results *results, const struct panel *panel, unsigned int p)
{
	fprintf(out, "set title ");
	write_string(out, "%s", panel->title);
	fprintf(out, "\n");
	switch (panel->kind) {
	case PANEL_BARS:
		write_bars(out, panel, p);
		break;
	case PANEL_RATIOS:
		write_ratios(out, panel, p);
		break;
	default:
		write_lines(out, results, panel, p);
	}
}

/* The style of all pictures. */
static void
write_style(FILE *out, unsigned int width, unsigned int height)
{
	static const char *const colours[] = { "#d55e00", "#000000", "#009e73", "#0072b2",
					       "#cc79a7", "#e69f00", "#56b4e9" };

	fprintf(out, "set encoding utf8\nset terminal svg size %u,%u font 'Helvetica,Arial,sans-serif,14' "
		"background rgb 'white'\n", width, height);
	for (unsigned int i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		fprintf(out, "set style line %u lc rgb '%s' lw 2 pt 7 ps 0.6\n", i + 1, colours[i]);
	fprintf(out, "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset mxtics 1\n"
		"set mytics 1\nset bars small\n");
}

#define PANEL_WIDTH 660
#define PANEL_HEIGHT 470

static void
write_script(FILE *out, const struct results *results, const struct panel *panels, unsigned int n)
{
	const struct environment *const environment = &results->environment[0];
	const unsigned int columns = n > 1 ? 2 : 1, rows = (n + 1) / 2;

	write_style(out, PANEL_WIDTH * columns, 60 + PANEL_HEIGHT * rows);
	for (unsigned int i = 0; i < n; i++)
		write_data(out, results, &panels[i], i);
	fprintf(out, "set multiplot layout %u,%u title ", rows, columns);
	write_string(out, "dpdk-ioas-perf %s, %s, %u CPUs, %s", environment->version, environment->cpu,
		     environment->cores,
		     environment->dpdk[0] != '\0' ? environment->dpdk : environment->kernel);
	fprintf(out, ".\"\\nmedians and quartiles\" noenhanced\n");
	for (unsigned int i = 0; i < n; i++)
		write_panel(out, results, &panels[i], i);
	fprintf(out, "unset multiplot\n");
}

/* ---- running it ---- */

/* Starts gnuplot with its output in a file and a pipe to write to. */
static int
start(int file, pid_t *pid, FILE **script)
{
	char *argv[] = { (char *)(uintptr_t)"gnuplot", NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		complain("no pipe: %s", strerror(errno));
		return EXIT_USAGE;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, file, STDOUT_FILENO);
	ret = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[0]);
	*script = ret == 0 ? fdopen(fds[1], "w") : NULL;
	if (*script == NULL) {
		close(fds[1]);
		complain("pictures need gnuplot (Debian package gnuplot-nox): %s", strerror(ret));
		return EXIT_USAGE;
	}
	/* The exit status shows if gnuplot ends early. */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int
finish(pid_t pid, FILE *script)
{
	int status;

	fclose(script);
	if (waitpid(pid, &status, 0) == pid && status == 0)
		return 0;
	complain("gnuplot failed: see above");
	return EXIT_USAGE;
}

int
plot(const char *path, const struct results *results)
{
	static struct panel panels[MAX_PANELS];
	const unsigned int n = panels_of(results, panels);
	FILE *script;
	int file, ret;
	pid_t pid;

	if (n == 0) {
		complain("nothing to plot: run the suites lookup, eal or maps");
		return EXIT_USAGE;
	}
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0) {
		complain("cannot write %s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	ret = start(file, &pid, &script);
	if (ret == 0) {
		write_script(script, results, panels, n);
		ret = finish(pid, script);
	}
	close(file);
	if (ret != 0)
		unlink(path);
	return ret;
}

/* Copies the element svg alone, which HTML knows: without the names of the XML namespaces, which look like
 * addresses, and without the text before it. */
static void
copy_inline(FILE *out, FILE *svg)
{
	bool begun = false;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, svg) > 0) {
		char *at = line, *space;

		if (!begun) {
			at = strstr(line, "<svg");
			begun = at != NULL;
		}
		while (begun && (space = strstr(at, " xmlns")) != NULL) {
			const char *const open = strpbrk(space, "'\"");
			const char *const end = open != NULL ? strchr(open + 1, *open) : NULL;

			if (end == NULL)
				break;
			fprintf(out, "%.*s", (int)(space - at), at);
			at += end + 1 - at;
		}
		if (begun)
			fputs(at, out);
	}
	free(line);
}

int
plot_inline(FILE *out, const struct results *results, const struct panel *panel)
{
	FILE *const svg = tmpfile();
	FILE *script;
	pid_t pid;
	int ret;

	if (svg == NULL) {
		complain("no temporary file: %s", strerror(errno));
		return EXIT_USAGE;
	}
	ret = start(fileno(svg), &pid, &script);
	if (ret == 0) {
		write_style(script, PANEL_WIDTH, PANEL_HEIGHT);
		write_data(script, results, panel, 0);
		write_panel(script, results, panel, 0);
		ret = finish(pid, script);
	}
	if (ret == 0) {
		rewind(svg);
		copy_inline(out, svg);
	}
	fclose(svg);
	return ret;
}
