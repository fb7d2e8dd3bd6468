/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-perf: what lookups, maps and tables cost, beside what a plain array load and DPDK's
 * own functions cost in the same run. The ratios are what counts; the times are this machine's.
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
	{ "eal", "what EAL itself offers, beside our single lookup", eal_run },
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
		"What comes of it:\n"
		"  --json FILE                   the results as JSON (-: on standard output, nothing else)\n"
		"  --plot FILE                   the results as a picture (SVG; runs gnuplot)\n"
		"  --compare OLD [NEW]           what is slower by more than the noise than in OLD, in\n"
		"                                this run or in NEW (files of --json, then nothing is\n"
		"                                measured); exit status 1 if anything is\n"
		"  --tolerance PERCENT           what counts as noise at the least (default 10)\n"
		"\n"
		"EAL options (suite eal) replace --no-huge --no-shconf --no-pci and so on. With the\n"
		"plugin and a device (-- -d librte_bus_ioas.so) its rte_mem_virt2iova is measured too.\n"
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
		{ "json", required_argument, NULL, OPT_JSON },
		{ "plot", required_argument, NULL, OPT_PLOT },
		{ "compare", required_argument, NULL, OPT_COMPARE },
		{ "tolerance", required_argument, NULL, OPT_TOLERANCE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int percent;
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
		case OPT_JSON:
			options->json = optarg;
			break;
		case OPT_PLOT:
			options->plot = optarg;
			break;
		case OPT_COMPARE:
			options->compare_old = optarg;
			break;
		case OPT_TOLERANCE:
			good = parse_number(optarg, 10000, &percent);
			options->tolerance = percent / 100.0;
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
	if (optind < argc && options->compare_old != NULL)
		options->compare_new = argv[optind++];
	if (optind < argc) {
		complain("%s: no such argument: see --help", argv[optind]);
		return EXIT_USAGE;
	}
	return 0;
}

/* Runs the suites that are asked for, or all. */
static int
measure(const struct options *options, struct results *results)
{
	bool all = true;

	for (unsigned int i = 0; i < N_SUITES; i++)
		all = all && !options->suites[i];
	for (unsigned int i = 0; i < N_SUITES; i++) {
		int ret;

		if (!all && !options->suites[i])
			continue;
		ret = suites[i].run(options, results);
		progress("%s", "");
		if (ret < 0) {
			complain("suite %s failed: %s", suites[i].name, strerror(-ret));
			return EXIT_FAILURE;
		}
	}
	results_finish(results);
	return EXIT_SUCCESS;
}

/* Measures, and says what came of it in all the ways that are asked for. */
static int
measure_and_report(const struct options *options, const struct environment *environment,
		   struct results *results, const struct results *old)
{
	/* Standard output is the JSON's alone, if it is to go there. */
	const bool quiet = options->json != NULL && strcmp(options->json, "-") == 0;
	FILE *const out = quiet ? stderr : stdout;
	struct goal goals[MAX_GOALS];
	unsigned int n;
	int ret;

	ret = measure(options, results);
	if (ret != EXIT_SUCCESS)
		return ret;
	n = goals_check(results, goals);
	if (!quiet) {
		report(out, environment, results);
		report_goals(out, goals, n);
	}
	if (options->json != NULL)
		ret = json_write(options->json, environment, results, goals, n);
	if (ret == EXIT_SUCCESS && options->plot != NULL)
		ret = plot(options->plot, environment, results);
	if (ret == EXIT_SUCCESS && old != NULL)
		ret = compare(old, results, options->tolerance, out);
	return ret;
}

int
main(int argc, char **argv)
{
	struct options options = { .tolerance = 0.1 };
	struct environment environment;
	struct results *results, *old = NULL;
	int n_own, ret;

	/* What comes after "--" is EAL's. */
	for (n_own = 1; n_own < argc && strcmp(argv[n_own], "--") != 0;)
		n_own++;
	if (n_own < argc) {
		options.eal = &argv[n_own + 1];
		options.n_eal = argc - n_own - 1;
	}
	environment_read(&environment, argc, argv);
	ret = parse(n_own, argv, &options);
	if (ret != 0)
		return ret < 0 ? EXIT_SUCCESS : ret;
	results = results_create();
	if (options.compare_old != NULL)
		old = results_create();
	if (results == NULL || (options.compare_old != NULL && old == NULL)) {
		complain("no memory");
		return EXIT_FAILURE;
	}
	if (old != NULL) {
		ret = json_read(options.compare_old, old);
		if (ret != 0)
			return ret;
	}
	if (options.compare_new != NULL) {
		ret = json_read(options.compare_new, results);
		return ret != 0 ? ret : compare(old, results, options.tolerance, stdout);
	}
	return measure_and_report(&options, &environment, results, old);
}
