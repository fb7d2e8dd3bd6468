/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_NEIGHBOURS_H
#define IOAS_NEIGHBOURS_H

#include <stdbool.h>

#include <rte_bus.h>

/* Whether there is something that takes IOVAs for something else than chosen ones, whatever EAL's mode is. */
bool neighbours_are_there(void);
/* Whether the plugin must not be in use, because something takes all IOVAs for physical addresses; then logs. */
bool neighbours_keep_out(void);
/* The mode in which IOVAs are right for all: PA (chosen ones), or VA after a log line. */
enum rte_iova_mode neighbours_mode(void);
/* Before each probe: whether EAL's mode is right for all. 0, or -1 after a log line. */
int neighbours_check(void);
/* Whether no IOMMU translates for a device that VFIO gives out, or for one of that group; then logs. */
bool neighbours_refuse_device(const char *sysfs_base, const char *name);
bool neighbours_refuse_group(int group);

#endif /* IOAS_NEIGHBOURS_H */
