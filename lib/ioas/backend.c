/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend.h"

/* "auto" tries them in this order. */
static const struct backend_ops *const backends[] = {
	&iommufd_ops,
	&spapr_ops,
	&type1_ops,
};

#define N_BACKENDS (sizeof(backends) / sizeof(backends[0]))

/* The reasons why backends could not be opened. */
struct reasons {
	char line[N_BACKENDS][640];
	unsigned int n;
	const struct ioas_log *log;
};

static void
keep_reason(enum ioas_log_level level, const char *line, void *arg)
{
	struct reasons *const reasons = arg;

	if (level == IOAS_LOG_ERR)
		snprintf(reasons->line[reasons->n], sizeof(reasons->line[0]), "%s", line);
	else
		ioas_log(reasons->log, level, "%s", line);
}

static int
open_first(const struct backend *with, struct backend **backend)
{
	struct reasons reasons = { .log = with->log };
	const struct ioas_log keep = { keep_reason, &reasons };
	struct backend quiet = *with;
	int ret, first = 0;

	quiet.log = &keep;
	for (reasons.n = 0; reasons.n < N_BACKENDS; reasons.n++) {
		ret = backends[reasons.n]->open(&quiet, backend);
		if (ret == 0)
			break;
		if (first == 0)
			first = ret;
	}
	for (unsigned int i = 0; i < reasons.n; i++)
		ioas_log(with->log, reasons.n < N_BACKENDS ? IOAS_LOG_INFO : IOAS_LOG_ERR,
			 "backend %s cannot be used: %s", backends[i]->name, reasons.line[i]);
	if (reasons.n == N_BACKENDS)
		return first;
	(*backend)->log = with->log;
	return 0;
}

int
backend_open(const char *name, const struct backend *with, struct backend **backend)
{
	if (with->beside != NULL)
		return with->beside->ops->open(with, backend);
	if (name == NULL || strcmp(name, "auto") == 0)
		return open_first(with, backend);
	for (unsigned int i = 0; i < N_BACKENDS; i++)
		if (strcmp(name, backends[i]->name) == 0)
			return backends[i]->open(with, backend);
	ioas_log(with->log, IOAS_LOG_ERR,
		 "there is no backend '%s': use auto, iommufd, spapr or type1", name);
	return -EINVAL;
}

int
backend_map(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window, uint64_t *iova)
{
	if (backend->ops->map != NULL)
		return backend->ops->map(backend, va, length, window, iova);
	*iova = window.first;
	return backend->ops->map_fixed(backend, va, length, window.first);
}
