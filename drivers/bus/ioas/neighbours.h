/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_NEIGHBOURS_H
#define IOAS_NEIGHBOURS_H

#include <stdbool.h>

#include <rte_bus.h>

/* Whether a neighbour exists that cannot use chosen IOVAs, whatever EAL's mode is. */
bool neighbours_are_there(void);
/* Whether the plugin must stay out, because a neighbour takes all IOVAs for physical addresses. Logs it. */
bool neighbours_keep_out(void);
/* The mode that is right for all: PA (chosen IOVAs), or VA after a log line. */
enum rte_iova_mode neighbours_mode(void);
/* Called before each probe: whether EAL's mode is right for all. 0, or -1 after a log line. */
int neighbours_check(void);
/* Whether VFIO offers the device, or one of that group, although no IOMMU translates for it. Logs it. */
bool neighbours_refuse_device(const char *sysfs_base, const char *name);
bool neighbours_refuse_group(int group);

#endif /* IOAS_NEIGHBOURS_H */
