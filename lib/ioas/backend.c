/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "backend.h"

int
backend_open_node(const char *path, const char *missing, const struct ioas_log *log)
{
	const int fd = ioas_sys->open(path, O_RDWR | O_CLOEXEC);

	if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO)
		ioas_log(log, IOAS_LOG_ERR, "%s does not exist: %s", path, missing);
	else if (fd == -EACCES || fd == -EPERM)
		ioas_log(log, IOAS_LOG_ERR,
			 "no permission to open %s: give this user read and write access to it (a "
			 "udev rule, or chown)", path);
	else if (fd < 0)
		ioas_log(log, IOAS_LOG_ERR, "cannot open %s: %s", path, strerror(-fd));
	return fd;
}

/* In the order in which "auto" tries them. */
static const struct backend_ops *const backends[] = {
	&iommufd_ops,
	&spapr_ops,
	&type1_ops,
};

#define N_BACKENDS (sizeof(backends) / sizeof(backends[0]))

/* Why each backend could not be opened. */
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
open_first(const struct ioas_log *log, const struct ledger *ledger, struct backend **backend)
{
	struct reasons reasons = { .log = log };
	const struct ioas_log keep = { keep_reason, &reasons };
	int ret, first = 0;

	for (reasons.n = 0; reasons.n < N_BACKENDS; reasons.n++) {
		ret = backends[reasons.n]->open(&keep, ledger, backend);
		if (ret == 0)
			break;
		if (first == 0)
			first = ret;
	}
	for (unsigned int i = 0; i < reasons.n; i++)
		ioas_log(log, reasons.n < N_BACKENDS ? IOAS_LOG_INFO : IOAS_LOG_ERR,
			 "backend %s cannot be used: %s", backends[i]->name, reasons.line[i]);
	if (reasons.n == N_BACKENDS)
		return first;
	(*backend)->log = log;
	return 0;
}

int
backend_open(const char *name, const struct ioas_log *log, const struct ledger *ledger,
	     struct backend **backend)
{
	if (name == NULL || strcmp(name, "auto") == 0)
		return open_first(log, ledger, backend);
	for (unsigned int i = 0; i < N_BACKENDS; i++)
		if (strcmp(name, backends[i]->name) == 0)
			return backends[i]->open(log, ledger, backend);
	ioas_log(log, IOAS_LOG_ERR, "there is no backend '%s': use auto, iommufd, spapr or type1", name);
	return -EINVAL;
}
