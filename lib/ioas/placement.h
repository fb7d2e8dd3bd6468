/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PLACEMENT_H
#define IOAS_PLACEMENT_H

#include "ioas.h"
#include "ledger.h"
#include "usable.h"

/*
 * Where the next map may go. The answer is a window of exactly the right length, in which the
 * kernel then chooses.
 *
 * In this order: where a reservation puts the address; behind the area that ends where the memory
 * begins; at or after the last place used (so that an IOVA is not used again at once, and the
 * search passes nothing that is taken); from the bottom, in the holes.
 */

/* What is asked for even where nothing demands it: IOMMUs have an entry of that size. */
#define PLACEMENT_ALIGNMENT (UINT64_C(2) << 20)

/* What a device writes beyond the end of a buffer by mistake is rarely more. */
#define PLACEMENT_GUARD (UINT64_C(64) << 10)

/* Where the search begins in a new space: any device that can use an IOMMU at all reaches that far,
 * and what lies below stays for devices that reach less (a window) and for IOVAs that callers name,
 * which tend to be small. */
#define PLACEMENT_START (UINT64_C(64) << 30)

/* A reservation: its addresses map linearly to its IOVAs. */
struct region {
	struct tree_node va;
	struct tree_node place;
	struct tree_memory place_memory;
	bool passing;        /* it ends with its memory */
	struct region *next; /* of those that have ended */
};

struct placement {
	struct ledger *ledgers;  /* of the spaces that it places memory for */
	const struct ledger *first; /* of them: memory that grows goes behind its areas */
	struct tree taken;       /* IOVAs of reservations, and of the areas outside of them */
	struct tree regions;     /* reservations by address */
	struct region *ended;    /* to be freed, when that can be done */
	uint64_t next;           /* where the search starts */
	uint64_t alignment;      /* up to which a map must be aligned: to its length and address */
	uint64_t guard;          /* so many IOVAs beside memory that is not contiguous stay free */
	uint64_t taken_bytes;
	struct usable usable;     /* what the devices allow */
	struct ioas_range window; /* what the user allows */
};

/* A space whose memory is placed, or not any more. */
void placement_add_ledger(struct placement *placement, struct ledger *ledger);
void placement_remove_ledger(struct placement *placement, struct ledger *ledger);

/* Frees the reservations and the usable ranges. */
void placement_destroy(struct placement *placement);

/* Finds where length bytes at va, in memory pages of that size, can go. */
bool placement_find(struct placement *placement, uint64_t va, uint64_t length, uint64_t page, uint64_t *iova);

/* Whether a range is so long, were there nothing in it. */
bool placement_is_long(const struct placement *placement, uint64_t length);

/* An area has come or is about to go. */
void placement_take(struct placement *placement, struct area *area);
void placement_release(struct placement *placement, struct area *area);
/* One that has gone is there again, where it was. */
void placement_take_back(struct placement *placement, struct area *area);

/* Finds room for the region's addresses and takes it: -EEXIST, -ENOSPC. */
int placement_reserve(struct placement *placement, struct region *region);

/* Shrinks the range around an address to what no reservation has; false if one has the address. */
bool placement_unreserved(const struct placement *placement, uint64_t va, struct ioas_range *range);
/* The memory of these addresses has gone: ends the reservations that go with it, or those of their ends that do. */
void placement_end_regions(struct placement *placement, uint64_t first, uint64_t last);
/* Frees those that have ended; not while an allocator may be waiting. */
void placement_free_ended(struct placement *placement);

/* Whether a window has any usable IOVA. */
bool placement_window_fits(const struct placement *placement, struct ioas_range window);

#endif /* IOAS_PLACEMENT_H */
