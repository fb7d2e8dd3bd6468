/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "clock.h"
#include "stats.h"

void
stats_failure(uint64_t failures[IOAS_ERRORS], int error)
{
	failures[-error < IOAS_ERRORS ? -error : 0]++;
}

/* The step of a histogram for a number of nanoseconds. */
static unsigned int
step_of(uint64_t ns)
{
	const unsigned int bits = ns == 0 ? 0 : 64 - __builtin_clzll(ns);

	return bits < IOAS_LATENCY_STEPS ? bits : IOAS_LATENCY_STEPS - 1;
}

void
stats_call(struct ioas_latency *latency, uint64_t start)
{
	const uint64_t ns = clock_ns() - start;

	latency->calls++;
	latency->total_ns += ns;
	if (latency->max_ns < ns)
		latency->max_ns = ns;
	latency->steps[step_of(ns)]++;
}

void
ioas_area_entries(const struct ioas_area *area, uint64_t page, uint64_t entries[IOAS_ENTRY_SIZES])
{
	static const unsigned int shifts[IOAS_ENTRY_SIZES] = { 12, 21, 30 };
	const uint64_t offset = area->iova ^ (uintptr_t)area->va;
	uint64_t covered = 0; /* by larger entries, in the middle */

	for (unsigned int i = IOAS_ENTRY_SIZES; i-- > 0;) {
		const uint64_t mask = (UINT64_C(1) << shifts[i]) - 1;
		const uint64_t before = -area->iova & mask;
		uint64_t fits = 0;

		if (i > 0 && (page <= mask || (offset & mask) != 0))
			continue;
		if (before < area->length)
			fits = (area->length - before) & ~mask;
		entries[i] += (fits - covered) >> shifts[i];
		covered = fits;
	}
}
