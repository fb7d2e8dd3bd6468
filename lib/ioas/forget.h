/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FORGET_H
#define IOAS_FORGET_H

#include <stdbool.h>
#include <stdint.h>

#include "ioas.h"

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
enum departure_state {
	DEPARTURE_FREE,    /* the slot is not in use */
	DEPARTURE_CLAIMED, /* its range is being written */
	DEPARTURE_PENDING, /* the memory is about to go; as far as is known none of it is mapped */
	DEPARTURE_TOUCHING, /* the same, and some of it may be mapped */
	DEPARTURE_GONE,    /* it went: the records have to follow */
	DEPARTURE_KEPT,    /* it stayed: lookups have to find it again */
};

struct departure {
	enum departure_state state; /* atomic */
	uint64_t first, last;
};

/* As many threads can take memory away at a time before one has to wait for another. */
#define DEPARTURES 256

struct departures {
	struct departure slots[DEPARTURES];
	unsigned int used;           /* slots that are not free; atomic */
	bool ended;                  /* one has gone or was kept since the records followed; atomic */
	unsigned int changing;       /* threads that show or hide memory; atomic */
	bool unshown;                /* memory that is mapped may not be in the table; atomic */
	unsigned int readers;        /* threads that look at the list of spaces without the lock; atomic */
	struct ioas_range mapping;   /* what a thread is mapping now; last < first: nothing; atomic */
	struct { int error; uint64_t iova, length; } unsaid; /* a failure of the kernel without its line yet */
	bool silent;                 /* nothing can be logged or freed now */
};

struct area;
struct family;

/* Publishes what is about to be mapped, with the space locked. False if memory there is about to leave: then
 * the caller has to wait with forget_wait(). */
bool forget_start_map(struct family *family, uint64_t first, uint64_t last);
void forget_end_map(struct family *family);
/* Gives the lock back for a moment. */
void forget_wait(struct family *family);

/* Has lookups find an area's pieces again, but for those that are about to leave. With the space locked. */
void forget_show(struct ioas *space, struct area *area);

/* Memory is mapped that the tables do not show: from now on each departure may be one of it. */
void forget_set_unshown(struct family *family);

/* Has lookups in this space find nothing at these addresses. Any thread, with or without the space's lock. */
void forget_hide(struct ioas *space, uint64_t first, uint64_t last);

/* Sees to it that a copy of an area finds spare pieces in that space; false without memory. */
bool forget_prepare_copy(struct ioas *space, const struct area *origin);

/* No memory of these addresses is there any more, in all spaces. With the lock, and departures.silent
 * set. */
void forget_cut(struct family *family, uint64_t first, uint64_t last);

/* In a child of fork(), with the space locked: no departure is under way. */
void forget_reset(struct family *family);

/* Gives back the memory of spare pieces. */
void forget_free_slabs(struct ioas *space);

/* The line of a failure that could not be logged when it happened. With the space locked. */
void forget_report(struct family *family);

#endif /* IOAS_FORGET_H */
