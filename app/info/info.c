/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"

void *
info_grow(void *array, unsigned int *n, size_t size)
{
	char *const larger = reallocarray(array, *n + 1, size);

	if (larger == NULL)
		errx(1, "not enough memory");
	memset(larger + *n * size, 0, size);
	(*n)++;
	return larger;
}

void
info_free(struct info *info)
{
	for (unsigned int i = 0; i < info->n_devices; i++)
		free(info->devices[i].reserved);
	for (unsigned int i = 0; i < info->n_hugepages; i++)
		free(info->hugepages[i].nodes);
	free(info->iommus);
	free(info->devices);
	free(info->hugepages);
	free(info->config.node_bytes);
	free(info->attempt.ranges);
	free(info->problems);
}

struct info_problem *
problem(struct info *info, bool missing, const char *format, ...)
{
	struct info_problem *const problem = GROW(info->problems, info->n_problems);
	va_list args;

	problem->missing = missing;
	va_start(args, format);
	vsnprintf(problem->what, sizeof(problem->what), format, args);
	va_end(args);
	return problem;
}

void
remedy(struct info_problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->remedy, sizeof(problem->remedy), format, args);
	va_end(args);
}

unsigned int
info_missing(const struct info *info)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < info->n_problems; i++)
		n += info->problems[i].missing;
	return n;
}
