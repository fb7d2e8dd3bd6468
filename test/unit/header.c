/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The public header compiles alone, in any C11 of a user, and twice. */
#include "ioas.h"
#include "ioas.h"

uint64_t header_c(const struct ioas_table *table, const void *va);

uint64_t
header_c(const struct ioas_table *table, const void *va)
{
	return ioas_lookup(table, va);
}
