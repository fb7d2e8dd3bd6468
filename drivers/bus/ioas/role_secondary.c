/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The primary process has the devices and the space; a secondary process asks it.
 */

#include <rte_common.h>

#include "neighbours.h"
#include "policy.h"
#include "role.h"
#include "role_in_use.h"
#include "role_refused.h"
#include "secondary.h"

static enum rte_iova_mode
mode(enum rte_iova_mode wanted __rte_unused)
{
	return secondary_mode();
}

static int
using_phys_addrs(void)
{
	return 1;
}

static int
probe(void)
{
	if (secondary_start() == 0 && neighbours_check() == 0)
		return stock_probe();
	role_refuse();
	return -1;
}

static rte_iova_t
iova(const void *va, rte_iova_t (*original)(const void *va) __rte_unused)
{
	return in_use_iova(va, secondary_iova);
}

static int
setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	const int ret = secondary_setup(name, fd, info);

	return ret <= 0 ? ret : in_use_setup_other(sysfs_base, name, fd, info);
}

static int
release(const char *sysfs_base, const char *name, int fd)
{
	const int ret = secondary_release(name, fd);

	return ret <= 0 ? ret : stock_release(sysfs_base, name, fd);
}

static int
enable_vfio(const char *modname)
{
	return in_use_without_vfio() ? 0 : stock_enable_vfio(modname);
}

static int
map(int container_fd, uint64_t va, uint64_t iova, uint64_t length)
{
	return secondary_map_here(container_fd) ? secondary_map(va, iova, length)
						: stock_map(container_fd, va, iova, length);
}

static int
unmap(int container_fd, uint64_t va, uint64_t iova, uint64_t length)
{
	return secondary_map_here(container_fd) ? secondary_unmap(va) : stock_unmap(container_fd, va, iova, length);
}

#define SECONDARY_SEAMS \
	IN_USE_SEAMS, \
	.mode = mode, \
	.using_phys_addrs = using_phys_addrs, \
	.iova = iova, \
	.check_mask = policy_check_mask_of_stock, \
	.release = release, \
	.enable_vfio = enable_vfio, \
	.map = map, \
	.unmap = unmap, \
	.aim = secondary_aim, \
	.unregister = stock_unregister

const struct role role_secondary = {
	SECONDARY_SEAMS,
	.refusal = &role_refused_secondary,
	.probe = probe,
	.setup = setup,
};

const struct role role_refused_secondary = {
	SECONDARY_SEAMS,
	.probe = refused_probe,
	.setup = refused_setup,
};
