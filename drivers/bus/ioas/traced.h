/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TRACED_H
#define IOAS_TRACED_H

#include "ioas.h"

/*
 * Calls of lib/ioas that leave an event in EAL's trace, where that is on. For its first event a thread
 * gets memory from EAL's heap, whose lock may be held here: so a thread that has none leaves no event.
 * EAL's own threads and registered ones get theirs when they start.
 */

/* EAL is about to free the memory for events, which threads are not told: there are no events any more,
 * also if it starts again. */
void traced_end(void);

int traced_map(struct ioas *space, void *va, uint64_t length);
int traced_map_fixed(struct ioas *space, void *va, uint64_t length, uint64_t iova);
/* Where nothing is mapped it leaves no event: every munmap() of the process comes here. */
int traced_unmap(struct ioas *space, const void *va, uint64_t length);
/* ioas_forget_end(); what went leaves an event as an unmap does. */
void traced_forget_end(struct ioas *space, unsigned int token, const void *va, uint64_t length, bool gone);
int traced_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length);

/* The events alone: a device was attached, or could not be, or is about to be detached. */
void traced_attach(const char *device, int ret);
void traced_detach(const char *device);

#endif /* IOAS_TRACED_H */
