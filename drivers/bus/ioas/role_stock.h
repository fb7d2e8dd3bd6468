/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_STOCK_H
#define IOAS_ROLE_STOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_bus.h>
#include <rte_memory.h>
#include <rte_vfio.h>

#include "policy.h"

/* EAL's own functions: for roles without owned devices, and in other roles for devices that are not owned. */
int stock_scan(void);
enum rte_iova_mode stock_mode(enum rte_iova_mode wanted);
int stock_using_phys_addrs(void);
int stock_iopl_init(void);
int stock_probe(void);
rte_iova_t stock_iova(const void *va, rte_iova_t (*original)(const void *va));
int stock_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
int stock_release(const char *sysfs_base, const char *name, int fd);
int stock_get_group_fd(int group);
int stock_enable_vfio(const char *modname);
int stock_vfio_is_enabled(const char *modname);
int stock_noiommu_is_enabled(void);
int stock_map(int container_fd, uint64_t va, uint64_t iova, uint64_t length);
int stock_unmap(int container_fd, uint64_t va, uint64_t iova, uint64_t length);
void stock_aim(const char *name);
int stock_unregister(void *va, size_t length);

/* Whether stock EAL's VFIO has devices: then its container must be kept up to date as well. */
bool stock_has_devices(void);

/* Seams for a role's table: all but scan, probe and setup. */
#define STOCK_SEAMS \
	.mode = stock_mode, \
	.using_phys_addrs = stock_using_phys_addrs, \
	.iopl_init = stock_iopl_init, \
	.iova = stock_iova, \
	.check_mask = policy_check_mask_of_stock, \
	.release = stock_release, \
	.get_group_fd = stock_get_group_fd, \
	.enable_vfio = stock_enable_vfio, \
	.vfio_is_enabled = stock_vfio_is_enabled, \
	.noiommu_is_enabled = stock_noiommu_is_enabled, \
	.map = stock_map, \
	.unmap = stock_unmap, \
	.aim = stock_aim, \
	.unregister = stock_unregister

#endif /* IOAS_ROLE_STOCK_H */
