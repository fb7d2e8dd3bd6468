/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TRACE_POINTS_H
#define IOAS_TRACE_POINTS_H

#include <rte_trace_point.h>

/* The arguments have the names of the fields in the trace. */

RTE_TRACE_POINT(
	bus_ioas_trace_map,
	RTE_TRACE_POINT_ARGS(const void *address, uint64_t length, uint64_t iova, uint8_t fixed, int ret),
	rte_trace_point_emit_ptr(address);
	rte_trace_point_emit_u64(length);
	rte_trace_point_emit_u64(iova);
	rte_trace_point_emit_u8(fixed);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	bus_ioas_trace_unmap,
	RTE_TRACE_POINT_ARGS(const void *address, uint64_t length, int ret),
	rte_trace_point_emit_ptr(address);
	rte_trace_point_emit_u64(length);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	bus_ioas_trace_unmap_iova,
	RTE_TRACE_POINT_ARGS(uint64_t iova, uint64_t length, int ret),
	rte_trace_point_emit_u64(iova);
	rte_trace_point_emit_u64(length);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	bus_ioas_trace_attach,
	RTE_TRACE_POINT_ARGS(const char *device, int ret),
	rte_trace_point_emit_string(device);
	rte_trace_point_emit_int(ret);
)

RTE_TRACE_POINT(
	bus_ioas_trace_detach,
	RTE_TRACE_POINT_ARGS(const char *device),
	rte_trace_point_emit_string(device);
)

/* Registers them with EAL. None may be used before. */
void trace_points_register(void);

#endif /* IOAS_TRACE_POINTS_H */
