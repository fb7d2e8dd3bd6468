/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SHOW_H
#define IOAS_SHOW_H

#include "space.h"

/* What lookups in a space find of its areas. Memory that is about to leave is not shown (departures.h). */

/* Has lookups find an area's pieces again, but for those that are about to leave. With the space locked. */
void show_area(struct ioas *space, struct area *area);

/* Has lookups in this space find nothing at these addresses. Any thread, with or without the space's lock. */
void hide_range(struct ioas *space, uint64_t first, uint64_t last);

#endif /* IOAS_SHOW_H */
