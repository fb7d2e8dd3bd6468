/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-info: reports what this machine offers DPDK with the plugin librte_bus_ioas, what it lacks, and
 * whether a configuration will map. Shows the IOVA space of a running application.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "picture.h"

struct options {
	bool json, help;
	const char *kind;
	bool running;            /* show a running application */
	unsigned int pid;
	const char *prefix, *socket, *svg;
};

static void
usage(FILE *out)
{
	fprintf(out,
		"Usage: " INFO_NAME " [options]\n"
		"\n"
		"Says what this machine can do for DPDK with the plugin librte_bus_ioas, and for all that is\n"
		"missing the command that mends it.\n"
		"\n"
		"  -s, --status-dev KIND   list devices of a KIND: net (default), crypto, dma, storage, all;\n"
		"                          those on VFIO drivers are always listed\n"
		"  -j, --json              print JSON\n"
		"  -h, --help              this text\n"
		"\n"
		"Whether a configuration will map, before it is started:\n"
		"  -a, --allow ADDRESS     with this device; may be repeated (default: all on VFIO drivers)\n"
		"  -m MB                   with so much memory from the start\n"
		"      --socket-mem MB,..  the same by NUMA node\n"
		"      --grow MB           with so much memory that is allocated later\n"
		"      --page-size SIZE    of pages of SIZE: 2M, 1G (default: any)\n"
		"      --try               attach the devices and map the memory of -m, and undo it\n"
		"\n"
		"The IOVA space of a running application, asked for by telemetry:\n"
		"      --file-prefix PREFIX  of the application with that prefix (default: rte)\n"
		"      --pid PID             of that process\n"
		"      --socket PATH         of the one that has this telemetry socket\n"
		"      --svg FILE            draw it into FILE, in place of the terminal (-: standard output)\n"
		"\n"
		"The exit status is 0 if all is well, 1 if something is missing, 2 for wrong options. Colours\n"
		"go to a terminal only, and not if NO_COLOR is set.\n");
}

/* Digits and an optional unit; false for any other text, or 0. */
static bool
parse_size(const char *text, uint64_t unit, uint64_t *bytes)
{
	static const char letters[] = "kmgt";
	unsigned int shift = 0;
	const char *letter;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*bytes = strtoull(text, &end, 10);
	letter = *end != '\0' ? strchr(letters, *end | 0x20) : NULL;
	if (letter != NULL) {
		shift = 10 * (letter - letters + 1);
		unit = 1;
		end++;
	}
	if (errno != 0 || *end != '\0' || *bytes > UINT64_MAX / unit >> shift)
		return false;
	*bytes = (*bytes * unit) << shift;
	return true;
}

static bool
parse_megabytes(const char *text, uint64_t *bytes)
{
	return text[strspn(text, "0123456789")] == '\0' && parse_size(text, 1u << 20, bytes) &&
	       *bytes < UINT64_C(1) << 56;
}

static bool
parse_socket_mem(const char *list, struct info_config *config)
{
	char *const copy = strdup(list);
	bool right = copy != NULL;

	config->bytes = 0;
	for (char *next = copy; right && next != NULL;) {
		const char *const one = strsep(&next, ",");
		uint64_t *const bytes = GROW(config->node_bytes, config->n_nodes);

		right = parse_megabytes(one, bytes);
		config->bytes += *bytes;
	}
	free(copy);
	return right;
}

