/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_IN_USE_H
#define IOAS_ROLE_IN_USE_H

#include <stdbool.h>

#include <rte_memory.h>
#include <rte_vfio.h>

#include "role_stock.h"

/* For roles with owned devices, or with devices of the primary process. */

int in_use_iopl_init(void);
/* The IOVA of an address that is not in the table, found with find(). */
rte_iova_t in_use_iova(const void *va, rte_iova_t (*find)(const void *va));
/* Sets up a device that is not owned. */
int in_use_setup_other(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
int in_use_get_group_fd(int group);
/* Whether stock VFIO stays off: a user who may open the cdevs may lack permission for the legacy container.
 * EAL then skips stock VFIO's devices. */
bool in_use_without_vfio(void);
int in_use_vfio_is_enabled(const char *modname);
int in_use_noiommu_is_enabled(void);

/* Seams that these roles share, for their tables. */
#define IN_USE_SEAMS \
	.scan = stock_scan, \
	.iopl_init = in_use_iopl_init, \
	.get_group_fd = in_use_get_group_fd, \
	.vfio_is_enabled = in_use_vfio_is_enabled, \
	.noiommu_is_enabled = in_use_noiommu_is_enabled

#endif /* IOAS_ROLE_IN_USE_H */
