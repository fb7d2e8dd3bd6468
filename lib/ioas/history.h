/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_HISTORY_H
#define IOAS_HISTORY_H

#include "tree.h"

/*
 * What was unmapped, for fault reports, the latest last. Of the last areas that have together no more
 * bytes than the quarantine the IOVAs are held: they are not given out again, and what still does DMA
 * there faults. What one call has unmapped is held as a whole or not at all: pages that come together
 * again must not find some of their IOVAs free and others not, or they would not be contiguous.
 */
struct area;
struct placement;

/* So many areas whose IOVAs are not held are remembered. */
#define HISTORY_AREAS 1024

struct history {
	uint64_t quarantine; /* bytes; UINT64_MAX: without end */
	struct tree held;    /* by IOVA */
	struct area *oldest, *newest;
	struct area *oldest_held; /* from here on; NULL: none */
	unsigned int released;    /* areas in front of it */
	uint64_t calls;           /* that have unmapped something */
	uint64_t held_bytes;
	struct area *dead;        /* to be freed, when that can be done */
};

/* Takes over an area that the kernel has no more. Its place is kept as long as it is held. */
void history_add(struct history *history, struct area *area);
/* A call has unmapped all that it was to: holds no more than the quarantine. */
void history_end_call(struct history *history, struct placement *placement);
/* Holds no more bytes than these; the oldest go first. */
void history_release(struct history *history, struct placement *placement, uint64_t bytes);
/* These IOVAs are mapped again, because somebody has named them: what held them is forgotten. */
void history_reuse(struct history *history, struct placement *placement, uint64_t first,
		   uint64_t last);
/* The area that was the last to have an IOVA, or NULL; and whether it is held. */
const struct area *history_find(const struct history *history, uint64_t iova);
bool history_holds(const struct history *history, uint64_t iova);
/* Frees what is not remembered any more; not while an allocator may be waiting. */
void history_free_dead(struct history *history);
/* Frees all. */
void history_clear(struct history *history, struct placement *placement);

#endif /* IOAS_HISTORY_H */
