/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_REGIONS_H
#define IOAS_REGIONS_H

#include "group.h"

/*
 * The reserved regions of IOMMU groups in sysfs (since Linux 4.11), for kernels that do not report the usable
 * ranges (type1 before Linux 5.4).
 */

/* Stores the ranges outside the reserved regions of these groups, in ascending order, as many as fit into n.
 * Returns how many exist, or a negative errno. No file has the width of the address space: assumes 39 bits,
 * the least of any VT-d. */
int regions_usable(const struct group *groups, const char *sysfs, struct ioas_range *ranges,
		   unsigned int n);

#endif /* IOAS_REGIONS_H */
