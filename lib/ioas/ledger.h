/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LEDGER_H
#define IOAS_LEDGER_H

#include "ioas.h"
#include "tree.h"

/*
 * What is mapped where: the writer's truth.
 *
 * Areas are disjoint in IOVA. The first area of an address is in the tree of addresses and in the
 * lookup table; a later, fixed one of the same memory is an alias, in a tree of its own.
 *
 * The process can give back a part of an area's memory. The kernel cannot split an area: it keeps all of
 * it, with its pages pinned. The ledger keeps the pieces whose memory is still there. New memory at the
 * addresses that went belongs to other areas.
 */
struct ioas;

/* Memory of an area that the process still has. */
struct piece {
	struct tree_node va;
	struct area *area;
	struct piece *next; /* of the area, in the order of addresses; or of the spare ones */
};

struct area {
	/* The ledger's. */
	struct tree_node iova;
	struct tree_node va;     /* all of it, also what went since; of an alias in the tree of aliases */
	struct piece piece;      /* the first piece; cuts take others from the ledger */
	struct piece *pieces;    /* NULL: all of its memory is gone */
	bool fixed;
	bool alias;
	bool hidden;             /* lookups do not find all of its pieces, because other memory was leaving */
	bool left;               /* lost to this process: another one has it */
	unsigned int process;    /* that has mapped it (processes.h) */

	/* In the placement's tree of what is taken. */
	struct {
		struct tree_node iova;
		struct tree_memory memory;
		bool taken;
	} place;

	/* In spaces that follow. */
	struct area *copies;
	struct {
		struct area *origin; /* of a copy; else NULL */
		struct area *next;   /* of the same origin */
		struct ioas *space;
	} copy;

	/* In the history, once it is unmapped. */
	struct {
		struct area *older, *newer;
		uint64_t at;         /* ns, CLOCK_MONOTONIC */
		uint64_t by;         /* which call */
		uint64_t total;      /* of the first area of a call: bytes that were unmapped when it ended */
		struct area *next_let_go;
		bool forgotten;      /* as soon as that it was let go is settled */
	} freed;
};

struct ledger {
	struct tree by_iova;
	struct tree by_va;
	struct tree aliases; /* by address; they overlap */
	struct tree lost; /* by IOVA: what the kernel would not give up */
	struct tree held; /* by IOVA: what is in quarantine (history.h) */
	struct piece *spare; /* for cuts and copies: who makes them sees to it that there are some (pieces.h) */
	struct piece *slabs; /* that pieces are cut from */
	struct ledger *next; /* of the same placement */
	uint64_t areas;
	uint64_t bytes;
	uint64_t areas_max, bytes_max; /* at any time */
	uint64_t added, removed;       /* areas, since the beginning */
};

/* The area must have iova and va set, and origin if it is a copy, which takes a spare piece for each piece of the
 * origin but the first. It becomes an alias if its memory is known already. */
void ledger_add(struct ledger *ledger, struct area *area);
void ledger_remove(struct ledger *ledger, struct area *area);

/* These addresses are not the area's memory any more. A cut in the middle of a piece needs a spare one;
 * without it the shorter end of the piece goes as well. */
void ledger_cut(struct ledger *ledger, struct area *area, uint64_t first, uint64_t last);
/* Whether the address, which was the area's, still is. */
bool ledger_has(const struct area *area, uint64_t va);
/* Whether a part of the area's memory is gone. */
bool ledger_is_cut(const struct area *area);
/* The first and the last address of an area that are still its memory; it must have a piece. */
struct ioas_range ledger_live(const struct area *area);

/* Takes out an area that the kernel still has: its IOVAs are not free. */
void ledger_lose(struct ledger *ledger, struct area *area);
/* A range of IOVAs in use or lost that touches [first, last]; NULL if there is none. */
const struct tree_node *ledger_user(const struct ledger *ledger, uint64_t first, uint64_t last);
/* The same, or in quarantine. */
const struct tree_node *ledger_obstacle(const struct ledger *ledger, uint64_t first, uint64_t last);

/* The area with the lowest IOVA that ends at x or above, or NULL. */
struct area *ledger_from_iova(const struct ledger *ledger, uint64_t x);
/* The area with the highest IOVA that begins at x or below, or NULL. */
struct area *ledger_before_iova(const struct ledger *ledger, uint64_t x);
/* The area with the next higher IOVA, or NULL. */
struct area *ledger_next(const struct ledger *ledger, const struct area *area);
/* The piece with the lowest address that ends at x or above, or NULL. Never an alias's. */
struct piece *ledger_from_va(const struct ledger *ledger, uint64_t x);
/* The piece with the next higher address, or NULL. */
struct piece *ledger_next_va(const struct ledger *ledger, const struct piece *piece);
/* The alias behind another one (NULL: the first) whose addresses touch [first, last], or NULL. What went of its
 * memory counts. */
struct area *ledger_alias(struct ledger *ledger, uint64_t first, uint64_t last, const struct area *behind);

#endif /* IOAS_LEDGER_H */
