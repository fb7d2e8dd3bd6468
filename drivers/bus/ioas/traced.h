/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TRACED_H
#define IOAS_TRACED_H

#include "ioas.h"

/*
 * Calls of lib/ioas that record an event in EAL's trace, if tracing is on. For its first event a thread gets
 * memory from EAL's heap, whose lock may be held here. Therefore a thread without such memory records no
 * event. EAL's own threads and registered threads get the memory when they start.
 */

/* EAL is about to free the memory for events, but threads are not informed. No more events are recorded, even
 * if EAL starts again. */
void traced_end(void);

int traced_map(struct ioas *space, void *va, uint64_t length);
int traced_map_fixed(struct ioas *space, void *va, uint64_t length, uint64_t iova);
/* Records no event if nothing is mapped, because every munmap() of the process comes here. */
int traced_unmap(struct ioas *space, const void *va, uint64_t length);
/* ioas_forget_end(). Memory that went leaves an event like an unmap. */
void traced_forget_end(struct ioas *space, unsigned int token, const void *va, uint64_t length, bool gone);
int traced_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length);

/* Only record the events: a device was attached, could not be attached, or is about to be detached. */
void traced_attach(const char *device, int ret);
void traced_detach(const char *device);

#endif /* IOAS_TRACED_H */
