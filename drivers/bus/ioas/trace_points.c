/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <rte_trace_point_register.h>

#include "trace_points.h"

/* DPDK registers each trace point by a constructor. Here trace_points_register() does it instead. */
#undef RTE_INIT
#define RTE_INIT(name) static void name(void)

RTE_TRACE_POINT_REGISTER(bus_ioas_trace_map, ioas.map)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_unmap, ioas.unmap)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_unmap_iova, ioas.unmap_iova)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_attach, ioas.attach)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_detach, ioas.detach)

void
trace_points_register(void)
{
	bus_ioas_trace_map_init();
	bus_ioas_trace_unmap_init();
	bus_ioas_trace_unmap_iova_init();
	bus_ioas_trace_attach_init();
	bus_ioas_trace_detach_init();
}
