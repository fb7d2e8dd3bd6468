/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The figures as a picture: gnuplot reads a script with the data in it from a pipe and writes the
 * SVG to the file that is its standard output. A panel that the run has no data for is left out.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perf.h"

#define MAX_SERIES 8

extern char **environ;

/* Results that differ in the working set or the number of maps only. */
struct series {
	char title[64];
	struct result what;
};

struct panel {
	const char *title, *x, *y;
	bool bars;              /* one for each series; else lines by working set or maps */
	bool by_maps;
	struct series series[MAX_SERIES];
	unsigned int n;
};

/* ---- which results go where ---- */

static bool
in_series(const struct series *series, const struct result *result, bool bars)
{
	struct result what = series->what;

	if (!bars)
		what.working_set = result->working_set;
	what.maps = result->maps;
	return result_same(&what, result);
}

static bool
has_data(const struct results *results, const struct series *series, bool bars)
{
	for (unsigned int i = 0; i < results->n; i++)
		if (in_series(series, &results->result[i], bars))
			return true;
	return false;
}

/* Adds a series if there is data for it. */
static void
series_add(const struct results *results, struct panel *panel, const char *title,
	   const struct result *what)
{
	struct series *const series = &panel->series[panel->n];

	snprintf(series->title, sizeof(series->title), "%s", title);
	series->what = *what;
	if (panel->n + 1 < MAX_SERIES && has_data(results, series, panel->bars))
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
lookup_panel(const struct results *results, const char *bulk, struct panel *panel)
{
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
		if (results->result[i].threads > most)
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
				 .y = "ns an address", .bars = true };
	for (unsigned int i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		struct result what = template("eal", bars[i].name, "random");

		what.working_set = bars[i].size;
		series_add(results, panel, bars[i].title, &what);
	}
}

static void
maps_panel(const struct results *results, struct panel *panel)
{
	static const char *const names[] = { "map, chosen", "map, fixed", "unmap, chosen",
					     "unmap, fixed" };
	static const char *const where[] = { "device", "kernel", "model" };

	*panel = (struct panel){ .x = "maps in place", .y = "µs a call", .by_maps = true };
	/* The most real of what was measured. */
	for (unsigned int w = 0; w < 3 && panel->n == 0; w++) {
		panel->title = w < 2 ? "Maps and unmaps of 4 KiB, on the kernel"
				     : "Maps and unmaps of 4 KiB, on a model of the kernel";
		for (unsigned int i = 0; i < 4; i++) {
			struct result what = template("maps", names[i], where[w]);

			snprintf(what.unit, sizeof(what.unit), "us");
			series_add(results, panel, names[i], &what);
		}
	}
}

/* ---- gnuplot's language ---- */

