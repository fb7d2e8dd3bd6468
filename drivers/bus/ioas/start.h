/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_START_H
#define IOAS_START_H

/* Before the first probe: maps EAL's memory, follows its changes, and changes the role (role_run()). 0 or -1. */
int start_memory(void);

#endif /* IOAS_START_H */
