/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-perf: what lookups, maps and tables cost, beside what a plain array load and DPDK's own
 * functions cost in the same run. The ratios are what counts; the times are this machine's.
 */

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "perf.h"

static const struct suite suites[] = {
	{ "lookup", "lookups in tables of fake IOVAs; needs nothing", lookup_run },
	{ "maps", "maps and unmaps, by how many maps there are", maps_run },
	{ "memory", "the memory that tables take", memory_run },
};
#define N_SUITES (sizeof(suites) / sizeof(suites[0]))

void
complain(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "dpdk-ioas-perf: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
}

void
progress(const char *format, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

static void
usage(FILE *out)
{
	fprintf(out,
		"Usage: dpdk-ioas-perf [options] [-- EAL options]\n"
		"\n"
		"What to measure (default: all that can be measured here):\n");
	for (unsigned int i = 0; i < N_SUITES; i++)
		fprintf(out, "  --suite %-21s %s\n", suites[i].name, suites[i].what);
	fprintf(out,
		"\n"
		"How:\n"
		"  --rounds N                    rounds; more of them give steadier medians\n"
		"  --cores N                     no more threads than N\n"
		"  --quick                       a few samples of everything: a test of the program\n"
		"  -d, --device DEVICE           maps: attach this device (PCI address), so that memory\n"
		"                                is pinned\n"
		"  -n, --maps N                  maps: up to N maps of 4 KiB (default 100000)\n"
		"\n"
		"Other:\n"
		"  -h, --help                    this text\n");
}

static bool
parse_number(const char *text, unsigned int most, unsigned int *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || n == 0 || n > most)
		return false;
	*value = n;
	return true;
}

static bool
parse_suite(const char *name, struct options *options)
{
	for (unsigned int i = 0; i < N_SUITES; i++) {
		if (strcmp(name, suites[i].name) == 0) {
			options->suites[i] = true;
			return true;
		}
	}
	return false;
}

enum { OPT_SUITE = 256, OPT_ROUNDS, OPT_CORES, OPT_QUICK, OPT_JSON, OPT_PLOT, OPT_COMPARE,
       OPT_TOLERANCE };

/* 0, -1 for "only help was wanted", EXIT_USAGE. */
static int
parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "suite", required_argument, NULL, OPT_SUITE },
		{ "rounds", required_argument, NULL, OPT_ROUNDS },
		{ "cores", required_argument, NULL, OPT_CORES },
		{ "quick", no_argument, NULL, OPT_QUICK },
		{ "device", required_argument, NULL, 'd' },
		{ "maps", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "d:n:h", known, NULL)) != -1) {
		bool good = true;

		switch (opt) {
		case OPT_SUITE:
			good = parse_suite(optarg, options);
			break;
		case OPT_ROUNDS:
			good = parse_number(optarg, MAX_SAMPLES, &options->rounds);
			break;
		case OPT_CORES:
			good = parse_number(optarg, MAX_CPUS, &options->cores);
			break;
		case OPT_QUICK:
			options->quick = true;
			break;
		case 'd':
			options->device = optarg;
			break;
		case 'n':
			good = parse_number(optarg, 1000000, &options->maps);
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
		if (!good) {
			complain("%s is not possible here: see --help", optarg);
			return EXIT_USAGE;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct options options = { .tolerance = 0.1 };
	struct environment environment;
	struct goal goals[MAX_GOALS];
	struct results *results;
	bool all = true;
	unsigned int n_goals;
	int ret;

	ret = parse(argc, argv, &options);
	if (ret != 0)
		return ret < 0 ? EXIT_SUCCESS : ret;
	results = results_create();
	if (results == NULL) {
		complain("no memory");
		return EXIT_FAILURE;
	}
	environment_read(&environment, argc, argv);
	for (unsigned int i = 0; i < N_SUITES; i++)
		all = all && !options.suites[i];
	for (unsigned int i = 0; i < N_SUITES; i++) {
		if (!all && !options.suites[i])
			continue;
		ret = suites[i].run(&options, results);
		if (ret < 0) {
			complain("suite %s failed: %s", suites[i].name, strerror(-ret));
			return EXIT_FAILURE;
		}
	}
	progress("%s", "");
	results_finish(results);
	n_goals = goals_check(results, goals);
	report(stdout, &environment, results);
	report_goals(stdout, goals, n_goals);
	return EXIT_SUCCESS;
}
