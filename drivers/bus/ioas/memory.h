/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MEMORY_H
#define IOAS_MEMORY_H

#include <rte_memory.h>

#include "ioas.h"

/* Maps EAL's memory, and follows its changes. With EAL's memory lock held. 0 or -1. */
int memory_map_all(void);
/* After memory_map_all(): corrects the IOVAs that EAL has recorded for memzones. */
void memory_set_memzones(void);
/* The IOVA of an address, which is mapped first if necessary; RTE_BAD_IOVA if that fails. */
rte_iova_t memory_iova(const void *va);
/* Called around fork(), in the parent and in the child. */
void memory_before_fork(void);
void memory_after_fork(void);

#endif /* IOAS_MEMORY_H */
