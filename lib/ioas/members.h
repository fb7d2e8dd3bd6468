/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MEMBERS_H
#define IOAS_MEMBERS_H

#include "space.h"

/*
 * How a space comes into a family and leaves it.
 */

/* The space is complete: from now on others see it, and its devices count. -ENOMEM, not logged. */
int members_enter(struct ioas *space);
/* A follower is about to go; with the lock. */
void members_leave(struct ioas *space);

/* What the devices of all spaces allow: it goes to all. -ENOMEM. */
int members_intersect(const struct family *family, struct usable *all);

#endif /* IOAS_MEMBERS_H */
