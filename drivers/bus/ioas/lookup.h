/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LOOKUP_H
#define IOAS_LOOKUP_H

#include <rte_common.h>
#include <rte_memory.h>

#include "ioas.h"

/* Lookups of this thread in the common space. */

/* The replica of the table for this thread, chosen at its first lookup; NULL until then. With this TLS model
 * an access is one load. With the default for a shared object it is a call that costs more than the lookup. */
extern __thread const struct ioas_table *lookup_thread_table __attribute__((tls_model("initial-exec")));
/* The IOVA of an address; RTE_BAD_IOVA also if this thread has no replica yet. */
static inline rte_iova_t
lookup_known(const void *va)
{
	return likely(lookup_thread_table != NULL) ? ioas_lookup(lookup_thread_table, va) : RTE_BAD_IOVA;
}

/* Chooses the replica if this thread has none. */
const struct ioas_table *lookup_replica(void);
/* The IOVA of a mapped address; RTE_BAD_IOVA if it is not mapped. */
rte_iova_t lookup_iova(const void *va);

/* Counts a query for an address that has no IOVA and cannot get one. */
void lookup_note_miss(void);
/* The number of these queries. */
uint64_t lookup_misses(void);

#endif /* IOAS_LOOKUP_H */
