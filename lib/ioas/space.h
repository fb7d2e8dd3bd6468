/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPACE_H
#define IOAS_SPACE_H

#include "backend.h"
#include "family.h"
#include "history.h"
#include "table.h"

/*
 * The address space: each call is a transaction that either happens or leaves all as it was.
 *
 * The parts and who may fail: memory for the record is taken first, then the placement is asked,
 * the table is prepared, and the kernel is called last; what follows (ledger, placement, table)
 * cannot fail. The table shows an address only while the kernel has it mapped: it is filled after
 * the kernel's map and cleared before the kernel's unmap.
 */
struct ioas {
	struct table table;
	struct family *family;
	struct ioas *next; /* of the family */
	struct ioas_log log;
	struct backend *backend;
	struct ioas_device *devices;
	unsigned int n_devices;
	struct ledger ledger;
	struct history history;
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

#endif /* IOAS_SPACE_H */
