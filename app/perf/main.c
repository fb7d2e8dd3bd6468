/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-perf: measures lookups, maps and tables, next to a plain array load and DPDK's own functions in
 * the same run. The ratios are what counts. The times are this machine's.
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
		"  --suite none                  nothing: what there is comes from files (--add)\n"
		"  --add FILE                    adds the results of another run (FILE of --json), of an\n"
		"                                emulated machine for example; may be repeated.\n"
		"                                devtools/perf.sh adds the suites forward and startup so\n"
		"\n"
		"How:\n"
		"  --rounds N                    rounds; more of them give steadier medians\n"
		"  --cores N                     no more threads than N\n"
		"  --quick                       a few samples of everything: a test of the program\n"
		"  --icount                      this machine's clock counts instructions (QEMU's -icount):\n"
		"                                goals that are about memory's latency are not judged\n"
		"  -a, --allow ADDRESS           maps: attach this device, so that memory is pinned\n"
		"  -n, --maps N                  maps: up to N maps of 4 KiB (default 100000)\n"
		"\n"
		"What comes of it:\n"
		"  --json FILE                   the results as JSON (-: on standard output, nothing else)\n"
		"  --machine NAME                results are said to be of NAME, not of this machine\n"
		"  --plot FILE                   the results as a picture (SVG; runs gnuplot)\n"
		"  --html FILE                   all of it as a page with pictures that opens without\n"
		"                                network (runs gnuplot)\n"
		"  --compare OLD [OLD]... [NEW]  what is slower by more than the noise than in OLD, in\n"
		"                                this run or in NEW (files of --json, then nothing is\n"
		"                                measured); exit status 1 if anything is. With several\n"
		"                                runs OLD the noise between runs is known as well\n"
		"  --tolerance PERCENT           what counts as noise at the least (default 10)\n"
		"  --goals SUITE[:MACHINE][,...] exit status 1, and a line for each, if goals of these\n"
		"                                suites are missed by more than the noise, or were not\n"
		"                                measured; forward and startup have one for each machine\n"
		"\n"
		"EAL options (suite eal) replace --no-huge --no-shconf --no-pci and so on. With the\n"
		"plugin and a device (-- -d librte_bus_ioas.so -a ADDRESS) its rte_mem_virt2iova is\n"
		"measured too.\n"
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
	if (strcmp(name, "none") == 0)
		return options->no_suite = true;
	for (unsigned int i = 0; i < N_SUITES; i++) {
		if (strcmp(name, suites[i].name) == 0) {
			options->suites[i] = true;
			return true;
		}
	}
	return false;
}

enum { OPT_SUITE = 256, OPT_ROUNDS, OPT_CORES, OPT_QUICK, OPT_JSON, OPT_PLOT, OPT_COMPARE,
       OPT_TOLERANCE, OPT_HTML, OPT_ADD, OPT_MACHINE, OPT_GOALS, OPT_ICOUNT };

static bool
add_file(const char *list[], unsigned int *n, const char *path)
{
	if (*n == MAX_FILES - 1) {
		complain("%s: more than %d files", path, MAX_FILES - 1);
		return false;
	}
	list[(*n)++] = path;
	return true;
}

/* 0, -1 if only help was wanted, or EXIT_USAGE. */
static int
parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "suite", required_argument, NULL, OPT_SUITE },
		{ "rounds", required_argument, NULL, OPT_ROUNDS },
		{ "cores", required_argument, NULL, OPT_CORES },
		{ "quick", no_argument, NULL, OPT_QUICK },
		{ "allow", required_argument, NULL, 'a' },
		{ "device", required_argument, NULL, 'a' }, /* its former name */
		{ "maps", required_argument, NULL, 'n' },
		{ "json", required_argument, NULL, OPT_JSON },
		{ "plot", required_argument, NULL, OPT_PLOT },
		{ "compare", required_argument, NULL, OPT_COMPARE },
		{ "tolerance", required_argument, NULL, OPT_TOLERANCE },
		{ "html", required_argument, NULL, OPT_HTML },
		{ "add", required_argument, NULL, OPT_ADD },
		{ "machine", required_argument, NULL, OPT_MACHINE },
		{ "goals", required_argument, NULL, OPT_GOALS },
		{ "icount", no_argument, NULL, OPT_ICOUNT },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int percent;
	int opt;

	while ((opt = getopt_long(argc, argv, "a:n:h", known, NULL)) != -1) {
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
		case OPT_HTML:
			options->html = optarg;
			break;
		case OPT_ADD:
			if (!add_file(options->add, &options->n_add, optarg))
				return EXIT_USAGE;
			break;
		case OPT_MACHINE:
			options->machine = optarg;
			good = strlen(optarg) < sizeof(((struct result *)0)->machine);
			break;
		case OPT_GOALS:
			options->goals = optarg;
			break;
		case OPT_ICOUNT:
			options->icount = true;
			break;
		case OPT_COMPARE:
			if (!add_file(options->compare, &options->n_compare, optarg))
				return EXIT_USAGE;
			break;
		case OPT_TOLERANCE:
			good = parse_number(optarg, 10000, &percent);
			options->tolerance = percent / 100.0;
			break;
		case 'a':
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
	while (optind < argc && options->n_compare > 0) {
		if (!add_file(options->compare, &options->n_compare, argv[optind++]))
			return EXIT_USAGE;
	}
	if (optind < argc) {
		complain("%s: no such argument: see --help", argv[optind]);
		return EXIT_USAGE;
	}
	return 0;
}

