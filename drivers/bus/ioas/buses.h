/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BUSES_H
#define IOAS_BUSES_H

#include <limits.h>

#include <rte_dev.h>

/* Calls fn for every device that the buses have found. Only for the scan and the first probe: later devices
 * come and go, and only the buses' own threads may walk their lists. */
void buses_walk(void (*fn)(const struct rte_device *dev, void *arg), void *arg);
/* The folder of a device in sysfs. */
void buses_sysfs_path(const struct rte_device *dev, char path[PATH_MAX]);

#endif /* IOAS_BUSES_H */
