/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LEDGER_H
#define IOAS_LEDGER_H

#include "ioas.h"
#include "tree.h"

/*
 * The ledger records which memory is mapped where.
 *
 * Areas are disjoint in IOVA. The first area of an address is in the tree of addresses and in the lookup
 * table. A later, fixed area of the same memory is an alias, in a tree of aliases.
 *
 * The process can give back a part of an area's memory. The kernel cannot split an area: it keeps all of it,
 * with its pages pinned. The ledger keeps the pieces whose memory is left. New memory at the same addresses
 * belongs to other areas.
 */
struct ioas;

/* A part of an area whose memory the process still has. */
struct piece {
	struct tree_node va;
	struct area *area;
	struct piece *next; /* of the area, in the order of addresses; or in the spare list */
};

struct area {
	/* For the ledger. */
	struct tree_node iova;
	struct tree_node va;     /* all of it, including memory that has gone; an alias is in the tree of aliases */
	struct piece piece;      /* the first piece; cuts take more from the ledger */
	struct piece *pieces;    /* NULL: all of its memory is gone */
	bool fixed;
	bool alias;
	bool hidden;             /* lookups do not find all of its pieces, because other memory was about to leave */
	bool left;               /* lost to this process: another process has it */
	unsigned int process;    /* the process that mapped it (processes.h) */

	/* For the placement's tree of taken IOVAs. */
	struct {
		struct tree_node iova;
		struct tree_memory memory;
		bool taken;
	} place;

	/* Copies in followers. */
	struct area *copies;
	struct {
		struct area *origin; /* of a copy; otherwise NULL */
		struct area *next;   /* of the same origin */
		struct ioas *space;
	} copy;

	/* For the history, after the area was unmapped. */
	struct {
		struct area *older, *newer;
		uint64_t at;         /* ns, CLOCK_MONOTONIC */
		uint64_t by;         /* number of the call that unmapped it */
		uint64_t total;      /* in the first area of a call: bytes unmapped so far when the call ended */
		struct area *next_let_go;
		bool forgotten;      /* the history drops it as soon as its release is final */
	} freed;
};

struct ledger {
	struct tree by_iova;
	struct tree by_va;
	struct tree aliases; /* by address; they can overlap */
	struct tree lost; /* by IOVA: areas that the kernel refused to unmap */
	struct tree held; /* by IOVA: areas in quarantine (history.h) */
	struct piece *spare; /* for cuts and copies, which make sure in advance that some exist (pieces.h) */
	struct piece *slabs; /* memory of the pieces */
	struct ledger *next; /* in the same placement */
	uint64_t areas;
	uint64_t bytes;
	uint64_t areas_max, bytes_max; /* maxima since the beginning */
	uint64_t added, removed;       /* areas, since the beginning */
};

/* The caller has set iova and va of the area. A copy also has origin set, and takes a spare piece for each
 * piece of the origin but the first. The area becomes an alias if its memory is known already. */
void ledger_add(struct ledger *ledger, struct area *area);
void ledger_remove(struct ledger *ledger, struct area *area);

/* Takes these addresses out of the area's memory. A cut in the middle of a piece needs a spare piece; without
 * one the shorter end of the piece is cut off as well. */
void ledger_cut(struct ledger *ledger, struct area *area, uint64_t first, uint64_t last);
/* Whether an address of the area still is its memory. */
bool ledger_has(const struct area *area, uint64_t va);
/* Whether a part of the area's memory is gone. */
bool ledger_is_cut(const struct area *area);
/* The first and the last address that still are the area's memory. The area must have a piece. */
struct ioas_range ledger_live(const struct area *area);

/* Removes an area that the kernel still has mapped: its IOVAs do not become free. */
void ledger_lose(struct ledger *ledger, struct area *area);
/* A range of IOVAs in use or lost that touches [first, last]; NULL if there is none. */
const struct tree_node *ledger_user(const struct ledger *ledger, uint64_t first, uint64_t last);
/* The same, and also finds IOVAs in quarantine. */
const struct tree_node *ledger_obstacle(const struct ledger *ledger, uint64_t first, uint64_t last);

/* The area with the lowest IOVA that ends at x or above, or NULL. */
struct area *ledger_from_iova(const struct ledger *ledger, uint64_t x);
/* The area with the highest IOVA that begins at x or below, or NULL. */
struct area *ledger_before_iova(const struct ledger *ledger, uint64_t x);
/* The area with the next higher IOVA, or NULL. */
struct area *ledger_next(const struct ledger *ledger, const struct area *area);
/* The piece with the lowest address that ends at x or above, or NULL. Never a piece of an alias. */
struct piece *ledger_from_va(const struct ledger *ledger, uint64_t x);
/* The piece with the next higher address, or NULL. */
struct piece *ledger_next_va(const struct ledger *ledger, const struct piece *piece);
/* The alias after another one (NULL: the first) whose addresses touch [first, last], or NULL. Addresses whose
 * memory has gone count. */
struct area *ledger_alias(struct ledger *ledger, uint64_t first, uint64_t last, const struct area *behind);

#endif /* IOAS_LEDGER_H */
