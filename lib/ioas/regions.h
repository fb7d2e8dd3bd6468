/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_REGIONS_H
#define IOAS_REGIONS_H

#include "group.h"

/*
 * The reserved regions of IOMMU groups, as sysfs shows them (since Linux 4.11): for kernels that do
 * not tell the usable ranges themselves (type1 before Linux 5.4).
 */

/* All that is usable without the reserved regions of these groups, in ascending order, as much as
 * fits into n; returns how many ranges there are, or a negative errno. The width of the address
 * space is in no file: 39 bits, the least that VT-d has. */
int regions_usable(const struct group *groups, const char *sysfs, struct ioas_range *ranges,
		   unsigned int n);

#endif /* IOAS_REGIONS_H */
