/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PLACEMENT_H
#define IOAS_PLACEMENT_H

#include "ioas.h"
#include "ledger.h"
#include "usable.h"

/*
 * Chooses the IOVAs of the next map: a window of exactly its length, in which the kernel then chooses.
 *
 * It tries, in this order: the place that a reservation gives to the address; the place behind the area that
 * ends where the memory begins; the next place above the last one used, so that an IOVA is not used again at
 * once and the search passes few taken IOVAs; the holes, from the bottom.
 */

/* The alignment that is tried even if nothing demands it: IOMMUs have an entry of that size. */
#define PLACEMENT_ALIGNMENT (UINT64_C(2) << 20)

/* By mistake a device rarely writes farther than this beyond the end of a buffer. */
#define PLACEMENT_GUARD (UINT64_C(64) << 10)

/* The search begins here in a new space. Any device that can use an IOMMU reaches this far. The IOVAs below
 * stay free for devices that reach less (a window) and for fixed IOVAs, which are usually small. */
#define PLACEMENT_START (UINT64_C(64) << 30)

/* A reservation: its addresses map linearly to its IOVAs. */
struct region {
	struct tree_node va;
	struct tree_node place;
	struct tree_memory place_memory;
	bool passing;        /* it ends when its memory goes */
	struct region *next; /* among those that have ended */
};

struct placement {
	struct ledger *ledgers;  /* of all spaces of the family */
	const struct ledger *first; /* one of them: growing memory goes behind its areas */
	struct tree taken;       /* IOVAs of reservations, and of the areas outside them */
	struct tree regions;     /* reservations by address */
	struct region *ended;    /* regions to free as soon as freeing is allowed */
	uint64_t next;           /* the search starts here */
	uint64_t alignment;      /* upper limit of the alignment that a map needs for its length and address */
	uint64_t guard;          /* this many IOVAs stay free next to memory that is not contiguous */
	uint64_t taken_bytes;
	struct usable usable;     /* the IOVAs that the devices can use */
	struct ioas_range window; /* the window of the user */
};

/* Adds or removes a space. */
void placement_add_ledger(struct placement *placement, struct ledger *ledger);
void placement_remove_ledger(struct placement *placement, struct ledger *ledger);

/* Frees the reservations and the usable ranges. */
void placement_destroy(struct placement *placement);

/* Finds a place for length bytes at va, in memory pages of that size. */
bool placement_find(struct placement *placement, uint64_t va, uint64_t length, uint64_t page, uint64_t *iova);

/* Whether any usable range would be long enough if it were empty. */
bool placement_is_long(const struct placement *placement, uint64_t length);

/* An area was added, or is about to be removed. */
void placement_take(struct placement *placement, struct area *area);
void placement_release(struct placement *placement, struct area *area);
/* Takes the IOVAs of a released area again. */
void placement_take_back(struct placement *placement, struct area *area);

/* Finds a place for the region's addresses and takes it: -EEXIST, -ENOSPC. */
int placement_reserve(struct placement *placement, struct region *region);

/* Shrinks the range around an address to the part without a reservation; false if one has the address. */
bool placement_unreserved(const struct placement *placement, uint64_t va, struct ioas_range *range);
/* The memory of these addresses has gone: ends the passing reservations within them, and cuts off the ends of
 * others. */
void placement_end_regions(struct placement *placement, uint64_t first, uint64_t last);
/* Frees the reservations that have ended. Not allowed while an allocator may be waiting. */
void placement_free_ended(struct placement *placement);

/* Whether the devices can use any IOVA of a window. */
bool placement_window_fits(const struct placement *placement, struct ioas_range window);

#endif /* IOAS_PLACEMENT_H */
