/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FOLLOW_H
#define IOAS_FOLLOW_H

#include "space.h"

/*
 * Each space that follows a root has copies of the root's areas, from its first device on. The kernel pins
 * the memory once for all. The caller has locked the space, except for follow_leave().
 */

/* The space leaves its root: its areas are not copies any more, and its devices do not restrict the root any
 * more. */
void follow_leave(struct ioas *space);

/* Copies all of the root's areas to a follower. Logs the reason of a failure; earlier copies then stay. */
int follow_copy_all(struct ioas *space);
/* Records an area that the kernel has mapped, copies it to all followers, and makes lookups find it. On
 * failure the area is unmapped and freed. */
int follow_add(struct ioas *space, struct area *area);
/* Removes all copies from a space. */
void follow_drop_all(struct ioas *space);

#endif /* IOAS_FOLLOW_H */
