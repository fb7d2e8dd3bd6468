/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SHOW_H
#define IOAS_SHOW_H

#include "space.h"

/* Which areas of a space lookups find. Memory that is about to leave is hidden (departures.h). */

/* Makes lookups find an area's pieces again, except those that are about to leave. With the space locked. */
void show_area(struct ioas *space, struct area *area);

/* Hides these addresses from lookups in this space. Any thread, with or without the space's lock. */
void hide_range(struct ioas *space, uint64_t first, uint64_t last);

#endif /* IOAS_SHOW_H */
