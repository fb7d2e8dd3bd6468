/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <string.h>

#include "backend.h"

/* In the order in which "auto" tries them. */
static const struct backend_ops *const backends[] = {
	&iommufd_ops,
};

#define N_BACKENDS (sizeof(backends) / sizeof(backends[0]))

int
backend_open(const char *name, const struct ioas_log *log, struct backend **backend)
{
	const bool any = name == NULL || strcmp(name, "auto") == 0;
	int ret = -EINVAL;

	for (unsigned int i = 0; i < N_BACKENDS; i++) {
		if (!any && strcmp(name, backends[i]->name) != 0)
			continue;
		ret = backends[i]->open(log, backend);
		if (ret == 0 || !any)
			return ret;
	}
	if (!any)
		ioas_log(log, IOAS_LOG_ERR, "there is no backend '%s': use auto or iommufd", name);
	return ret;
}
