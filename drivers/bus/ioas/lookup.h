/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LOOKUP_H
#define IOAS_LOOKUP_H

#include <rte_common.h>
#include <rte_memory.h>

#include "ioas.h"

/* The IOVAs of the common space, as this thread finds them. */

/* The replica of the table for this thread, decided at its first lookup; NULL until then. The model
 * makes it one load; the default for a shared object is a call that costs more than the lookup. */
extern __thread const struct ioas_table *lookup_thread_table __attribute__((tls_model("initial-exec")));
/* The IOVA of an address; RTE_BAD_IOVA also where this thread has no replica yet. */
static inline rte_iova_t
lookup_known(const void *va)
{
	return likely(lookup_thread_table != NULL) ? ioas_lookup(lookup_thread_table, va) : RTE_BAD_IOVA;
}

/* Decides on the replica, if this thread has none. */
const struct ioas_table *lookup_replica(void);
/* The IOVA of an address that is mapped; RTE_BAD_IOVA if it is not. */
rte_iova_t lookup_iova(const void *va);

/* An address was asked for that has no IOVA and cannot get one. */
void lookup_note_miss(void);
/* How often that was. */
uint64_t lookup_misses(void);

#endif /* IOAS_LOOKUP_H */
