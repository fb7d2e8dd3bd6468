/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FOLLOW_H
#define IOAS_FOLLOW_H

#include "space.h"

/*
 * What is mapped in a root is copied into each space that follows it, from its first device on. The kernel pins
 * memory once for all. Called with the space locked, but for follow_leave().
 */

/* The space leaves its root: its areas are no copies any more, and its devices confine the root no more. */
void follow_leave(struct ioas *space);

/* Copies all of the root's areas to one that follows. Logs the reason of a failure; copies that were made stay. */
int follow_copy_all(struct ioas *space);
/* Records an area that the kernel has mapped, copies it to all that follow, and has lookups find it. On failure it is
 * unmapped and freed. */
int follow_add(struct ioas *space, struct area *area);
/* Takes all copies out of a space. */
void follow_drop_all(struct ioas *space);

#endif /* IOAS_FOLLOW_H */
