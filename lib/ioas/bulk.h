/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BULK_H
#define IOAS_BULK_H

#include "ioas.h"

/* The implementations of ioas_lookup_bulk(), best first, for tests and benchmarks. */
struct bulk {
	const char *name;
	unsigned int (*lookup)(const struct ioas_table *table, const void *const *va,
			       uint64_t *iova, unsigned int n);
	bool (*works)(void); /* on this CPU */
};

extern const struct bulk bulks[];
extern const unsigned int n_bulks;

#endif /* IOAS_BULK_H */
