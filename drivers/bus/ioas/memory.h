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
/* The replica of the table for this thread, decided at its first lookup; NULL until then. The model
 * makes it one load; the default for a shared object is a call that costs more than the lookup. */
extern __thread const struct ioas_table *memory_table __attribute__((tls_model("initial-exec")));
/* The IOVA of an address; RTE_BAD_IOVA also where memory_iova() has not been asked yet. */
static inline rte_iova_t
memory_lookup(const void *va)
{
	return likely(memory_table != NULL) ? ioas_lookup(memory_table, va) : RTE_BAD_IOVA;
}
/* The IOVA of an address, mapped now if it was not; RTE_BAD_IOVA if that fails. */
rte_iova_t memory_iova(const void *va);
/* Maps memory at the IOVA that EAL's mode asks for. 0, or negative after a log line. */
int memory_map(void *va, uint64_t length);
/* Whether an address is memory of EAL's own. */
bool memory_is_eal(uint64_t va);

/* Whether [va, va + length) is mapped linearly at iova, in a space. */
bool memory_is_mapped_at(const struct ioas *space, uint64_t va, uint64_t length, rte_iova_t iova);

#endif /* IOAS_MEMORY_H */
