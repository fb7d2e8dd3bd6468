/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MEMORY_H
#define IOAS_MEMORY_H

#include <rte_memory.h>

#include "ioas.h"

/* Before the first probe: maps what EAL has and follows its changes. 0 or -1. */
int memory_start(void);
bool memory_has_started(void);
/* The IOVA of an address, mapped now if it was not; RTE_BAD_IOVA if that fails. */
rte_iova_t memory_iova(const void *va);

#endif /* IOAS_MEMORY_H */
