/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The replacements for EAL's functions: each asks whether the matter is ours and calls the
 * original where it is not. What they are for is in doc/guides/internals.rst.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_compat.h>
/* It puts functions into a section, where our replacements would have to be as well. */
#undef __rte_experimental
#define __rte_experimental

#include <rte_eal.h>
#include <rte_errno.h>

#include "addresses.h"
#include "bind.h"
#include "common_space.h"
#include "devices.h"
#include "foreign.h"
#include "ioas_bus.h"
#include "load.h"
#include "lookup.h"
#include "memory.h"
#include "neighbours.h"
#include "policy.h"
#include "processes.h"
#include "seams_libc.h"
#include "setup.h"
#include "spaces.h"
#include "take.h"
#include "traced.h"
#include "wait.h"

#define SEAM_PROTOTYPE(result, name, params) static result seam_ ## name params;
SEAMS(SEAM_PROTOTYPE)

/* Ordinary interposition, or --wrap: the replacement under the name that callers are linked to. */
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

/* How many devices went to stock EAL's VFIO: its container has to be kept up to date as well. */
static unsigned int stock_devices;

/* Whether there are devices of ours, or of the primary process if this is a secondary one; asked when
 * EAL's IOVA mode is known. */
static bool
in_use(void)
{
	if (unlikely(bus_ioas_space != NULL && !memory_has_started()))
		wait_check_mode();
	return bus_ioas_space != NULL || processes_joined();
}

/*
 * Whether EAL must not start. It is told by what rte_bus_scan() and rte_bus_probe() return; but where a
 * compiler has seen that EAL's own return nothing but 0 (Debian's DPDK 25.11), EAL goes on all the same, and
 * then no device may be probed, nor come later: stock EAL would take those that the plugin could not have.
 */
static bool refused;

static int
scan(void)
{
	static bool scanned;
	struct bus_ioas_options options;
	int ret;

	/* Applications scan again to find devices that have come since. */
	if (scanned)
		return seam_original.rte_bus_scan();
	scanned = true;
	if (bus_ioas_parse_options(bus_ioas_environment(), &options) < 0)
		return -1;
	ret = seam_original.rte_bus_scan();
	if (ret != 0)
		return ret;
	return rte_eal_process_type() == RTE_PROC_SECONDARY ? processes_join() : take_devices(&options);
}

static int
seam_rte_bus_scan(void)
{
	int ret;

	if (!bus_ioas_load())
		return seam_original.rte_bus_scan();
	seams_bind_late();
	ret = scan();
	refused = refused || ret < 0;
	return ret;
}

static enum rte_iova_mode
seam_rte_bus_get_iommu_class(void)
{
	const enum rte_iova_mode wanted = seam_original.rte_bus_get_iommu_class();

	if (processes_joined())
		return processes_mode();
	return bus_ioas_space == NULL ? wanted : policy_mode(wanted);
}

static int
seam_rte_eal_using_phys_addrs(void)
{
	if (processes_joined())
		return 1;
	if (bus_ioas_space == NULL)
		return seam_original.rte_eal_using_phys_addrs();
	/* Before memory is there EAL asks, who takes chosen IOVAs for such; later buses do for devices
	 * of uio, whose DMA no IOMMU translates. */
	return !memory_has_started();
}

/* By I/O ports a device of uio needs no registers that are mapped: virtio's legacy interface. */
static int
seam_rte_eal_iopl_init(void)
{
	if (!in_use())
		return seam_original.rte_eal_iopl_init();
	BUS_IOAS_LOG(ERR, "I/O ports are refused: a device of uio that is used through them takes IOVAs for "
		     "physical addresses: bind it to vfio-pci");
	return -1;
}

static int
seam_rte_bus_probe(void)
{
	int ret;

	seams_bind_late();
	if (processes_joined() && processes_start() < 0)
		refused = true;
	if (refused)
		return -1;
	if (in_use() && neighbours_check() < 0) {
		refused = !memory_has_started();
		return -1;
	}
	/* Applications probe again what they have found since. */
	if (!in_use() || processes_joined() || memory_has_started())
		return seam_original.rte_bus_probe();
	if (memory_start() < 0) {
		refused = true;
		return -1;
	}
	processes_serve();
	ret = seam_original.rte_bus_probe();
	take_note_drivers();
	take_give_back();
	return ret;
}

static int
seam_rte_eal_cleanup(void)
{
	traced_end();
	return seam_original.rte_eal_cleanup();
}

/* What is not in the table. */
static rte_iova_t
find_iova(const void *va, rte_iova_t (*original)(const void *va))
{
	rte_iova_t iova;

	if (!in_use())
		return original(va);
	/* What unmaps memory of the application's has to reach us first. Without a lock: it waits for threads
	 * that load libraries, whose constructors may ask as well. */
	if (!address_is_eal((uintptr_t)va))
		seams_bind_late();
	iova = processes_joined() ? processes_iova(va) : memory_iova(va);
	if (unlikely(iova == RTE_BAD_IOVA))
		lookup_note_miss();
	return iova;
}

static phys_addr_t
seam_rte_mem_virt2phy(const void *va)
{
	const rte_iova_t iova = lookup_known(va);

	if (likely(iova != RTE_BAD_IOVA))
		return iova;
	return find_iova(va, seam_original.rte_mem_virt2phy);
}

static rte_iova_t
seam_rte_mem_virt2iova(const void *va)
{
	const rte_iova_t iova = lookup_known(va);

	if (likely(iova != RTE_BAD_IOVA))
		return iova;
	return find_iova(va, seam_original.rte_mem_virt2iova);
}

