/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "container.h"
#include <linux/vfio.h>

int
container_open(const struct nodes *nodes, const struct ioas_log *log)
{
	return node_open(nodes, CONTAINER, NULL, "run `modprobe vfio-pci`, or use a kernel with "
			 "CONFIG_VFIO_CONTAINER", log);
}

int
container_has(const struct ioas_sys *sys, int fd, unsigned long extension)
{
	const int ret = sys->ioctl(fd, VFIO_CHECK_EXTENSION, (void *)(uintptr_t)extension);

	return ret > 0 ? 1 : ret;
}

int
container_set_iommu(const struct ioas_sys *sys, int fd, unsigned long type)
{
	return sys_request(sys, fd, VFIO_SET_IOMMU, (void *)(uintptr_t)type);
}

int
container_map(const struct ioas_sys *sys, int fd, uint64_t va, uint64_t length, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = va,
		.iova = iova,
		.size = length,
	};

	return sys_request(sys, fd, VFIO_IOMMU_MAP_DMA, &arg);
}

int
container_unmap(const struct ioas_sys *sys, int fd, uint64_t iova, uint64_t *length)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.iova = iova,
		.size = *length,
	};
	const int ret = sys_request(sys, fd, VFIO_IOMMU_UNMAP_DMA, &arg);

	*length = arg.size;
	return ret;
}
