/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_STARTING_H
#define IOAS_ROLE_STARTING_H

/* Returns 1: EAL asks before memory exists, and must treat chosen IOVAs as physical addresses. */
int starting_using_phys_addrs(void);

#endif /* IOAS_ROLE_STARTING_H */