static int
seam_rte_mem_check_dma_mask(uint8_t maskbits)
{
	return policy_check_mask(maskbits, seam_original.rte_mem_check_dma_mask);
}

static int
seam_rte_mem_check_dma_mask_thread_unsafe(uint8_t maskbits)
{
	return policy_check_mask(maskbits, seam_original.rte_mem_check_dma_mask_thread_unsafe);
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
	int ret;

	seams_bind_late();
	if (refused) {
		BUS_IOAS_LOG(ERR, "%s: not taken, for the plugin could not start: see its first error", dev_addr);
		return -1;
	}
	ret = processes_joined() ? processes_setup(dev_addr, vfio_dev_fd, device_info)
				 : setup_owned(sysfs_base, dev_addr, vfio_dev_fd, device_info);
	if (ret <= 0)
		return ret;
	if (in_use() && neighbours_refuse_device(sysfs_base, dev_addr))
		return -1;
	ret = seam_original.rte_vfio_setup_device(sysfs_base, dev_addr, vfio_dev_fd, device_info);
	if (ret == 0)
		stock_devices++;
	return ret;
}

static int
seam_rte_vfio_release_device(const char *sysfs_base, const char *dev_addr, int fd)
{
	int ret = processes_joined() ? processes_release(dev_addr, fd)
				     : setup_release(dev_addr, fd);

	if (ret <= 0)
		return ret;
	ret = seam_original.rte_vfio_release_device(sysfs_base, dev_addr, fd);
	if (ret == 0 && stock_devices > 0)
		stock_devices--;
	return ret;
}

/* The bus maps for the device through rte_vfio_container_dma_map(), which does not name it. */
static int
for_device(int (*original)(struct rte_device *dev, void *addr, uint64_t iova, size_t len),
	   struct rte_device *dev, void *addr, uint64_t iova, size_t len)
{
	int ret;

	spaces_aim(rte_dev_name(dev));
	processes_aim(rte_dev_name(dev));
	ret = original(dev, addr, iova, len);
	processes_aim(NULL);
	spaces_aim(NULL);
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

/* EAL's VFIO of a secondary process has that of this one open the group. */
static int
seam_rte_vfio_get_group_fd(int iommu_group_num)
{
	char name[RTE_DEV_NAME_MAX_LEN];

	if (!devices_in_group(iommu_group_num, name)) {
		if (in_use() && neighbours_refuse_group(iommu_group_num))
			return -1;
		return seam_original.rte_vfio_get_group_fd(iommu_group_num);
	}
	BUS_IOAS_LOG(ERR, "IOMMU group %d is the plugin's, because of %s: a secondary process that uses it "
		     "needs the plugin as well%s", iommu_group_num, name, bus_ioas_how_to_load());
	return -1;
}

static int
seam_rte_vfio_enable(const char *modname)
{
	/* A user who may open the cdevs need not be allowed to open the legacy container: then
	 * stock VFIO stays off in silence, and its devices are skipped below. */
	if (in_use() && faccessat(AT_FDCWD, "/dev/vfio/vfio", R_OK | W_OK, AT_EACCESS) != 0) {
		if (!processes_joined())
			processes_without_vfio();
		return 0;
	}
	return seam_original.rte_vfio_enable(modname);
}

static int
seam_rte_vfio_is_enabled(const char *modname)
{
	/* The PCI bus asks for vfio_pci before it calls rte_vfio_setup_device(). */
	if (in_use() && strcmp(modname, "vfio") != 0)
		return 1;
	return seam_original.rte_vfio_is_enabled(modname);
}

static int
seam_rte_vfio_noiommu_is_enabled(void)
{
	return in_use() ? 0 : seam_original.rte_vfio_noiommu_is_enabled();
}

static int
seam_rte_vfio_container_dma_map(int container_fd, uint64_t vaddr, uint64_t iova, uint64_t len)
{
	struct ioas *const space = spaces_aimed_at();

	if (processes_map_here(container_fd))
		return processes_map(vaddr, iova, len);
	if (space == NULL || container_fd != RTE_VFIO_DEFAULT_CONTAINER_FD)
		return seam_original.rte_vfio_container_dma_map(container_fd, vaddr, iova, len);
	if (foreign_map(space, vaddr, iova, len) < 0)
		return -1;
	if (stock_devices == 0 || spaces_are_aimed())
		return 0;
	return seam_original.rte_vfio_container_dma_map(container_fd, vaddr, iova, len);
}

static int
seam_rte_vfio_container_dma_unmap(int container_fd, uint64_t vaddr, uint64_t iova, uint64_t len)
{
	struct ioas *const space = spaces_aimed_at();

	if (processes_map_here(container_fd))
		return processes_unmap(vaddr);
	if (space == NULL || container_fd != RTE_VFIO_DEFAULT_CONTAINER_FD)
		return seam_original.rte_vfio_container_dma_unmap(container_fd, vaddr, iova, len);
	if (stock_devices != 0 && !spaces_are_aimed() &&
	    seam_original.rte_vfio_container_dma_unmap(container_fd, vaddr, iova, len) < 0)
		return -1;
	return foreign_unmap(space, vaddr, iova, len);
}

/* A registration ends; what the application has stated by rte_dev_dma_map() stays until it takes that back. */
static int
seam_rte_extmem_unregister(void *va_addr, size_t len)
{
	const bool leaves = bus_ioas_space != NULL && !foreign_is_stated(va_addr, len);
	const unsigned int token = leaves ? foreign_leaves(va_addr, len) : 0;
	int ret;

	ret = seam_original.rte_extmem_unregister(va_addr, len);
	foreign_has_left(token, va_addr, len, ret == 0);
	return ret;
}
