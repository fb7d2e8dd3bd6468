/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The replacements for EAL's functions, of DPDK 22.11 to 25.11. Each calls the function of the plugin's role
 * (role.h). doc/guides/internals.rst describes their purposes.
 */

#include <rte_compat.h>
/* It puts functions into a section, and the replacements would have to be in it as well. */
#undef __rte_experimental
#define __rte_experimental

#include <rte_eal.h>

#include "bind.h"
#include "load.h"
#include "lookup.h"
#include "policy.h"
#include "role.h"
#include "seams_libc.h"
#include "traced.h"

#define SEAM_PROTOTYPE(result, name, params) static result seam_ ## name params;
SEAMS(SEAM_PROTOTYPE)

/* For ordinary interposition or --wrap: defines the replacement under the name that callers use. */
#ifdef BUS_IOAS_WRAP
#define SEAM_SYMBOL(result, name, params) \
	result __wrap_ ## name params __attribute__((alias("seam_" #name)));
#else
#define SEAM_SYMBOL(result, name, params) \
	result name params __attribute__((alias("seam_" #name), visibility("default")));
#endif
SEAMS(SEAM_SYMBOL)

#define SEAM_ENTRY(result, name, params) \
	{ #name, (void *)(uintptr_t)seam_ ## name, (void **)&seam_found.name },
#define LIBC_SEAM_ENTRY(result, name, params) { #name, (void *)(uintptr_t)seam_ ## name, NULL },
const struct seam seam_table[SEAM_COUNT] = {
	SEAMS(SEAM_ENTRY)
	LIBC_SEAMS(LIBC_SEAM_ENTRY)
};

static int
seam_rte_bus_scan(void)
{
	if (!bus_ioas_load())
		return seam_original.rte_bus_scan();
	seams_bind_late();
	return role()->scan();
}

static enum rte_iova_mode
seam_rte_bus_get_iommu_class(void)
{
	const enum rte_iova_mode wanted = seam_original.rte_bus_get_iommu_class();

	return role()->mode(wanted);
}

static int
seam_rte_eal_using_phys_addrs(void)
{
	return role()->using_phys_addrs();
}

static int
seam_rte_eal_iopl_init(void)
{
	return role()->iopl_init();
}

static int
seam_rte_bus_probe(void)
{
	seams_bind_late();
	return role()->probe();
}

static int
seam_rte_eal_cleanup(void)
{
	traced_end();
	return seam_original.rte_eal_cleanup();
}

static phys_addr_t
seam_rte_mem_virt2phy(const void *va)
{
	const rte_iova_t iova = lookup_known(va);

	if (likely(iova != RTE_BAD_IOVA))
		return iova;
	return role()->iova(va, seam_original.rte_mem_virt2phy);
}

static rte_iova_t
seam_rte_mem_virt2iova(const void *va)
{
	const rte_iova_t iova = lookup_known(va);

	if (likely(iova != RTE_BAD_IOVA))
		return iova;
	return role()->iova(va, seam_original.rte_mem_virt2iova);
}

static int
seam_rte_mem_check_dma_mask(uint8_t maskbits)
{
	return role()->check_mask(maskbits, seam_original.rte_mem_check_dma_mask);
}

static int
seam_rte_mem_check_dma_mask_thread_unsafe(uint8_t maskbits)
{
	return role()->check_mask(maskbits, seam_original.rte_mem_check_dma_mask_thread_unsafe);
}

static void
seam_rte_mem_set_dma_mask(uint8_t maskbits)
{
	policy_set_mask(maskbits);
}

static int
seam_rte_vfio_setup_device(const char *sysfs_base, const char *dev_addr, int *vfio_dev_fd,
			   struct vfio_device_info *device_info)
{
	seams_bind_late();
	return role()->setup(sysfs_base, dev_addr, vfio_dev_fd, device_info);
}

static int
seam_rte_vfio_release_device(const char *sysfs_base, const char *dev_addr, int fd)
{
	return role()->release(sysfs_base, dev_addr, fd);
}

/* The bus maps for the device through rte_vfio_container_dma_map(), whose parameters do not name the device. */
static int
for_device(int (*original)(struct rte_device *dev, void *addr, uint64_t iova, size_t len),
	   struct rte_device *dev, void *addr, uint64_t iova, size_t len)
{
	const struct role *const now = role();
	int ret;

	now->aim(rte_dev_name(dev));
	ret = original(dev, addr, iova, len);
	now->aim(NULL);
	return ret;
}

static int
seam_rte_dev_dma_map(struct rte_device *dev, void *addr, uint64_t iova, size_t len)
{
	return for_device(seam_original.rte_dev_dma_map, dev, addr, iova, len);
}

static int
seam_rte_dev_dma_unmap(struct rte_device *dev, void *addr, uint64_t iova, size_t len)
{
	return for_device(seam_original.rte_dev_dma_unmap, dev, addr, iova, len);
}

static int
seam_rte_vfio_get_group_fd(int iommu_group_num)
{
	return role()->get_group_fd(iommu_group_num);
}

static int
seam_rte_vfio_enable(const char *modname)
{
	return role()->enable_vfio(modname);
}

static int
seam_rte_vfio_is_enabled(const char *modname)
{
	return role()->vfio_is_enabled(modname);
}

static int
seam_rte_vfio_noiommu_is_enabled(void)
{
	return role()->noiommu_is_enabled();
}

static int
seam_rte_vfio_container_dma_map(int container_fd, uint64_t vaddr, uint64_t iova, uint64_t len)
{
	return role()->map(container_fd, vaddr, iova, len);
}

static int
seam_rte_vfio_container_dma_unmap(int container_fd, uint64_t vaddr, uint64_t iova, uint64_t len)
{
	return role()->unmap(container_fd, vaddr, iova, len);
}

static int
seam_rte_extmem_unregister(void *va_addr, size_t len)
{
	return role()->unregister(va_addr, len);
}
