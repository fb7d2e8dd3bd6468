/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Telemetry about counters and measurements.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>

#include "lookup.h"
#include "spaces.h"
#include "telemetry.h"

/* Data of a space. */
struct figures {
	struct ioas_stats stats;
	uint64_t node_bytes[RTE_MAX_NUMA_NODES];
	uint64_t bytes_elsewhere;       /* on a node that EAL does not know */
	uint64_t entries[IOAS_ENTRY_SIZES];
	uint64_t bytes_without_entries; /* in pages whose size EAL does not know */
};

/* EAL's memory lists have the node of hugepages, and the page size of all memory that EAL knows. Ordinary
 * pages are on the node that touched them first. */
static int
add_area(const struct ioas_area *area, void *arg)
{
	const struct rte_memseg_list *const msl = rte_mem_virt2memseg_list(area->va);
	struct figures *const figures = arg;

	if (msl != NULL && !msl->external && rte_eal_has_hugepages() &&
	    msl->socket_id >= 0 && msl->socket_id < RTE_MAX_NUMA_NODES)
		figures->node_bytes[msl->socket_id] += area->length;
	else
		figures->bytes_elsewhere += area->length;
	if (msl != NULL)
		ioas_area_entries(area, msl->page_sz, figures->entries);
	else
		figures->bytes_without_entries += area->length;
	return 0;
}

static void
read_figures(struct ioas *space, void *arg)
{
	struct figures *const figures = arg;

	ioas_get_stats(space, &figures->stats);
	ioas_walk(space, add_area, figures);
}

static void
add_nodes(struct rte_tel_data *data, const struct figures *figures)
{
	struct rte_tel_data *const dict = tel_add_dict(data, "bytes_by_node");
	char node[16];

	for (unsigned int i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		if (figures->node_bytes[i] == 0)
			continue;
		snprintf(node, sizeof(node), "%u", i);
		tel_add(dict, node, "0x%" PRIx64, figures->node_bytes[i]);
	}
	if (figures->bytes_elsewhere != 0)
		tel_add(dict, "unknown", "0x%" PRIx64, figures->bytes_elsewhere);
}

static void
add_entries(struct rte_tel_data *data, const struct figures *figures)
{
	static const char *const sizes[IOAS_ENTRY_SIZES] = { "4K", "2M", "1G" };
	struct rte_tel_data *const dict = tel_add_dict(data, "entries");

	for (unsigned int i = 0; i < IOAS_ENTRY_SIZES; i++)
		tel_add(dict, sizes[i], "%" PRIu64, figures->entries[i]);
	if (figures->bytes_without_entries != 0)
		tel_add(dict, "unknown_bytes", "0x%" PRIx64, figures->bytes_without_entries);
}

static void
add_failures(struct rte_tel_data *data, const char *name, const uint64_t failures[IOAS_ERRORS])
{
	struct rte_tel_data *const dict = tel_add_dict(data, name);

	for (int i = 0; i < IOAS_ERRORS; i++) {
		const char *const error = i == 0 ? NULL : strerrorname_np(i);

		if (failures[i] != 0)
			tel_add(dict, error != NULL ? error : "other", "%" PRIu64, failures[i]);
	}
}

static void
add_latency(struct rte_tel_data *data, const char *name, const struct ioas_latency *latency)
{
	struct rte_tel_data *const dict = tel_add_dict(data, name), *steps;
	char below[24];

	tel_add(dict, "calls", "%" PRIu64, latency->calls);
	tel_add(dict, "total_ns", "%" PRIu64, latency->total_ns);
	tel_add(dict, "max_ns", "%" PRIu64, latency->max_ns);
	steps = tel_add_dict(dict, "below_ns");
	for (unsigned int i = 0; i < IOAS_LATENCY_STEPS; i++) {
		if (latency->steps[i] == 0)
			continue;
		snprintf(below, sizeof(below), "%" PRIu64, UINT64_C(1) << i);
		tel_add(steps, below, "%" PRIu64, latency->steps[i]);
	}
}

int
telemetry_stats(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct figures figures = { 0 };
	const struct ioas_stats *const stats = &figures.stats;
	int ret;

	/* Taken before the locks of the devices and the space, in the same order as when EAL reports its
	 * memory. */
	rte_mcfg_mem_read_lock();
	ret = spaces_call(params, read_figures, &figures);
	rte_mcfg_mem_read_unlock();
	if (ret < 0)
		return ret;
	rte_tel_data_start_dict(data);
	tel_add(data, "maps", "%" PRIu64, stats->maps);
	tel_add(data, "unmaps", "%" PRIu64, stats->unmaps);
	tel_add(data, "maps_now", "%" PRIu64, stats->maps_now);
	tel_add(data, "maps_max", "%" PRIu64, stats->maps_max);
	tel_add(data, "bytes_now", "0x%" PRIx64, stats->bytes_now);
	tel_add(data, "bytes_max", "0x%" PRIx64, stats->bytes_max);
	add_nodes(data, &figures);
	add_entries(data, &figures);
	tel_add(data, "attaches", "%" PRIu64, stats->attaches);
	tel_add(data, "detaches", "%" PRIu64, stats->detaches);
	add_failures(data, "map_failures", stats->map_failures);
	add_failures(data, "unmap_failures", stats->unmap_failures);
	add_failures(data, "attach_failures", stats->attach_failures);
	tel_add(data, "misses", "%" PRIu64, lookup_misses());
	tel_add_memlock(data);
	add_latency(data, "map_latency", &stats->map);
	add_latency(data, "unmap_latency", &stats->unmap);
	return 0;
}