static void
write_data(FILE *out, const struct results *results, const struct panel *panel, unsigned int p)
{
	for (unsigned int s = 0; s < panel->n; s++) {
		fprintf(out, "$p%us%u << END\n", p, s);
		for (unsigned int i = 0; i < results->n; i++) {
			const struct result *const result = &results->result[i];

			if (!in_series(&panel->series[s], result, panel->bars))
				continue;
			if (panel->bars)
				fprintf(out, "%u", panel->n - s);
			else
				fprintf(out, "%.0f", panel->by_maps ? (double)result->maps
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
		bool known = !in_series(&panel->series[0], result, false);

		for (unsigned int k = 0; !known && k < n; k++)
			known = seen[k] == result->working_set;
		if (known)
			continue;
		seen[n++] = result->working_set;
		fprintf(out, "%s\"%s\" %.0f", n > 1 ? ", " : "",
			size_text(result->working_set, text, sizeof(text)),
			(double)result->working_set);
	}
	fprintf(out, ")\n");
}

/* From a bit below the lowest to a bit above the highest, with 1, 2 and 5 of each power of ten. */
static void
write_range(FILE *out, const struct results *results, const struct panel *panel)
{
	static const unsigned int steps[] = { 1, 2, 5 };
	double low = 1e9, high = 0;
	const char *comma = "";

	for (unsigned int i = 0; i < results->n; i++) {
		const struct result *const result = &results->result[i];

		for (unsigned int s = 0; s < panel->n; s++) {
			if (!in_series(&panel->series[s], result, panel->bars))
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
	fprintf(out, "set logscale xy\nset xlabel '%s' offset 0,0.4\nset ylabel '%s'\n"
		"set key below maxrows 3 samplen 3 height 1\n", panel->x, panel->y);
	if (panel->by_maps)
		fprintf(out, "set xtics autofreq\nset format x '%%.0f'\nset xrange [0.7:*]\n");
	else
		write_sizes(out, results, panel);
	write_range(out, results, panel);
	fprintf(out, "set offsets graph 0.06, graph 0.06, 0, 0\nplot ");
	/* The yardsticks are dashed: what lies on them shows through. */
	for (unsigned int s = 0; s < panel->n; s++)
		fprintf(out, "%s$p%us%u using 1:2:3:4 with yerrorlines title '%s' ls %u%s",
			s > 0 ? ", " : "", p, s, panel->series[s].title, s + 1,
			strstr(panel->series[s].title, "array load") != NULL ||
			strstr(panel->series[s].title, "fixed") != NULL ? " dt 2" : "");
	fprintf(out, "\nunset offsets\nset xrange [*:*]\nset yrange [*:*]\nset ytics autofreq\n"
		"set format x\n");
}

static void
write_bars(FILE *out, const struct panel *panel, unsigned int p)
{
	fprintf(out, "unset logscale\nset logscale x\nset xlabel '%s'\nunset ylabel\nunset key\n"
		"set xtics autofreq\nset format x '%%g'\nset ytics (", panel->y);
	for (unsigned int s = 0; s < panel->n; s++)
		fprintf(out, "%s'%s' %u", s > 0 ? ", " : "", panel->series[s].title, panel->n - s);
	fprintf(out, ") noenhanced\nset yrange [0.4:%u.6]\nset xrange [0.1:50000]\nplot ", panel->n);
	for (unsigned int s = 0; s < panel->n; s++)
		fprintf(out, "%s$p%us%u using (0.5*($2+0.1)):1:(0.1):2:($1-0.32):($1+0.32) with "
			"boxxyerror fs solid 0.8 noborder lc rgb '%s' notitle, "
			"$p%us%u using 2:1:(sprintf($2 < 100 ? '  %%.2f ns' : '  %%.0f ns', $2)) "
			"with labels left notitle",
			s > 0 ? ", " : "", p, s, s == 0 ? "#0072b2" : "#999999", p, s);
	fprintf(out, "\nset yrange [*:*]\nset xrange [*:*]\nset ytics autofreq\nset format x\n");
}

static void
write_script(FILE *out, const struct environment *environment, const struct results *results,
	     const struct panel *panels, unsigned int n)
{
	static const char *const colours[] = { "#d55e00", "#000000", "#009e73", "#0072b2",
					       "#cc79a7", "#e69f00", "#56b4e9" };
	const unsigned int columns = n > 1 ? 2 : 1, rows = (n + 1) / 2;

	fprintf(out, "set encoding utf8\nset terminal svg size %u,%u font 'Helvetica,Arial,sans-serif,14' "
		"background rgb 'white'\n", 660 * columns, 60 + 470 * rows);
	for (unsigned int i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		fprintf(out, "set style line %u lc rgb '%s' lw 2 pt 7 ps 0.6\n", i + 1, colours[i]);
	fprintf(out, "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset mxtics 1\n"
		"set mytics 1\nset bars small\n");
	for (unsigned int i = 0; i < n; i++)
		write_data(out, results, &panels[i], i);
	fprintf(out, "set multiplot layout %u,%u title \"dpdk-ioas-perf %s, %s, %u CPUs, %s\\n"
		"medians and quartiles\" noenhanced\n",
		rows, columns, environment->version, environment->cpu, environment->cores,
		environment->dpdk[0] != '\0' ? environment->dpdk : environment->kernel);
	for (unsigned int i = 0; i < n; i++) {
		fprintf(out, "set title \"%s\"\n", panels[i].title);
		if (panels[i].bars)
			write_bars(out, &panels[i], i);
		else
			write_lines(out, results, &panels[i], i);
	}
	fprintf(out, "unset multiplot\n");
}

/* ---- running it ---- */

/* Starts gnuplot with its output in a file and a pipe to write to. */
static int
start(const char *path, pid_t *pid, FILE **script)
{
	char *argv[] = { (char *)(uintptr_t)"gnuplot", NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], file, ret;

	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0) {
		complain("cannot write %s: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		complain("no pipe: %s", strerror(errno));
		close(file);
		return EXIT_USAGE;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, file, STDOUT_FILENO);
	ret = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[0]);
	close(file);
	*script = ret == 0 ? fdopen(fds[1], "w") : NULL;
	if (*script == NULL) {
		close(fds[1]);
		unlink(path);
		complain("--plot needs gnuplot (Debian package gnuplot-nox): %s", strerror(ret));
		return EXIT_USAGE;
	}
	return 0;
}

int
plot(const char *path, const struct environment *environment, const struct results *results)
{
	static struct panel panels[4];
	unsigned int n = 0;
	char bulk[32];
	FILE *script;
	int ret, status;
	pid_t pid;

	snprintf(bulk, sizeof(bulk), "bulk %s", environment->bulk);
	lookup_panel(results, bulk, &panels[n]);
	n += panels[n].n > 0;
	eal_panel(results, &panels[n]);
	n += panels[n].n > 0;
	threads_panel(results, &panels[n]);
	n += panels[n].n > 0;
	maps_panel(results, &panels[n]);
	n += panels[n].n > 0;
	if (n == 0) {
		complain("nothing to plot: run the suites lookup, eal or maps");
		return EXIT_USAGE;
	}
	/* A gnuplot that ends early is found out by its status. */
	signal(SIGPIPE, SIG_IGN);
	ret = start(path, &pid, &script);
	if (ret != 0)
		return ret;
	write_script(script, environment, results, panels, n);
	fclose(script);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		unlink(path);
		complain("gnuplot failed: see above");
		return EXIT_USAGE;
	}
	return 0;
}
