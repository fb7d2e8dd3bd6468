/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The lists and texts of struct info: they grow, are freed, and a problem gets its remedy. */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
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

static void __attribute__((format(printf, 2, 0)))
append(char **text, const char *format, va_list args)
{
	char *more, *all;

	if (vasprintf(&more, format, args) < 0 ||
	    asprintf(&all, "%s%s", *text != NULL ? *text : "", more) < 0)
		errx(1, "not enough memory");
	free(more);
	free(*text);
	*text = all;
}

void
info_append(char **text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(text, format, args);
	va_end(args);
}

void
info_free(struct info *info)
{
	for (unsigned int i = 0; i < info->n_devices; i++) {
		free(info->devices[i].interfaces);
		free(info->devices[i].neighbours);
		free(info->devices[i].unbind);
		free(info->devices[i].reserved);
	}
	for (unsigned int i = 0; i < info->n_problems; i++) {
		free(info->problems[i].what);
		free(info->problems[i].remedy);
	}
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
	append(&problem->what, format, args);
	va_end(args);
	return problem;
}

void
remedy(struct info_problem *problem, const char *format, ...)
{
	va_list args;

	free(problem->remedy);
	problem->remedy = NULL;
	va_start(args, format);
	append(&problem->remedy, format, args);
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
