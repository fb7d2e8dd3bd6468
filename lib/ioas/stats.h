/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_STATS_H
#define IOAS_STATS_H

#include "ioas.h"

/* The counters of ioas_get_stats(). The caller has locked the space. */

/* Counts a call that has failed with a negative errno. */
void stats_failure(uint64_t failures[IOAS_ERRORS], int error);

/* Counts a successful call that began at start, by clock_ns(). */
void stats_call(struct ioas_latency *latency, uint64_t start);

#endif /* IOAS_STATS_H */