/* Like EAL, accepts an address without a domain. */
static bool
want_device(struct info *info, const char *text)
{
	struct info_device *const device = GROW(info->devices, info->n_devices);
	unsigned int domain = 0, bus, slot, function;
	int n = 0;

	device->wanted = true;
	if ((sscanf(text, "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &n) != 4 || text[n] != '\0') &&
	    (domain = 0, sscanf(text, "%x:%x.%x%n", &bus, &slot, &function, &n) != 3 || text[n] != '\0'))
		return false;
	snprintf(device->address, sizeof(device->address), "%04x:%02x:%02x.%x", domain, bus, slot,
		 function);
	return true;
}

enum {
	OPT_FILE_PREFIX = 256,
	OPT_GROW,
	OPT_PAGE_SIZE,
	OPT_PID,
	OPT_SOCKET,
	OPT_SOCKET_MEM,
	OPT_SVG,
	OPT_TRY,
};

/* Options that select a running application and the output. */
static bool
take_running(struct options *options, int c, const char *argument)
{
	int n = 0;

	options->running = true;
	switch (c) {
	case OPT_FILE_PREFIX:
		options->prefix = argument;
		return true;
	case OPT_PID:
		return sscanf(argument, "%u%n", &options->pid, &n) == 1 && argument[n] == '\0' &&
		       options->pid > 0;
	case OPT_SOCKET:
		options->socket = argument;
		return true;
	case OPT_SVG:
		options->svg = argument;
		return true;
	default:
		return false;
	}
}

static bool
take_option(struct info *info, struct options *options, int c, const char *argument)
{
	struct info_config *const config = &info->config;

	switch (c) {
	case 'a':
		config->given = true;
		return want_device(info, argument);
	case 'h':
		options->help = true;
		return true;
	case 'j':
		options->json = true;
		return true;
	case 'm':
		config->given = true;
		return parse_megabytes(argument, &config->bytes);
	case 's':
		options->kind = argument;
		return true;
	case OPT_GROW:
		config->given = true;
		return parse_megabytes(argument, &config->grow);
	case OPT_PAGE_SIZE:
		config->given = true;
		return parse_size(argument, 1, &config->page_size) && config->page_size > 0;
	case OPT_SOCKET_MEM:
		config->given = true;
		return parse_socket_mem(argument, config);
	case OPT_TRY:
		config->given = config->try = true;
		return true;
	default:
		return take_running(options, c, argument);
	}
}

static bool
parse(struct info *info, struct options *options, int argc, char **argv, FILE *err)
{
	static const struct option known[] = {
		{ "allow", required_argument, NULL, 'a' },
		{ "file-prefix", required_argument, NULL, OPT_FILE_PREFIX },
		{ "grow", required_argument, NULL, OPT_GROW },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "page-size", required_argument, NULL, OPT_PAGE_SIZE },
		{ "pid", required_argument, NULL, OPT_PID },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ "socket-mem", required_argument, NULL, OPT_SOCKET_MEM },
		{ "status-dev", required_argument, NULL, 's' },
		{ "svg", required_argument, NULL, OPT_SVG },
		{ "try", no_argument, NULL, OPT_TRY },
		{ 0 },
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "a:hjm:s:", known, NULL)) != -1) {
		if (take_option(info, options, c, optarg))
			continue;
		if (c == '?')
			fprintf(err, INFO_NAME ": '%s' is not an option, or its value is missing\n",
				argv[optind - 1]);
		else
			fprintf(err, INFO_NAME ": '%s' cannot be understood\n", optarg);
		return false;
	}
	if (optind != argc)
		fprintf(err, INFO_NAME ": '%s' is not an option\n", argv[optind]);
	else if (options->running && info->config.given)
		fprintf(err, INFO_NAME ": a configuration and a running application do not go together\n");
	else
		return true;
	return false;
}

static int
write_svg(const struct pictures *pictures, const char *path, FILE *out, FILE *err)
{
	FILE *const file = strcmp(path, "-") == 0 ? out : fopen(path, "we");
	bool failed;

	if (file == NULL) {
		fprintf(err, INFO_NAME ": cannot write %s: %s\n", path, strerror(errno));
		return 1;
	}
	draw_svg(pictures, file);
	failed = fflush(file) != 0;
	if (failed)
		fprintf(err, INFO_NAME ": cannot write %s: %s\n", path, strerror(errno));
	if (file != out)
		fclose(file);
	return failed;
}

/* Shows the IOVA space of a running application. */
static int
show_running(const struct options *options, FILE *out, FILE *err)
{
	struct pictures pictures = { 0 };
	const char *socket = options->socket;
	char path[512];
	int status;

	if (options->pid != 0) {
		if (!socket_of_process(options->pid, path, sizeof(path))) {
			fprintf(err, INFO_NAME ": process %u has no telemetry socket: it is no DPDK "
				"application, runs with --no-telemetry, or is another user's (sudo)\n",
				options->pid);
			return 1;
		}
		socket = path;
	}
	status = pictures_ask(&pictures, socket, options->prefix, err);
	if (status == 0 && options->svg != NULL)
		status = write_svg(&pictures, options->svg, out, err);
	else if (status == 0 && !options->json)
		draw_text(&pictures, out);
	if (status == 0 && options->json) {
		json_dumpf(pictures.answers, out, JSON_INDENT(2));
		fputc('\n', out);
	}
	pictures_free(&pictures);
	return status;
}

static int
run(struct info *info, const struct options *options, FILE *out, FILE *err)
{
	look_at_system(info);
	look_at_iommus(info);
	look_at_backends(info);
	look_at_hugepages(info);
	if (!look_at_devices(info, options->kind)) {
		fprintf(err, INFO_NAME ": --status-dev %s: use net, crypto, dma, storage or all\n",
			options->kind);
		return 2;
	}
	advise(info);
	if (info->config.given)
		advise_config(info);
	if (info->config.try)
		attempt(info);
	if (options->json)
		show_json(info, out);
	else
		show_text(info, out);
	return info_missing(info) > 0;
}

int
info_main(int argc, char **argv, FILE *out, FILE *err)
{
	struct options options = { .kind = "net", .prefix = "rte" };
	struct info info = { 0 };
	int status = 2;

	if (!parse(&info, &options, argc, argv, err)) {
		usage(err);
	} else if (options.help) {
		usage(out);
		status = 0;
	} else if (options.running) {
		status = show_running(&options, out, err);
	} else {
		status = run(&info, &options, out, err);
	}
	info_free(&info);
	return status;
}
