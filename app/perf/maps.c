/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Measures maps and unmaps while the number of maps grows, at chosen and at fixed IOVAs in turn: on the model
 * of the kernel, where only this project's code takes time, and on a kernel with iommufd. That one pins
 * nothing unless a device is attached.
 *
 * A result at N maps stands for the (up to) 1,000 maps before.
 *
 * Then single pages are unmapped and mapped again while others stay, without a quarantine and with one.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "kernel_model.h"
#include "perf.h"

#define SUITE "maps"
#define PAGE KIB(4)
#define FIXED_AT GIB(4)
#define BLOCK 1000
/* The samples of a block, each the mean of its part. */
#define PARTS 10
#define MODEL_NIC "0000:00:02.0"

static const unsigned int steps[] = { 1, 10, 100, 1000, 10000, 40000, 100000 };
#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

struct ramp {
	const char *where;      /* "model", "kernel", "device" */
	const char *device;     /* to attach, or NULL */
	char *memory;
	unsigned int top;       /* maps */
	/* By step; for chosen and for fixed IOVAs. */
	struct result *map[2][N_STEPS], *unmap[2][N_STEPS];
};

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level == IOAS_LOG_ERR)
		complain("%s", line);
}

/* The first of the maps that a step stands for. */
static unsigned int
block_start(unsigned int step)
{
	const unsigned int before = step > 0 ? steps[step - 1] : 0;

	return steps[step] - before > BLOCK ? steps[step] - BLOCK : before;
}

static int
map_or_unmap(struct ioas *space, char *memory, unsigned int i, bool fixed, bool up)
{
	if (!up)
		return ioas_unmap(space, memory + i * PAGE, PAGE) == 1 ? 0 : -EIO;
	return fixed ? ioas_map_fixed(space, memory + i * PAGE, PAGE, FIXED_AT + i * PAGE)
		     : ioas_map(space, memory + i * PAGE, PAGE, NULL);
}

/* Changes the number of maps, and times each part of a block for the result. */
static int
walk(struct ioas *space, const struct ramp *ramp, unsigned int from, unsigned int to, bool fixed,
     struct result *result)
{
	const bool up = to > from;
	const unsigned int n = up ? to - from : from - to;
	const unsigned int part = n >= PARTS ? n / PARTS : n;
	int ret = 0;

	for (unsigned int done = 0; ret == 0 && done < n;) {
		const unsigned int end = n - done < 2 * part ? n : done + part;
		const unsigned int many = end - done;
		const uint64_t start = now_ns();

		/* Unmaps start with the newest. */
		for (; ret == 0 && done < end; done++)
			ret = map_or_unmap(space, ramp->memory,
					   up ? from + done : from - done - 1, fixed, up);
		if (result != NULL)
			result_sample(result, (double)(now_ns() - start) / many / 1000);
	}
	return ret;
}

/* NULL if the space cannot be created. If only the attach fails, the space stays. */
static int
open_space(const struct ramp *ramp, uint64_t quarantine, struct ioas **space)
{
	const struct ioas_options options = {
		.size = sizeof(options), .log = log_line, .quarantine = quarantine,
	};
	struct ioas_device *attached;
	int ret;

	*space = NULL;
	ret = ioas_create(&options, space);
	if (ret == 0 && ramp->device != NULL)
		ret = ioas_attach(*space, ramp->device, NULL, &attached);
	return ret;
}

/* Up to the top and down again. */
static int
ramp_once(const struct ramp *ramp, bool fixed)
{
	struct ioas *space;
	unsigned int n = 0;
	int ret;

	ret = open_space(ramp, 0, &space);
	for (unsigned int i = 0; ret == 0 && i < N_STEPS && steps[i] <= ramp->top; i++) {
		ret = walk(space, ramp, n, block_start(i), fixed, NULL);
		if (ret == 0)
			ret = walk(space, ramp, block_start(i), steps[i], fixed,
				   ramp->map[fixed][i]);
		n = steps[i];
	}
	for (unsigned int i = N_STEPS; ret == 0 && i > 0; i--) {
		if (steps[i - 1] > ramp->top)
			continue;
		ret = walk(space, ramp, n, steps[i - 1], fixed, NULL);
		n = block_start(i - 1);
		if (ret == 0)
			ret = walk(space, ramp, steps[i - 1], n, fixed, ramp->unmap[fixed][i - 1]);
	}
	ioas_destroy(space);
	return ret;
}

static int
ramp_list(struct ramp *ramp, struct results *results)
{
	for (unsigned int kind = 0; kind < 4; kind++) {
		const bool fixed = kind & 1, up = kind < 2;

		for (unsigned int i = 0; i < N_STEPS && steps[i] <= ramp->top; i++) {
			struct result what = {
				.suite = SUITE,
				.working_set = steps[i] * PAGE,
				.threads = 1,
				.maps = steps[i],
				.unit = "us",
			};
			struct result *const result = results_add(results, &what);

			if (result == NULL)
				return -ENOSPC;
			snprintf(result->name, sizeof(result->name), "%s, %s",
				 up ? "map" : "unmap", fixed ? "fixed" : "chosen");
			snprintf(result->pattern, sizeof(result->pattern), "%s", ramp->where);
			*(up ? &ramp->map[fixed][i] : &ramp->unmap[fixed][i]) = result;
		}
	}
	return 0;
}

