/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "trace_points.h"
#include "traced.h"

static bool ended;

void
traced_end(void)
{
	__atomic_store_n(&ended, true, __ATOMIC_RELAXED);
}

static bool
can_trace(void)
{
	return !__atomic_load_n(&ended, __ATOMIC_RELAXED) && RTE_PER_LCORE(trace_mem) != NULL;
}

int
traced_map(struct ioas *space, void *va, uint64_t length)
{
	uint64_t iova = IOAS_BAD_IOVA;
	const int ret = ioas_map(space, va, length, &iova);

	if (can_trace())
		bus_ioas_trace_map(va, length, iova, false, ret);
	return ret;
}

int
traced_map_fixed(struct ioas *space, void *va, uint64_t length, uint64_t iova)
{
	const int ret = ioas_map_fixed(space, va, length, iova);

	if (can_trace())
		bus_ioas_trace_map(va, length, iova, true, ret);
	return ret;
}

int
traced_unmap(struct ioas *space, const void *va, uint64_t length)
{
	const int ret = ioas_unmap(space, va, length);

	if (ret != 0 && can_trace())
		bus_ioas_trace_unmap(va, length, ret);
	return ret;
}

void
traced_forget_end(struct ioas *space, unsigned int token, const void *va, uint64_t length, bool gone)
{
	if (ioas_forget_end(space, token, gone) && gone && can_trace())
		bus_ioas_trace_unmap(va, length, 1);
}

int
traced_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length)
{
	const int ret = ioas_unmap_iova(space, iova, length);

	if (can_trace())
		bus_ioas_trace_unmap_iova(iova, length, ret);
	return ret;
}

void
traced_attach(const char *device, int ret)
{
	if (can_trace())
		bus_ioas_trace_attach(device, ret);
}

void
traced_detach(const char *device)
{
	if (can_trace())
		bus_ioas_trace_detach(device);
}
