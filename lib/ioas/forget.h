/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FORGET_H
#define IOAS_FORGET_H

#include "departures.h"

/*
 * Memory that leaves the process.
 *
 * Allocators call munmap() and similar functions while they hold their own locks, even inside calls of this
 * library, which allocates under the space's lock. Therefore a thread in such a call must not wait for a lock
 * that is held over an allocation, and must not allocate, free or log. It notes the range as a departure and
 * hides it from lookups, for which it takes only the table's lock. The records and the kernel follow when the
 * space's lock is available: at once if it is free, else when its owner releases it.
 *
 * While a departure is in progress, no thread can map any of its addresses: the kernel may have old or new
 * pages there.
 */
struct family;

/* Releases the lock for a moment, because memory is about to leave. */
void forget_wait(struct family *family);

/* Removes the memory of these addresses from all spaces. With the lock, and departures.silent set. */
void forget_cut(struct family *family, uint64_t first, uint64_t last);

/* Receives the report of the watch that this memory has gone (watch.h). */
void forget_gone(const struct ioas_range *range, void *root);

/* Logs a failure that could not be logged when it happened. With the space locked. */
void forget_report(struct family *family);

#endif /* IOAS_FORGET_H */