static int
ramp_run(struct ramp *ramp, unsigned int rounds, struct results *results)
{
	int ret = ramp_list(ramp, results);

	for (unsigned int round = 0; ret == 0 && round < rounds; round++) {
		progress(SUITE ": %s, round %u of %u", ramp->where, round + 1, rounds);
		ret = ramp_once(ramp, round % 2 == 1);
		if (ret == 0)
			ret = ramp_once(ramp, round % 2 == 0);
	}
	return ret;
}

/* Every other page is mapped, so that no entry of the table becomes or ceases to be linear. CYCLES: how often
 * one of them is unmapped and mapped again. */
#define CYCLE_PAGES 1000
#define CYCLES 10000
#define CYCLES_QUICK 1000

static const struct cycle {
	const char *name;
	uint64_t quarantine;
} cycles[] = {
	{ "unmap and map", 0 },
	{ "unmap and map, quarantine", CYCLE_PAGES * PAGE },
	{ "unmap and map, quarantine all", UINT64_MAX },
};
#define N_CYCLES (sizeof(cycles) / sizeof(cycles[0]))

static int
time_cycles(struct ioas *space, const struct ramp *ramp, unsigned int n, struct result *result)
{
	const unsigned int part = n / PARTS;
	uint32_t random = 1;
	int ret = 0;

	for (unsigned int done = 0; ret == 0 && done < n; done += part) {
		const uint64_t start = now_ns();

		for (unsigned int i = 0; ret == 0 && i < part; i++) {
			unsigned int page;

			random = random * 1664525 + 1013904223;
			page = (random >> 8) % CYCLE_PAGES * 2;
			ret = map_or_unmap(space, ramp->memory, page, false, false);
			if (ret == 0)
				ret = map_or_unmap(space, ramp->memory, page, false, true);
		}
		result_sample(result, (double)(now_ns() - start) / part / 1000);
	}
	return ret;
}

static int
cycle_once(const struct ramp *ramp, const struct cycle *cycle, unsigned int n, struct result *result)
{
	struct ioas *space;
	int ret;

	ret = open_space(ramp, cycle->quarantine, &space);
	/* As the plugin does for a memory list of EAL. */
	if (ret == 0)
		ret = ioas_reserve(space, ramp->memory, CYCLE_PAGES * 2 * PAGE);
	for (unsigned int i = 0; ret == 0 && i < CYCLE_PAGES; i++)
		ret = map_or_unmap(space, ramp->memory, 2 * i, false, true);
	if (ret == 0)
		ret = time_cycles(space, ramp, n, result);
	ioas_destroy(space);
	return ret;
}

static int
cycles_run(const struct ramp *ramp, unsigned int rounds, struct results *results)
{
	struct result *list[N_CYCLES];
	int ret = 0;

	for (unsigned int i = 0; i < N_CYCLES; i++) {
		struct result what = {
			.suite = SUITE,
			.working_set = CYCLE_PAGES * PAGE,
			.threads = 1,
			.maps = CYCLE_PAGES,
			.unit = "us",
		};

		snprintf(what.name, sizeof(what.name), "%s", cycles[i].name);
		snprintf(what.pattern, sizeof(what.pattern), "%s", ramp->where);
		list[i] = results_add(results, &what);
		if (list[i] == NULL)
			return -ENOSPC;
	}
	for (unsigned int round = 0; ret == 0 && round < rounds; round++)
		for (unsigned int i = 0; ret == 0 && i < N_CYCLES; i++)
			ret = cycle_once(ramp, &cycles[(round + i) % N_CYCLES],
					 ramp->top < CYCLES ? CYCLES_QUICK : CYCLES,
					 list[(round + i) % N_CYCLES]);
	return ret;
}

static int
measure(struct ramp *ramp, unsigned int rounds, struct results *results)
{
	const int ret = ramp_run(ramp, rounds, results);

	return ret == 0 && ramp->top >= 2 * CYCLE_PAGES ? cycles_run(ramp, rounds, results) : ret;
}

static int
on_model(unsigned int top, unsigned int rounds, struct results *results)
{
	struct ramp ramp = {
		.where = "model",
		.device = MODEL_NIC,
		.memory = (char *)(uintptr_t)TIB(16), /* never accessed */
		.top = top,
	};
	int ret;

	model_start();
	model_device_add(MODEL_NIC, &model_intel48);
	ret = measure(&ramp, rounds, results);
	model_stop();
	return ret;
}

static int
on_kernel(const char *device, unsigned int top, unsigned int rounds, struct results *results)
{
	struct ramp ramp = {
		.where = device != NULL ? "device" : "kernel",
		.device = device,
		.top = top,
	};
	void *memory;
	int ret;

	if (access("/dev/iommu", R_OK | W_OK) < 0) {
		results_note(results, SUITE, "the kernel is left out: /dev/iommu: %s", strerror(errno));
		return 0;
	}
	memory = mmap(NULL, top * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED) {
		results_note(results, SUITE, "the kernel is left out: no memory for %u pages: use "
			     "fewer with --maps", top);
		return 0;
	}
	ramp.memory = memory;
	ret = measure(&ramp, rounds, results);
	munmap(memory, top * PAGE);
	return ret;
}

int
maps_run(const struct options *options, struct results *results)
{
	const unsigned int top = options->maps != 0 ? options->maps : options->quick ? 2000 : 100000;
	const unsigned int rounds = options->rounds != 0 ? options->rounds : options->quick ? 1 : 5;
	int ret;

	ret = on_model(top, rounds, results);
	if (ret == 0)
		ret = munmap_run(rounds, results);
	if (ret < 0)
		return ret;
	/* A ramp on a real kernel can take minutes, and gives enough samples. */
	return on_kernel(options->device, top, rounds > 2 ? 2 : rounds, results);
}
