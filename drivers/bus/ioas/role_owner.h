/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_OWNER_H
#define IOAS_ROLE_OWNER_H

#include <stdint.h>

#include <rte_vfio.h>

#include "policy.h"
#include "role_in_use.h"
#include "spaces.h"

/* For roles with owned devices. */
int owner_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
int owner_release(const char *sysfs_base, const char *name, int fd);
int owner_enable_vfio(const char *modname);
int owner_map(int container_fd, uint64_t va, uint64_t iova, uint64_t length);
int owner_unmap(int container_fd, uint64_t va, uint64_t iova, uint64_t length);

/* Seams that the roles share in which devices are owned or can come later. */
#define OWNER_SEAMS \
	IN_USE_SEAMS, \
	.mode = policy_mode, \
	.release = owner_release, \
	.enable_vfio = owner_enable_vfio, \
	.map = owner_map, \
	.unmap = owner_unmap, \
	.aim = spaces_aim

#endif /* IOAS_ROLE_OWNER_H */
