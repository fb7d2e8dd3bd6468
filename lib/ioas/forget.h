/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FORGET_H
#define IOAS_FORGET_H

#include "departures.h"

/*
 * Memory that leaves the process.
 *
 * munmap() and its like are called by allocators too, which hold locks of their own, and in the midst of
 * calls of this library, which allocates under the space's lock. So who takes part in such a call waits for
 * no lock that is held over an allocation, allocates nothing, frees nothing and logs nothing: it notes the
 * range as a departure and hides it from lookups, which takes the table's lock alone. The records and
 * the kernel follow when the space's lock can be had: at once if it is free, else when its holder gives it back.
 *
 * While a departure is under way no thread can map any of its addresses: the kernel may have old or new pages
 * there.
 */
struct family;

/* Gives the lock back for a moment, because memory is about to leave. */
void forget_wait(struct family *family);

/* No memory of these addresses is there any more, in all spaces. With the lock, and departures.silent
 * set. */
void forget_cut(struct family *family, uint64_t first, uint64_t last);

/* What the watch says of this memory: it has gone (watch.h). */
void forget_gone(const struct ioas_range *range, void *root);

/* The line of a failure that could not be logged when it happened. With the space locked. */
void forget_report(struct family *family);

#endif /* IOAS_FORGET_H */
