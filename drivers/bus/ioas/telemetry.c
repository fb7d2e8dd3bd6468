/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * What can be asked by DPDK's telemetry. Numbers that may have more than 32 bits are strings: that is
 * what all releases can put into a dictionary alike.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_telemetry.h>

#include "ioas_bus.h"
#include "rte_bus_ioas.h"

static void add(struct rte_tel_data *data, const char *name, const char *format, ...)
	__rte_format_printf(3, 4);

static void
add(struct rte_tel_data *data, const char *name, const char *format, ...)
{
	char text[RTE_TEL_MAX_STRING_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rte_tel_data_add_dict_string(data, name, text);
}

static void
add_area(struct rte_tel_data *data, const struct ioas_area *area)
{
	add(data, "area_address", "%p", area->va);
	add(data, "area_iova", "0x%" PRIx64, area->iova);
	add(data, "area_length", "0x%" PRIx64, area->length);
}

static void
add_memory(struct rte_tel_data *data, const struct rte_bus_ioas_iova *is)
{
	if (is->page_size == 0)
		return;
	add(data, "page_size", "0x%" PRIx64, is->page_size);
	rte_tel_data_add_dict_int(data, "socket", is->socket_id);
	rte_tel_data_add_dict_int(data, "external", is->external);
	if (is->heap[0] != '\0')
		rte_tel_data_add_dict_string(data, "heap", is->heap);
	if (is->memzone[0] != '\0')
		rte_tel_data_add_dict_string(data, "memzone", is->memzone);
	if (is->mempool[0] != '\0') {
		rte_tel_data_add_dict_string(data, "mempool", is->mempool);
		rte_tel_data_add_dict_int(data, "object", is->object);
		add(data, "object_offset", "%" PRId64, is->object_offset);
	}
}

/* Seconds of CLOCK_MONOTONIC, as the kernel's log has them, and how long ago that is. */
static void
add_time(struct rte_tel_data *data, uint64_t at)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	add(data, "unmapped_at", "%" PRIu64 ".%06" PRIu64, at / 1000000000, at % 1000000000 / 1000);
	add(data, "unmapped_ago", "%.6f",
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
	rte_tel_data_add_dict_int(data, "isolated", is->isolated);
	if (space->va != NULL)
		add(data, "address", "%p", space->va);
	if (space->area.length != 0)
		add_area(data, &space->area);
	add_memory(data, is);
	if (space->state == IOAS_IOVA_UNMAPPED) {
		add_time(data, space->unmapped_at);
		rte_tel_data_add_dict_int(data, "quarantined", space->quarantined);
	}
	if (space->state == IOAS_IOVA_UNUSABLE) {
		add(data, "hole_first", "0x%" PRIx64, space->hole.first);
		add(data, "hole_last", "0x%" PRIx64, space->hole.last);
	}
}

/* Parameters: IOVA[,DEVICE]. */
static int
answer_iova(const char *cmd __rte_unused, const char *params, struct rte_tel_data *data)
{
	struct rte_bus_ioas_iova is;
	uint64_t iova;
	char *end;

	if (params == NULL || params[0] < '0' || params[0] > '9')
		return -EINVAL;
	errno = 0;
	iova = strtoull(params, &end, 0);
	if (errno != 0 || (*end != '\0' && (*end != ',' || end[1] == '\0')))
		return -EINVAL;
	if (rte_bus_ioas_explain(*end == ',' ? end + 1 : NULL, iova, &is) < 0)
		return -ENOTSUP;
	rte_tel_data_start_dict(data);
	add(data, "iova", "0x%" PRIx64, iova);
	add_explanation(data, &is);
	return 0;
}

/* Of the space that all devices have in common. */
static int
answer_info(const char *cmd __rte_unused, const char *params __rte_unused, struct rte_tel_data *data)
{
	struct ioas_info info;

	if (bus_ioas_space == NULL)
		return -ENOTSUP;
	ioas_get_info(bus_ioas_space, &info);
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_string(data, "backend", info.backend);
	rte_tel_data_add_dict_string(data, "iova", rte_eal_iova_mode() == RTE_IOVA_VA ? "va" : "kernel");
	rte_tel_data_add_dict_int(data, "devices", devices_count());
	rte_tel_data_add_dict_int(data, "isolated", devices_are_isolated());
	add(data, "maps", "%" PRIu64, info.maps);
	add(data, "bytes", "0x%" PRIx64, info.bytes);
	add(data, "aperture_first", "0x%" PRIx64, info.aperture.first);
	add(data, "aperture_last", "0x%" PRIx64, info.aperture.last);
	add(data, "window_first", "0x%" PRIx64, info.window.first);
	add(data, "window_last", "0x%" PRIx64, info.window.last);
	add(data, "quarantine", "0x%" PRIx64, info.quarantine);
	add(data, "quarantine_limit", "0x%" PRIx64, info.quarantine_limit);
	return 0;
}

void
telemetry_start(void)
{
	/* EEXIST: EAL was started again in the same process. */
	rte_telemetry_register_cmd("/ioas/info", answer_info,
				   "What the I/O address space holds. No parameters");
	rte_telemetry_register_cmd("/ioas/iova", answer_iova,
				   "What an IOVA leads to, or led to. Parameters: IOVA[,DEVICE]");
}
