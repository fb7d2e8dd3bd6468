/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>

#include "common_space.h"
#include "ioas_bus.h"

struct ioas *bus_ioas_space;
bool bus_ioas_isolated;

/* The destination of this thread's error lines. */
static __thread struct {
	char *line; /* NULL: the log */
	size_t size;
} kept;

/* While this is set, failures do not matter. */
static bool trying;

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	if (kept.line != NULL && level == IOAS_LOG_ERR) {
		snprintf(kept.line, kept.size, "%s", line);
		level = IOAS_LOG_DEBUG;
	}
	if (trying)
		level = IOAS_LOG_DEBUG;
	bus_ioas_log_line(level, line, arg);
}

void
common_space_keep_failures(char *line, size_t size)
{
	kept.line = line;
	kept.size = size;
}

int
common_space_create(const struct ioas_options *options, bool isolated)
{
	struct ioas_options with = *options;
	int ret;

	with.log = log_line;
	ret = ioas_create(&with, &bus_ioas_space);
	if (ret < 0)
		bus_ioas_space = NULL;
	bus_ioas_isolated = ret == 0 && isolated;
	return ret;
}

int
common_space_try(const struct ioas_options *options, bool isolated)
{
	int ret;

	trying = true;
	ret = common_space_create(options, isolated);
	trying = false;
	return ret;
}

void
common_space_destroy(void)
{
	ioas_destroy(bus_ioas_space);
	bus_ioas_space = NULL;
}

int
common_space_follow(struct ioas **space)
{
	static const int node = -1;
	const struct ioas_options options = {
		.size = sizeof(options),
		.log = log_line,
		.nodes = &node,
		.n_nodes = 1,
		.follow = bus_ioas_space,
		.same_iova = true,
	};

	return ioas_create(&options, space);
}
