/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPACE_H
#define IOAS_SPACE_H

#include "backend.h"
#include "family.h"
#include "ledger.h"
#include "table.h"

struct ioas {
	struct table table;
	struct family *family;
	struct ioas *next; /* of the family */
	struct ioas_log log;
	struct backend *backend;
	struct ioas_device *devices;
	unsigned int n_devices;
	struct ledger ledger;
	struct piece *slabs;     /* that spare pieces are cut from */
	struct ioas_stats stats; /* but for what the ledger counts */
	struct usable own;       /* what its own devices allow */
	bool same_iova;          /* copies have the IOVA of their origin, or cannot be */
	bool joined;             /* has copies of what the root has: from its first device on */
};

static inline bool
space_follows(const struct ioas *space)
{
	return space->family->root != space;
}

/* Where memory can be mapped at IOVAs that callers name. */
static inline const struct usable *
space_usable(const struct ioas *space)
{
	return space_follows(space) ? &space->own : &space->family->placement.usable;
}

static inline void
space_lock(struct ioas *space)
{
	family_lock(space->family);
}

static inline void
space_unlock(struct ioas *space)
{
	family_unlock(space->family);
}

/* The first range that a fixed map cannot have; false if it can have all. */
bool space_hole(const struct ioas *space, uint64_t iova, uint64_t last, struct ioas_range *hole);

#endif /* IOAS_SPACE_H */
