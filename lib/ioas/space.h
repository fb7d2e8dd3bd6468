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
 * The address space. Each call is a transaction: it happens, or changes nothing.
 *
 * The steps that can fail come first: allocate the record, ask the placement, prepare the table, and call the
 * kernel last. The later steps (ledger, placement, table) cannot fail. The table shows an address only while
 * the kernel has it mapped: it is filled after the kernel's map and cleared before the kernel's unmap.
 */
struct ioas {
	struct table table;
	struct family *family;
	struct ioas *next; /* in the family */
	struct ioas_log log;
	struct backend *backend;
	struct ioas_device *devices;
	unsigned int n_devices;
	struct ledger ledger;
	struct history history;
	struct ioas_stats stats; /* except for numbers that the ledger counts */
	struct usable own;       /* the IOVAs that its own devices can use */
	bool same_iova;          /* copies must have the IOVA of their origin */
	bool joined;             /* has copies of the root's areas: from its first device on */
};

static inline bool
space_follows(const struct ioas *space)
{
	return space->family->root != space;
}

/* The IOVAs at which a caller can map memory (fixed IOVAs). */
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
