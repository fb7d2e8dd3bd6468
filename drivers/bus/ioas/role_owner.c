/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Devices and memory of a process that owns devices.
 */

#include "foreign.h"
#include "role_owner.h"
#include "serve.h"
#include "setup.h"

int
owner_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	const int ret = setup_owned(sysfs_base, name, fd, info);

	return ret <= 0 ? ret : in_use_setup_other(sysfs_base, name, fd, info);
}

int
owner_release(const char *sysfs_base, const char *name, int fd)
{
	const int ret = setup_release(name, fd);

	return ret <= 0 ? ret : stock_release(sysfs_base, name, fd);
}

int
owner_enable_vfio(const char *modname)
{
	if (!in_use_without_vfio())
		return stock_enable_vfio(modname);
	serve_without_vfio();
	return 0;
}

int
owner_map(int container_fd, uint64_t va, uint64_t iova, uint64_t length)
{
	struct ioas *const space = spaces_aimed_at();

	if (space == NULL || container_fd != RTE_VFIO_DEFAULT_CONTAINER_FD)
		return stock_map(container_fd, va, iova, length);
	if (foreign_map(space, va, iova, length) < 0)
		return -1;
	if (!stock_has_devices() || spaces_are_aimed())
		return 0;
	return stock_map(container_fd, va, iova, length);
}

int
owner_unmap(int container_fd, uint64_t va, uint64_t iova, uint64_t length)
{
	struct ioas *const space = spaces_aimed_at();

	if (space == NULL || container_fd != RTE_VFIO_DEFAULT_CONTAINER_FD)
		return stock_unmap(container_fd, va, iova, length);
	if (stock_has_devices() && !spaces_are_aimed() && stock_unmap(container_fd, va, iova, length) < 0)
		return -1;
	return foreign_unmap(space, va, iova, length);
}
