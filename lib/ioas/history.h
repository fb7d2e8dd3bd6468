/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_HISTORY_H
#define IOAS_HISTORY_H

#include "ledger.h"
#include "placement.h"

/*
 * What was unmapped, for fault reports, the latest last. The IOVAs of an area are held until as many bytes
 * as the quarantine takes were unmapped by later calls: they are not given out again, and what still does
 * DMA there faults. What one call has unmapped is held as a whole or not at all: pages that come together
 * again must not find some of their IOVAs free and others not, or they would not be contiguous. So more
 * than the quarantine is held, by less than what its oldest call has unmapped.
 *
 * A map that needs IOVAs which are held lets go of them before it is known whether it succeeds. They are let
 * go for good by history_settle(), or held again by history_take_back().
 */

/* So many areas whose IOVAs are not held are remembered. */
#define HISTORY_AREAS 1024

struct history {
	struct ledger *ledger;       /* of the same space; it has a tree of what is held */
	struct placement *placement; /* that does not give out what is held */
	uint64_t quarantine; /* bytes; UINT64_MAX: without end */
	struct area *oldest, *newest;
	struct area *oldest_held; /* from here on; NULL: none */
	unsigned int released;    /* areas in front of it */
	uint64_t calls;           /* that have unmapped something */
	uint64_t held_bytes;
	uint64_t freed_total;     /* bytes that were ever unmapped */
	struct area *first_of_call; /* the first area of the call that goes on; NULL: none yet */
	struct area *let_go;      /* areas that are not settled yet, the latest first */
	struct area *oldest_held_before; /* of these two, what they were before that */
	unsigned int released_before;
	struct area *dead;        /* to be freed, when that can be done */
};

/* Takes over an area that the kernel has no more. Its place is kept as long as it is held. */
void history_add(struct history *history, struct area *area);
/* A call has unmapped all that it was to: holds no more calls than the quarantine takes. */
void history_end_call(struct history *history);
/* Lets go of the oldest calls, so that no more bytes than these are held. */
void history_release(struct history *history, uint64_t bytes);
/* What was let go is so for good; whether there was any that is not forgotten. */
bool history_settle(struct history *history);
/* What was let go is held again; its IOVAs are not in use. */
void history_take_back(struct history *history);
/* These IOVAs are mapped again, because somebody has named them: lets go of what held them, which is
 * forgotten then. */
void history_reuse(struct history *history, uint64_t first, uint64_t last);
/* The area that was the last to have an IOVA, or NULL; and whether it is held. */
const struct area *history_find(const struct history *history, uint64_t iova);
bool history_holds(const struct history *history, uint64_t iova);
/* Frees areas that are forgotten; not while an allocator may be waiting. */
void history_free_dead(struct history *history);
/* Frees all. */
void history_clear(struct history *history);

#endif /* IOAS_HISTORY_H */
