/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The plugin does nothing: each seam is EAL's own function.
 */

#include <rte_common.h>

#include "role.h"
#include "role_stock.h"
#include "seams.h"

/* The number of devices that stock EAL's VFIO has set up. */
static unsigned int stock_devices;

int
stock_scan(void)
{
	return seam_original.rte_bus_scan();
}

enum rte_iova_mode
stock_mode(enum rte_iova_mode wanted)
{
	return wanted;
}

int
stock_using_phys_addrs(void)
{
	return seam_original.rte_eal_using_phys_addrs();
}

int
stock_iopl_init(void)
{
	return seam_original.rte_eal_iopl_init();
}

int
stock_probe(void)
{
	return seam_original.rte_bus_probe();
}

rte_iova_t
stock_iova(const void *va, rte_iova_t (*original)(const void *va))
{
	return original(va);
}

int
stock_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	const int ret = seam_original.rte_vfio_setup_device(sysfs_base, name, fd, info);

	if (ret == 0)
		stock_devices++;
	return ret;
}

int
stock_release(const char *sysfs_base, const char *name, int fd)
{
	const int ret = seam_original.rte_vfio_release_device(sysfs_base, name, fd);

	if (ret == 0 && stock_devices > 0)
		stock_devices--;
	return ret;
}

bool
stock_has_devices(void)
{
	return stock_devices != 0;
}

int
stock_get_group_fd(int group)
{
	return seam_original.rte_vfio_get_group_fd(group);
}

int
stock_enable_vfio(const char *modname)
{
	return seam_original.rte_vfio_enable(modname);
}

int
stock_vfio_is_enabled(const char *modname)
{
	return seam_original.rte_vfio_is_enabled(modname);
}

int
stock_noiommu_is_enabled(void)
{
	return seam_original.rte_vfio_noiommu_is_enabled();
}

int
stock_map(int container_fd, uint64_t va, uint64_t iova, uint64_t length)
{
	return seam_original.rte_vfio_container_dma_map(container_fd, va, iova, length);
}

int
stock_unmap(int container_fd, uint64_t va, uint64_t iova, uint64_t length)
{
	return seam_original.rte_vfio_container_dma_unmap(container_fd, va, iova, length);
}

void
stock_aim(const char *name __rte_unused)
{
	/* Stock EAL maps for all devices. */
}

int
stock_unregister(void *va, size_t length)
{
	return seam_original.rte_extmem_unregister(va, length);
}

const struct role role_stock = {
	STOCK_SEAMS,
	.scan = stock_scan,
	.probe = stock_probe,
	.setup = stock_setup,
};
