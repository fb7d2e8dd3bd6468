/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdlib.h>

#include "family.h"

int
family_create(struct ioas *root, const struct ioas_options *options, const struct ioas_log *log,
	      struct family **created)
{
	struct family *const family = calloc(1, sizeof(*family));
	int ret;

	if (family == NULL)
		return ioas_no_memory(log, "create an I/O address space");
	ret = nodes_create(&family->nodes, ioas_sys, options->descriptors, options->n_descriptors, log);
	if (ret < 0) {
		free(family);
		return ret;
	}
	family->sys = ioas_sys;
	family->root = root;
	pthread_mutex_init(&family->lock, NULL);
	departures_reset(&family->departures);
	*created = family;
	return 0;
}

void
family_destroy(struct family *family)
{
	placement_destroy(&family->placement);
	nodes_destroy(&family->nodes);
	pthread_mutex_destroy(&family->lock);
	free(family);
}
