/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_HISTORY_H
#define IOAS_HISTORY_H

#include "ledger.h"
#include "placement.h"

/*
 * Unmapped areas, for fault reports, the latest last. An area's IOVAs are held until later calls have
 * unmapped as many bytes as the quarantine takes: they are not chosen again, and a DMA to them faults. The
 * areas of one call are held together or not at all. Otherwise pages that are mapped together again would
 * find some of their IOVAs free and others not, and would not be contiguous. Therefore more than the
 * quarantine is held, by less than the areas of the oldest call.
 *
 * A map that needs held IOVAs releases them before it is known whether it succeeds. history_settle() makes
 * the release final; history_take_back() holds the IOVAs again.
 */

/* The number of remembered areas whose IOVAs are not held. */
#define HISTORY_AREAS 1024

struct history {
	struct ledger *ledger;       /* of the same space; has a tree of held areas */
	struct placement *placement; /* it does not choose held IOVAs */
	uint64_t quarantine; /* in bytes; UINT64_MAX: no limit */
	struct area *oldest, *newest;
	struct area *oldest_held; /* this area and newer ones are held; NULL: none */
	unsigned int released;    /* areas that are older than that */
	uint64_t calls;           /* that have unmapped areas */
	uint64_t held_bytes;
	uint64_t freed_total;     /* bytes unmapped so far */
	struct area *first_of_call; /* the first area of the current call; NULL: none yet */
	struct area *let_go;      /* released areas that are not settled yet, the latest first */
	struct area *oldest_held_before; /* these two, before that */
	unsigned int released_before;
	struct area *dead;        /* areas to free as soon as freeing is allowed */
};

/* Takes over an area that the kernel has unmapped. Its IOVAs stay taken while it is held. */
void history_add(struct history *history, struct area *area);
/* A call has unmapped all of its areas: releases the oldest calls that exceed the quarantine. */
void history_end_call(struct history *history);
/* Releases the oldest calls until at most this many bytes are held. */
void history_release(struct history *history, uint64_t bytes);
/* Makes releases final. Returns whether any area was released other than by history_reuse(). */
bool history_settle(struct history *history);
/* Holds the released areas again. Their IOVAs are not in use. */
void history_take_back(struct history *history);
/* A fixed map uses these IOVAs: releases the areas that held them. The history forgets those areas. */
void history_reuse(struct history *history, uint64_t first, uint64_t last);
/* history_find(): the area that had an IOVA last, or NULL. history_holds(): whether the IOVA is held. */
const struct area *history_find(const struct history *history, uint64_t iova);
bool history_holds(const struct history *history, uint64_t iova);
/* Frees forgotten areas. Not allowed while an allocator may be waiting. */
void history_free_dead(struct history *history);
/* Frees all areas. */
void history_clear(struct history *history);

#endif /* IOAS_HISTORY_H */
