/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_STATS_H
#define IOAS_STATS_H

#include "ioas.h"

/* What is counted for ioas_get_stats(). Called with the space locked. */

/* A call has failed with a negative errno. */
void stats_failure(uint64_t failures[IOAS_ERRORS], int error);

/* A call that began at start, by clock_ns(), has ended well. */
void stats_call(struct ioas_latency *latency, uint64_t start);

#endif /* IOAS_STATS_H */
