/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <rte_trace_point_register.h>

#include "trace_points.h"

RTE_TRACE_POINT_REGISTER(bus_ioas_trace_map, ioas.map)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_unmap, ioas.unmap)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_unmap_iova, ioas.unmap_iova)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_attach, ioas.attach)
RTE_TRACE_POINT_REGISTER(bus_ioas_trace_detach, ioas.detach)
