/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The cost of unmapping memory that is not mapped for DMA: with calls of the library, as in the plugin's
 * replacement of munmap(), and without. A space with maps exists, on the model of the kernel.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "kernel_model.h"
#include "perf.h"

#define SUITE "maps"
#define NIC "0000:00:02.0"
#define MAPS 1000
#define MOST 200

static const struct kind {
	uint64_t size;
	unsigned int n; /* pieces in one sample */
	int prot;       /* PROT_NONE: address space that was never touched */
} kinds[] = {
	{ KIB(4), MOST, PROT_READ | PROT_WRITE },
	{ MIB(2), 20, PROT_READ | PROT_WRITE },
	{ GIB(64), 20, PROT_NONE },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
make(const struct kind *kind, char *memory[MOST])
{
	for (unsigned int i = 0; i < kind->n; i++) {
		memory[i] = mmap(NULL, kind->size, kind->prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory[i] == MAP_FAILED)
			return -errno;
		if (kind->prot != PROT_NONE)
			memset(memory[i], 1, kind->size);
	}
	return 0;
}

static void
unmap(struct ioas *space, void *memory, uint64_t size)
{
	const unsigned int token = space != NULL ? ioas_forget_begin(space, memory, size) : 0;
	const int ret = munmap(memory, size);

	if (space != NULL)
		ioas_forget_end(space, token, ret == 0);
}

/* space: NULL means without the library. */
static int
sample(struct ioas *space, const struct kind *kind, struct result *result)
{
	char *memory[MOST];
	uint64_t start;
	int ret;

	ret = make(kind, memory);
	if (ret < 0)
		return ret;
	start = now_ns();
	for (unsigned int i = 0; i < kind->n; i++)
		unmap(space, memory[i], kind->size);
	result_sample(result, (double)(now_ns() - start) / kind->n / 1000);
	return 0;
}

static int
list_results(struct results *results, struct result *list[N_KINDS][2])
{
	for (unsigned int i = 0; i < 2 * N_KINDS; i++) {
		const struct result what = {
			.suite = SUITE,
			.name = "munmap",
			.pattern = "model",
			.working_set = kinds[i / 2].size,
			.threads = 1,
			.unit = "us",
		};
		struct result *const result = results_add(results, &what);

		if (result == NULL)
			return -ENOSPC;
		if (i % 2 == 1)
			strcat(result->name, ", followed");
		list[i / 2][i % 2] = result;
	}
	return 0;
}

static int
measure(struct ioas *space, unsigned int rounds, struct results *results)
{
	struct result *list[N_KINDS][2];
	struct ioas_device *device;
	int ret;

	ret = ioas_attach(space, NIC, NULL, &device);
	for (unsigned int i = 0; ret == 0 && i < MAPS; i++)
		ret = ioas_map(space, (void *)(uintptr_t)(TIB(16) + i * MIB(4)), MIB(2), NULL);
	if (ret == 0)
		ret = list_results(results, list);
	for (unsigned int round = 0; ret == 0 && round < 2 * rounds; round++)
		for (unsigned int i = 0; ret == 0 && i < 2 * N_KINDS; i++) {
			const bool followed = (i + round) % 2 == 1;

			ret = sample(followed ? space : NULL, &kinds[i / 2], list[i / 2][followed]);
		}
	return ret;
}

int
munmap_run(unsigned int rounds, struct results *results)
{
	struct ioas *space;
	int ret;

	progress(SUITE ": munmap of other memory");
	model_start();
	model_device_add(NIC, &model_intel48);
	ret = ioas_create(NULL, &space);
	if (ret == 0) {
		ret = measure(space, 10 * rounds, results);
		ioas_destroy(space);
	}
	model_stop();
	return ret;
}
