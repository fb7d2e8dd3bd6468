/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Telemetry about the I/O address space: its ranges, its maps and its quarantine.
 */

#include <errno.h>
#include <inttypes.h>

#include <rte_eal.h>
#include <rte_version.h>

#include "common_space.h"
#include "devices.h"
#include "spaces.h"
#include "telemetry.h"

/* Adds features of the kernel that the plugin does not use. */
static void
add_features(struct rte_tel_data *data)
{
	const unsigned int features = ioas_features(bus_ioas_space);
	struct rte_tel_data *const dict = tel_add_dict(data, "features");

	tel_add_int(dict, "map_file", (features & IOAS_FEATURE_MAP_FILE) != 0);
	tel_add_int(dict, "change_process", (features & IOAS_FEATURE_CHANGE_PROCESS) != 0);
	tel_add_int(dict, "dirty_tracking", (features & IOAS_FEATURE_DIRTY_TRACKING) != 0);
}

/* Describes the common space. */
int
telemetry_info(const char *cmd __rte_unused, const char *params __rte_unused,
	       struct rte_tel_data *data)
{
	struct ioas_info info;
	uint64_t room;

	if (bus_ioas_space == NULL)
		return -ENOTSUP;
	ioas_get_info(bus_ioas_space, &info);
	room = ioas_room(bus_ioas_space);
	rte_tel_data_start_dict(data);
	tel_add(data, "release", "%s", rte_version());
	tel_add(data, "backend", "%s", info.backend);
	tel_add(data, "iova", rte_eal_iova_mode() == RTE_IOVA_VA ? "va" : "kernel");
	tel_add_int(data, "devices", devices_count());
	tel_add_int(data, "isolated", bus_ioas_isolated);
	tel_add(data, "maps", "%" PRIu64, info.maps);
	tel_add(data, "bytes", "0x%" PRIx64, info.bytes);
	tel_add(data, "aperture_first", "0x%" PRIx64, info.aperture.first);
	tel_add(data, "aperture_last", "0x%" PRIx64, info.aperture.last);
	tel_add(data, "window_first", "0x%" PRIx64, info.window.first);
	tel_add(data, "window_last", "0x%" PRIx64, info.window.last);
	tel_add(data, "alignment", "0x%" PRIx64, info.alignment);
	tel_add(data, "quarantine", "0x%" PRIx64, info.quarantine);
	tel_add(data, "quarantine_limit", "0x%" PRIx64, info.quarantine_limit);
	if (room != UINT64_MAX)
		tel_add(data, "room", "%" PRIu64, room);
	tel_add_memlock(data);
	add_features(data);
	return 0;
}

struct ranges {
	struct ioas_range range[TELEMETRY_LIST];
	unsigned int n;
};

static void
read_ranges(struct ioas *space, void *arg)
{
	struct ranges *const ranges = arg;
	const unsigned int n = ioas_ranges(space, ranges->range, RTE_DIM(ranges->range));

	ranges->n = RTE_MIN(n, RTE_DIM(ranges->range));
}

int
telemetry_ranges(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct rte_tel_data *list;
	struct ranges ranges;
	int ret;

	ret = spaces_call(params, read_ranges, &ranges);
	if (ret < 0)
		return ret;
	rte_tel_data_start_dict(data);
	list = tel_add_dict(data, "ranges");
	for (unsigned int i = 0; i < ranges.n; i++) {
		struct rte_tel_data *const item = tel_add_item(list, i);

		tel_add(item, "first", "0x%" PRIx64, ranges.range[i].first);
		tel_add(item, "last", "0x%" PRIx64, ranges.range[i].last);
	}
	return 0;
}

/* Areas of one kind with consecutive IOVAs. */
struct run {
	struct ioas_area area; /* as if they were one area */
	unsigned int areas;
	bool linear;           /* their addresses are consecutive as well */
};

struct listing {
	int (*walk)(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg);
	uint64_t from;
	struct run runs[TELEMETRY_LIST];
	unsigned int n;
	uint64_t next;         /* start of the first run that does not fit; 0: all fit */
};

static bool
goes_on(const struct run *run, const struct ioas_area *area)
{
	return area->iova == run->area.iova + run->area.length &&
	       area->fixed == run->area.fixed && area->copy == run->area.copy;
}

static int
list_area(const struct ioas_area *area, void *arg)
{
	struct listing *const listing = arg;
	struct run *const last = listing->n > 0 ? &listing->runs[listing->n - 1] : NULL;

	if (area->iova + (area->length - 1) < listing->from)
		return 0;
	if (last != NULL && goes_on(last, area)) {
		last->linear = last->linear &&
			       area->va == RTE_PTR_ADD(last->area.va, last->area.length);
		last->area.length += area->length;
		last->areas++;
		return 0;
	}
	if (listing->n == RTE_DIM(listing->runs)) {
		listing->next = area->iova;
		return 1;
	}
	listing->runs[listing->n++] = (struct run){ .area = *area, .areas = 1, .linear = true };
	return 0;
}

static void
list_space(struct ioas *space, void *arg)
{
	struct listing *const listing = arg;

	listing->walk(space, list_area, listing);
}

static int
answer_listing(const char *params, const char *name, struct listing *listing,
	       struct rte_tel_data *data)
{
	const char *device = NULL;
	struct rte_tel_data *list;
	int ret;

	if (params != NULL && tel_parse_iova(params, &listing->from, &device) < 0)
		return -EINVAL;
	ret = spaces_call(device, list_space, listing);
	if (ret < 0)
		return ret;
	rte_tel_data_start_dict(data);
	list = tel_add_dict(data, name);
	for (unsigned int i = 0; i < listing->n; i++) {
		const struct run *const run = &listing->runs[i];
		struct rte_tel_data *const item = tel_add_item(list, i);

		tel_add(item, "iova", "0x%" PRIx64, run->area.iova);
		tel_add(item, "length", "0x%" PRIx64, run->area.length);
		tel_add_int(item, "areas", run->areas);
		tel_add_int(item, "fixed", run->area.fixed);
		tel_add_int(item, "copy", run->area.copy);
		if (run->linear)
			tel_add(item, "address", "%p", run->area.va);
	}
	if (listing->next != 0)
		tel_add(data, "next", "0x%" PRIx64, listing->next);
	return 0;
}

int
telemetry_maps(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct listing listing = { .walk = ioas_walk };

	return answer_listing(params, "maps", &listing, data);
}

int
telemetry_quarantine(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct listing listing = { .walk = ioas_walk_quarantine };

	return answer_listing(params, "quarantine", &listing, data);
}
