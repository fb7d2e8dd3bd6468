/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Telemetry about an IOVA: the memory that it leads or led to.
 */

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "rte_bus_ioas.h"
#include "telemetry.h"

static void
add_area(struct rte_tel_data *data, const struct ioas_area *area)
{
	tel_add(data, "area_address", "%p", area->va);
	tel_add(data, "area_iova", "0x%" PRIx64, area->iova);
	tel_add(data, "area_length", "0x%" PRIx64, area->length);
}

static void
add_memory(struct rte_tel_data *data, const struct rte_bus_ioas_iova *is)
{
	if (is->page_size == 0)
		return;
	tel_add(data, "page_size", "0x%" PRIx64, is->page_size);
	tel_add_int(data, "socket", is->socket_id);
	tel_add_int(data, "external", is->external);
	if (is->heap[0] != '\0')
		rte_tel_data_add_dict_string(data, "heap", is->heap);
	if (is->memzone[0] != '\0')
		rte_tel_data_add_dict_string(data, "memzone", is->memzone);
	if (is->mempool[0] != '\0') {
		rte_tel_data_add_dict_string(data, "mempool", is->mempool);
		tel_add_int(data, "object", is->object);
		tel_add(data, "object_offset", "%" PRId64, is->object_offset);
	}
}

/* Adds seconds of CLOCK_MONOTONIC, as in the kernel's log, and the time since then. */
static void
add_time(struct rte_tel_data *data, uint64_t at)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	tel_add(data, "unmapped_at", "%" PRIu64 ".%06" PRIu64, at / 1000000000, at % 1000000000 / 1000);
	tel_add(data, "unmapped_ago", "%.6f",
	    now.tv_sec - (double)(at / 1000000000) + (now.tv_nsec - (double)(at % 1000000000)) / 1e9);
}

static void
add_explanation(struct rte_tel_data *data, const struct rte_bus_ioas_iova *is)
{
	static const char *const states[] = {
		[IOAS_IOVA_MAPPED] = "mapped",
		[IOAS_IOVA_UNMAPPED] = "unmapped",
		[IOAS_IOVA_FREE] = "free",
		[IOAS_IOVA_UNUSABLE] = "unusable",
	};
	const struct ioas_explanation *const space = &is->space;

	rte_tel_data_add_dict_string(data, "state", states[space->state]);
	tel_add_int(data, "isolated", is->isolated);
	if (space->va != NULL)
		tel_add(data, "address", "%p", space->va);
	if (space->area.length != 0)
		add_area(data, &space->area);
	add_memory(data, is);
	if (space->state == IOAS_IOVA_UNMAPPED) {
		add_time(data, space->unmapped_at);
		tel_add_int(data, "quarantined", space->quarantined);
	}
	if (space->state == IOAS_IOVA_UNUSABLE) {
		tel_add(data, "hole_first", "0x%" PRIx64, space->hole.first);
		tel_add(data, "hole_last", "0x%" PRIx64, space->hole.last);
	}
}

int
telemetry_iova(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct rte_bus_ioas_iova is;
	const char *device;
	uint64_t iova;

	if (params == NULL || tel_parse_iova(params, &iova, &device) < 0)
		return -EINVAL;
	if (rte_bus_ioas_explain(device, iova, &is) < 0)
		return -ENOTSUP;
	rte_tel_data_start_dict(data);
	tel_add(data, "iova", "0x%" PRIx64, iova);
	if (device != NULL)
		tel_add_int(data, "attached", is.attached);
	add_explanation(data, &is);
	return 0;
}
