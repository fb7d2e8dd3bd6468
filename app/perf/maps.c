/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-perf: what a map costs while maps pile up, at chosen and at fixed IOVAs in turn.
 * The ratios within one run are what counts; the times are this machine's.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "ioas.h"

#define PAGE UINT64_C(4096)
#define STEP 1000

static void
usage(FILE *out)
{
	fprintf(out,
		"usage: dpdk-ioas-perf [-d DEVICE] [-n MAPS]\n"
		"\n"
		"Maps MAPS pages of 4 KiB into one I/O address space, at IOVAs that the kernel\n"
		"chooses and then at fixed ones, and prints the cost of a map by how many there are\n"
		"already.\n"
		"\n"
		"  -d, --device DEVICE  attach this device first (PCI address); without one the kernel\n"
		"                       pins nothing\n"
		"  -n, --maps MAPS      how many (default 40000)\n"
		"  -h, --help           this text\n");
}

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level == IOAS_LOG_ERR)
		fprintf(stderr, "dpdk-ioas-perf: %s\n", line);
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

/* Maps all pages and stores the mean time of each step; fixed_at 0 lets the kernel choose. */
static int
measure(const char *device, char *memory, unsigned int maps, uint64_t fixed_at, double *us)
{
	const struct ioas_options options = { .size = sizeof(options), .log = log_line };
	struct ioas_device *attached;
	struct ioas *space;
	int ret;

	ret = ioas_create(&options, &space);
	if (ret < 0)
		return ret;
	if (device != NULL)
		ret = ioas_attach(space, device, &attached);
	for (unsigned int i = 0; ret == 0 && i < maps; i += STEP) {
		const uint64_t start = now_ns();

		for (unsigned int k = i; ret == 0 && k < i + STEP; k++)
			ret = fixed_at == 0
				? ioas_map(space, memory + k * PAGE, PAGE, NULL)
				: ioas_map_fixed(space, memory + k * PAGE, PAGE,
						 fixed_at + k * PAGE);
		us[i / STEP] = (double)(now_ns() - start) / STEP / 1000;
	}
	ioas_destroy(space);
	return ret;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "maps", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *device = NULL;
	unsigned int maps = 40000;
	double *chosen, *fixed;
	char *memory;
	int opt;

	while ((opt = getopt_long(argc, argv, "d:n:h", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			device = optarg;
			break;
		case 'n':
			maps = strtoul(optarg, NULL, 0);
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return 2;
		}
	}
	maps = (maps + STEP - 1) / STEP * STEP;
	if (optind != argc || maps == 0) {
		usage(stderr);
		return 2;
	}
	memory = mmap(NULL, maps * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	chosen = calloc(maps / STEP, sizeof(*chosen));
	fixed = calloc(maps / STEP, sizeof(*fixed));
	if (memory == MAP_FAILED || chosen == NULL || fixed == NULL) {
		fprintf(stderr, "dpdk-ioas-perf: no memory for %u pages: use fewer with -n\n", maps);
		return EXIT_FAILURE;
	}
	if (measure(device, memory, maps, 0, chosen) < 0 ||
	    measure(device, memory, maps, UINT64_C(1) << 32, fixed) < 0)
		return EXIT_FAILURE;
	printf("%8s %12s %12s\n", "maps", "chosen us", "fixed us");
	for (unsigned int i = 0; i < maps / STEP; i++)
		if (i == 0 || (i + 1) % 8 == 0 || i + 1 == maps / STEP)
			printf("%8u %12.2f %12.2f\n", (i + 1) * STEP, chosen[i], fixed[i]);
	printf("chosen, last %u maps / first %u: %.2f\n", STEP, STEP,
	       chosen[maps / STEP - 1] / chosen[0]);
	return EXIT_SUCCESS;
}
