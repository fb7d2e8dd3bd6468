/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MEMBERS_H
#define IOAS_MEMBERS_H

#include "space.h"

/*
 * How a space enters a family and leaves it.
 */

/* Adds a complete space: from now on others see it, and its devices restrict the family. -ENOMEM, not logged. */
int members_enter(struct ioas *space);
/* Removes a follower. With the lock. */
void members_leave(struct ioas *space);

/* Stores in *all the IOVAs that the devices of all spaces can use. -ENOMEM. */
int members_intersect(const struct family *family, struct usable *all);

#endif /* IOAS_MEMBERS_H */
