/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SEAMS_H
#define IOAS_SEAMS_H

#include <stddef.h>
#include <sys/types.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_memory.h>
#include <rte_vfio.h>

/*
 * All functions that the plugin replaces: result, name, parameters. This list provides the replacements'
 * prototypes, the table for binding slots, the symbols for ordinary interposition, and the pointers to the
 * originals. meson.build takes the names for --wrap from it.
 */
#define SEAMS(SEAM) \
	SEAM(int, rte_bus_scan, (void)) \
	SEAM(int, rte_bus_probe, (void)) \
	SEAM(int, rte_eal_cleanup, (void)) \
	SEAM(enum rte_iova_mode, rte_bus_get_iommu_class, (void)) \
	SEAM(int, rte_eal_using_phys_addrs, (void)) \
	SEAM(int, rte_eal_iopl_init, (void)) \
	SEAM(phys_addr_t, rte_mem_virt2phy, (const void *va)) \
	SEAM(rte_iova_t, rte_mem_virt2iova, (const void *va)) \
	SEAM(int, rte_mem_check_dma_mask, (uint8_t maskbits)) \
	SEAM(int, rte_mem_check_dma_mask_thread_unsafe, (uint8_t maskbits)) \
	SEAM(void, rte_mem_set_dma_mask, (uint8_t maskbits)) \
	SEAM(int, rte_vfio_setup_device, (const char *sysfs_base, const char *dev_addr, \
		int *vfio_dev_fd, struct vfio_device_info *device_info)) \
	SEAM(int, rte_vfio_release_device, (const char *sysfs_base, const char *dev_addr, int fd)) \
	SEAM(int, rte_dev_dma_map, (struct rte_device *dev, void *addr, uint64_t iova, size_t len)) \
	SEAM(int, rte_dev_dma_unmap, (struct rte_device *dev, void *addr, uint64_t iova, \
		size_t len)) \
	SEAM(int, rte_extmem_unregister, (void *va_addr, size_t len)) \
	SEAM(int, rte_vfio_get_group_fd, (int iommu_group_num)) \
	SEAM(int, rte_vfio_enable, (const char *modname)) \
	SEAM(int, rte_vfio_is_enabled, (const char *modname)) \
	SEAM(int, rte_vfio_noiommu_is_enabled, (void)) \
	SEAM(int, rte_vfio_container_dma_map, (int container_fd, uint64_t vaddr, uint64_t iova, \
		uint64_t len)) \
	SEAM(int, rte_vfio_container_dma_unmap, (int container_fd, uint64_t vaddr, \
		uint64_t iova, uint64_t len))

/*
 * Functions of libc that change the pages of an address that may be mapped for DMA. They are bound only by
 * slots or --wrap, because interposing them would affect the whole process.
 */
#define LIBC_SEAMS(SEAM) \
	SEAM(void *, mmap, (void *addr, size_t length, int prot, int flags, int fd, \
		off_t offset)) \
	SEAM(void *, mmap64, (void *addr, size_t length, int prot, int flags, int fd, \
		off64_t offset)) \
	SEAM(int, munmap, (void *addr, size_t length)) \
	SEAM(void *, mremap, (void *addr, size_t old_length, size_t new_length, int flags, ...)) \
	SEAM(int, madvise, (void *addr, size_t length, int advice)) \
	SEAM(void *, shmat, (int id, const void *addr, int flags)) \
	SEAM(int, shmdt, (const void *addr)) \
	SEAM(int, remap_file_pages, (void *addr, size_t length, int prot, size_t page, int flags))

/* EAL's own functions. */
#define SEAM_ORIGINAL(result, name, params) result (*name) params;
struct seam_originals {
	SEAMS(SEAM_ORIGINAL)
};
#undef SEAM_ORIGINAL
extern struct seam_originals seam_found;
/* The first call finds them, because a caller may come before the plugin's constructor. */
const struct seam_originals *seam_originals(void);
#define seam_original (*seam_originals())

#define SEAM_ONE(result, name, params) + 1
enum { SEAM_COUNT = 0 SEAMS(SEAM_ONE) LIBC_SEAMS(SEAM_ONE) };
#undef SEAM_ONE

struct seam {
	const char *name;
	void *replacement;
	void **original; /* NULL: a function of libc */
};
extern const struct seam seam_table[SEAM_COUNT];

#endif /* IOAS_SEAMS_H */
