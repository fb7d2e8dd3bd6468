/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/*
 * Tries the configuration: attaches the devices, allocates hugepages and maps them. Reports a failure as a
 * problem.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "info.h"
#include "machine.h"

static void
keep_error(enum ioas_log_level level, const char *line, void *arg)
{
	if (level == IOAS_LOG_ERR)
		problem(arg, true, "tried: %s", line);
}

static bool
attach_all(struct info *info, struct ioas *space)
{
	bool attached = false;

	for (unsigned int i = 0; i < info->n_devices; i++) {
		struct ioas_device *device;

		if (!device_is_chosen(info, &info->devices[i]))
			continue;
		if (ioas_attach(space, info->devices[i].address, NULL, &device) < 0)
			return false;
		attached = true;
	}
	return attached;
}

static void
keep_ranges(struct info_attempt *attempt, struct ioas *space)
{
	struct ioas_range *const ranges = calloc(ioas_ranges(space, NULL, 0) + 1, sizeof(*ranges));

	if (ranges == NULL)
		return;
	attempt->ranges = ranges;
	attempt->n_ranges = ioas_ranges(space, ranges, ioas_ranges(space, NULL, 0));
}

/* Pages of one size: the requested size, or the largest of which enough are free. */
static struct info_hugepages *
choose_pages(const struct info *info)
{
	struct info_hugepages *chosen = NULL;

	for (unsigned int i = 0; i < info->n_hugepages; i++) {
		struct info_hugepages *const pages = &info->hugepages[i];
		uint64_t free = 0;

		if (info->config.page_size != 0 && info->config.page_size != pages->size)
			continue;
		for (unsigned int k = 0; k < pages->n_nodes; k++)
			free += pages->nodes[k].free * pages->size;
		if (free >= info->config.bytes)
			chosen = pages;
	}
	return chosen;
}

static void
map_some(struct info *info, struct ioas *space)
{
	struct info_hugepages *const pages = choose_pages(info);
	struct info_attempt *const attempt = &info->attempt;
	struct info_problem *wrong;
	struct ioas_info holds;
	void *memory;

	if (pages == NULL) {
		problem(info, false, "not tried: %" PRIu64 " MiB in pages of one size", info->config.bytes >> 20);
		return;
	}
	attempt->bytes = round_up(info->config.bytes, pages->size);
	memory = info_sys->allocate(attempt->bytes, pages->size);
	if (memory == NULL) {
		wrong = problem(info, true, "tried: cannot allocate %" PRIu64 " MiB of hugepages: %s",
				attempt->bytes >> 20, strerror(errno));
		remedy_pages(info, wrong, pages, ANY_NODE, attempt->bytes);
		info_append(&wrong->remedy, ", for others have reserved what is free; or a larger hugetlb.*.max "
			    "of the control group");
		return;
	}
	attempt->mapped = ioas_map(space, memory, attempt->bytes, NULL) == 0;
	ioas_get_info(space, &holds);
	attempt->maps = holds.maps;
	if (attempt->mapped)
		ioas_unmap(space, memory, attempt->bytes);
	info_sys->release(memory, attempt->bytes);
}

void
attempt(struct info *info)
{
	const struct ioas_options options = {
		.size = sizeof(options),
		.log = keep_error,
		.log_arg = info,
		.backend = info->backend != NULL ? info->backend->name : NULL,
	};
	struct ioas *space;

	if (info_missing(info) > 0) {
		problem(info, false, "not tried: something is missing");
		return;
	}
	if (ioas_create(&options, &space) < 0)
		return;
	info->attempt.attached = attach_all(info, space);
	if (info->attempt.attached) {
		if (info->backend == &info->backends[0])
			look_at_features(info, space, true);
		keep_ranges(&info->attempt, space);
		if (info->config.bytes > 0)
			map_some(info, space);
	}
	ioas_destroy(space);
}