/* Runs the requested suites, or all. If one fails, the others keep their results. */
static int
run_suites(const struct options *options, struct results *results)
{
	int status = EXIT_SUCCESS;
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
			results_note(results, suites[i].name, "failed: %s", strerror(-ret));
			status = EXIT_FAILURE;
		}
	}
	return status;
}

static void
name_machine(struct results *results, const char *machine)
{
	struct environment *const environment = &results->environment[0];

	utf8_copy(environment->machine, sizeof(environment->machine), machine);
	for (unsigned int i = 0; i < results->n; i++)
		memcpy(results->result[i].machine, environment->machine,
		       sizeof(environment->machine));
	for (unsigned int i = 0; i < results->n_notes; i++)
		memcpy(results->notes[i].machine, environment->machine,
		       sizeof(environment->machine));
}

/* Measures, and adds results from files. EXIT_FAILURE: a suite failed, but the other results exist. */
static int
measure(const struct options *options, int argc, char **argv, struct results *results)
{
	int status = EXIT_SUCCESS;

	if (options->no_suite && options->n_add == 0) {
		complain("--suite none needs --add");
		return EXIT_USAGE;
	}
	if (!options->no_suite || options->machine != NULL)
		environment_read(results_environment(results), options->icount, argc, argv);
	if (!options->no_suite)
		status = run_suites(options, results);
	if (options->machine != NULL)
		name_machine(results, options->machine);
	for (unsigned int i = 0; i < options->n_add; i++)
		if (json_read(options->add[i], results) != 0)
			return EXIT_USAGE;
	results_finish(results);
	return status;
}

/* Called before anything is measured. */
static int
check_goals(const struct options *options, const struct results *results)
{
	struct goal goals[MAX_GOALS];

	if (options->goals == NULL)
		return 0;
	return goals_known(options->goals, goals, goals_check(results, goals));
}

/* Reports the results in all requested forms. */
static int
say(const struct options *options, const struct results *results,
    const struct comparison *comparison, bool measured)
{
	/* If the JSON goes to standard output, nothing else does. */
	const bool quiet = options->json != NULL && strcmp(options->json, "-") == 0;
	struct goal goals[MAX_GOALS];
	const unsigned int n = goals_check(results, goals);
	int ret = EXIT_SUCCESS;

	if (!quiet && measured) {
		report(stdout, results);
		report_goals(stdout, goals, n);
	}
	if (comparison != NULL)
		report_comparison(quiet ? stderr : stdout, comparison);
	if (options->json != NULL)
		ret = json_write(options->json, results, goals, n);
	if (ret == EXIT_SUCCESS && options->plot != NULL)
		ret = plot(options->plot, results);
	if (ret == EXIT_SUCCESS && options->html != NULL)
		ret = html_write(options->html, results, goals, n, comparison);
	if (ret == EXIT_SUCCESS && options->goals != NULL)
		ret = goals_judge(options->goals, goals, n);
	return ret;
}

/* Reads an earlier run. NULL after a message, with the status in ret. */
static struct results *
read_run(const char *path, int *ret)
{
	struct results *const results = results_create();

	if (results == NULL) {
		complain("no memory");
		*ret = EXIT_FAILURE;
		return NULL;
	}
	*ret = json_read(path, results);
	return *ret == 0 ? results : NULL;
}

static int
run(const struct options *options, int argc, char **argv)
{
	/* With a single file, compare it with this run. */
	const bool measured = options->n_compare < 2;
	const unsigned int n_old = measured ? options->n_compare : options->n_compare - 1;
	const struct results *old[MAX_FILES];
	static struct comparison comparison;
	struct results *results;
	int ret, status = EXIT_SUCCESS, verdict = EXIT_SUCCESS;

	for (unsigned int i = 0; i < n_old; i++) {
		old[i] = read_run(options->compare[i], &ret);
		if (old[i] == NULL)
			return ret;
	}
	if (measured) {
		results = results_create();
		if (results == NULL) {
			complain("no memory");
			return EXIT_FAILURE;
		}
		if (check_goals(options, results) != 0)
			return EXIT_USAGE;
		status = measure(options, argc, argv, results);
		if (status == EXIT_USAGE)
			return status;
	} else {
		results = read_run(options->compare[n_old], &ret);
		if (results == NULL)
			return ret;
		if (check_goals(options, results) != 0)
			return EXIT_USAGE;
	}
	if (n_old > 0)
		verdict = compare(old, n_old, results, options->tolerance, &comparison);
	if (verdict == EXIT_USAGE)
		return verdict;
	ret = say(options, results, n_old > 0 ? &comparison : NULL, measured);
	return ret != 0 ? ret : status != 0 ? status : verdict;
}

int
main(int argc, char **argv)
{
	struct options options = { .tolerance = 0.1 };
	int n_own, ret;

	/* Arguments after "--" are for EAL. */
	for (n_own = 1; n_own < argc && strcmp(argv[n_own], "--") != 0;)
		n_own++;
	if (n_own < argc) {
		options.eal = &argv[n_own + 1];
		options.n_eal = argc - n_own - 1;
	}
	ret = parse(n_own, argv, &options);
	if (ret != 0)
		return ret < 0 ? EXIT_SUCCESS : ret;
	return run(&options, argc, argv);
}
