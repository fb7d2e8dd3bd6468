/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MEMLOCK_H
#define IOAS_MEMLOCK_H

#include <stdint.h>

/* The memory that this process may pin, and that it has pinned or locked. */
struct memlock {
	uint64_t limit; /* in bytes; UINT64_MAX: no limit */
	uint64_t used;
};

/* 0, or a negative errno. */
int memlock_read(struct memlock *memlock);

#endif /* IOAS_MEMLOCK_H */
