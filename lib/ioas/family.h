/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FAMILY_H
#define IOAS_FAMILY_H

#include <pthread.h>

#include "departures.h"
#include "node.h"
#include "placement.h"
#include "processes.h"
#include "watch.h"

/*
 * A space and its followers: the root and the spaces that follow it. Each follower has copies of the root's
 * areas (follow.h).
 *
 * One lock guards all data of these spaces except the entries of the tables. While a thread holds it, it
 * takes only the tables' own locks.
 */
struct ioas;
struct ioas_device;

struct family {
	pthread_mutex_t lock;
	const struct ioas_sys *sys;
	struct ioas *root;
	struct ioas *spaces;          /* the root comes last; forget.c reads the list without the lock */
	struct family *next;          /* of all families of the process */
	struct nodes nodes;           /* descriptors that the caller handed in */
	struct placement placement;   /* it chooses IOVAs that are free in all spaces and usable by all devices */
	struct ioas_device *opening;  /* being opened without the lock, not attached yet */
	struct departures departures;
	struct processes processes;
	struct watch watch;
};

/* Followers come before the root, so copies come before their origins. */
#define for_each_space(space, family) \
	for (struct ioas *space = (family)->spaces; space != NULL; space = space->next)

/* Creates a family for a root, which then enters it (members.h). Logs the reason of a failure. */
int family_create(struct ioas *root, const struct ioas_options *options, const struct ioas_log *log,
		  struct family **created);
/* All followers have left. */
void family_destroy(struct family *family);

/* Takes the lock. The records then match the memory of the process (forget.h). */
void family_lock(struct family *family);
void family_unlock(struct family *family);

#endif /* IOAS_FAMILY_H */
