/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_RANGES_H
#define IOAS_RANGES_H

#include "space.h"

/*
 * The IOVAs that a space can use, as the kernel reports them for its devices. The family places memory where
 * all its spaces can use the IOVAs. The caller has locked the space, except for ranges_read().
 */

/* The usable IOVAs before ranges_refresh(): of the space, and of its family. */
struct old_ranges {
	struct usable own, all;
};

/* Asks the kernel which IOVAs the devices can use. Logs the reason of a failure. */
int ranges_read(const struct ioas *space, struct usable *usable);

/* Asks the kernel again. On failure nothing changes, and the reason has been logged. */
int ranges_refresh(struct ioas *space, struct old_ranges *old);
/* ranges_restore() puts the old ranges back; ranges_free_old() frees them. */
void ranges_restore(struct ioas *space, struct old_ranges *old);
void ranges_free_old(struct old_ranges *old);

/* Like ranges_refresh(), best effort: on failure the old ranges stay. */
void ranges_widen(struct ioas *space);

/* Whether a range consists of whole pages of 4 KiB. */
bool ranges_are_pages(uint64_t first, uint64_t last);

/* The first range that a fixed map cannot use; false if it can use all. */
bool ranges_hole(const struct ioas *space, uint64_t iova, uint64_t last, struct ioas_range *hole);

#endif /* IOAS_RANGES_H */
