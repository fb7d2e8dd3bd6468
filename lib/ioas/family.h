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
 * A space and those that follow it: the root and its followers. What is mapped in the root is copied into each
 * follower (follow.h).
 *
 * One lock guards everything of all of them but the tables' entries. Inside it only the tables' own locks are taken.
 */
struct ioas;
struct ioas_device;

struct family {
	pthread_mutex_t lock;
	const struct ioas_sys *sys;
	struct ioas *root;
	struct ioas *spaces;          /* the root is the last one; forget.c reads the list without the lock */
	struct family *next;          /* of all families of the process */
	struct nodes nodes;           /* what was handed in */
	struct placement placement;   /* an IOVA that it chooses is free in all spaces, for the devices of all */
	struct ioas_device *opening;  /* not attached yet, and not under the lock */
	struct departures departures;
	struct processes processes;
	struct watch watch;
};

/* Copies come before what they are copies of. */
#define for_each_space(space, family) \
	for (struct ioas *space = (family)->spaces; space != NULL; space = space->next)

/* A new family for a root, which is to enter it (members.h). Logs the reason of a failure. */
int family_create(struct ioas *root, const struct ioas_options *options, const struct ioas_log *log,
		  struct family **created);
/* The followers have left. */
void family_destroy(struct family *family);

/* Who takes the lock finds the records as the process's memory is (forget.h). */
void family_lock(struct family *family);
void family_unlock(struct family *family);

#endif /* IOAS_FAMILY_H */
