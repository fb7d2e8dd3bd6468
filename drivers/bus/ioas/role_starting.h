/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_STARTING_H
#define IOAS_ROLE_STARTING_H

/* Before memory is there EAL asks, and takes chosen IOVAs for physical addresses. */
int starting_using_phys_addrs(void);

#endif /* IOAS_ROLE_STARTING_H */
