/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPACE_H
#define IOAS_SPACE_H

#include <pthread.h>

#include "backend.h"
#include "forget.h"
#include "fork.h"
#include "ledger.h"
#include "placement.h"
#include "table.h"
#include "watch.h"

/* A space that follows another has its lock and its placement. */
struct ioas {
	struct table table;
	struct ioas *root;    /* the space that it follows, or itself */
	pthread_mutex_t lock; /* of it and of those that follow it */
	struct ioas_log log;
	struct backend *backend;
	struct nodes nodes;
	struct ioas_device *devices;
	unsigned int n_devices;
	struct ioas_device *opening; /* of the root, for all: not attached yet, and not under the lock */
	struct ledger ledger;
	struct piece *slabs;          /* that spare pieces are cut from */
	struct departures departures; /* of the root, for all */
	struct fork_processes processes;
	struct watch watch;
	struct ioas *next_root;
	struct placement placement;
	struct ioas_stats stats; /* but for what the ledger counts */
	struct usable own; /* what its own devices allow; placement.usable is what those of its
			    * followers allow as well */
	bool same_iova; /* copies have the IOVA of their origin, or cannot be */
	bool joined;    /* has copies of what the root has: from its first device on */
};

static inline bool
space_follows(const struct ioas *space)
{
	return space->root != space;
}

/* Where memory can be mapped at IOVAs that callers name. */
static inline const struct usable *
space_usable(const struct ioas *space)
{
	return space_follows(space) ? &space->own : &space->placement.usable;
}

/* Who takes the lock finds the records as the process's memory is (forget.h). */
void space_lock(struct ioas *space);
void space_unlock(struct ioas *space);

/* The first range that a fixed map cannot have; false if it can have all. */
bool space_hole(const struct ioas *space, uint64_t iova, uint64_t last, struct ioas_range *hole);

#endif /* IOAS_SPACE_H */
