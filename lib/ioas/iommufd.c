/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The iommufd interface of the kernel: one IOAS in one /dev/iommu descriptor. Devices are attached through
 * their VFIO character devices. If they have none (Linux 6.2 to 6.5, and later without
 * CONFIG_VFIO_DEVICE_CDEV), they are attached through their groups: then the descriptor replaces the
 * container.
 *
 * The kernel searches for a chosen IOVA first-fit from the bottom, linearly in the number of areas that it
 * passes. Therefore the allowed list is narrowed to the window of each map.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iommufd.h"
#include <linux/iommufd.h>

#define DEV_IOMMU "/dev/iommu"

/* Returns the descriptor, or a negative errno after a log line. */
static int
open_iommu(const struct backend *with)
{
	if (with->beside == NULL)
		return node_open(with->nodes, DEV_IOMMU, NULL, "run `modprobe iommufd`, or use a "
				 "kernel with CONFIG_IOMMUFD (Linux 6.2 or newer)", with->log);
	return node_duplicate(with->sys, to_iommufd(with->beside)->fd, DEV_IOMMU, with->log);
}

static int
iommufd_open(const struct backend *with, struct backend **backend)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommufd *fd;
	int ret;

	fd = malloc(sizeof(*fd));
	if (fd == NULL)
		return ioas_no_memory(with->log, "open backend iommufd");
	*fd = (struct iommufd){ .backend = *with };
	fd->backend.ops = &iommufd_ops;
	if (spapr_is_here(with->sys)) {
		ioas_log(with->log, IOAS_LOG_ERR,
			 "iommufd cannot translate for devices on POWER: use backend spapr");
		ret = -EOPNOTSUPP;
		goto err_free;
	}
	fd->fd = open_iommu(with);
	if (fd->fd < 0) {
		ret = fd->fd;
		goto err_free;
	}
	ret = iommufd_request(fd, IOMMU_IOAS_ALLOC, &alloc);
	if (ret < 0) {
		ioas_log(with->log, IOAS_LOG_ERR, "cannot allocate an I/O address space: %s",
			 strerror(-ret));
		goto err_close;
	}
	fd->ioas = alloc.out_ioas_id;
	*backend = &fd->backend;
	return 0;

err_close:
	with->sys->close(fd->fd);
err_free:
	free(fd);
	return ret;
}

void
iommufd_destroy(const struct iommufd *fd, uint32_t id)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = id };

	iommufd_request(fd, IOMMU_DESTROY, &arg);
}

static void
iommufd_close(struct backend *backend)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_unmap all = {
		.size = sizeof(all),
		.ioas_id = fd->ioas,
		.length = UINT64_MAX,
	};

	/* An application that keeps a device open, through a descriptor or a map of its registers, can keep
	 * the IOAS alive. Therefore the IOAS is emptied first. The kernel would remove it only with the last
	 * descriptor, which may belong to the caller or to another space. */
	iommufd_request(fd, IOMMU_IOAS_UNMAP, &all);
	iommufd_destroy(fd, fd->ioas);
	backend->sys->close(fd->fd);
	free(fd);
}

int
iommufd_allow(struct iommufd *fd, const struct ioas_range *window)
{
	struct iommu_iova_range range = { 0 };
	struct iommu_ioas_allow_iovas allow_iovas = {
		.size = sizeof(allow_iovas),
		.ioas_id = fd->ioas,
		.allowed_iovas = (uintptr_t)&range,
	};
	int ret;

	if (window != NULL) {
		range.start = window->first;
		range.last = window->last;
		allow_iovas.num_iovas = 1;
	} else if (!fd->narrowed) {
		return 0;
	}
	ret = iommufd_request(fd, IOMMU_IOAS_ALLOW_IOVAS, &allow_iovas);
	if (ret == 0)
		fd->narrowed = window != NULL;
	return ret;
}

static int
map_with_flags(struct iommufd *fd, uint64_t va, uint64_t length, __u32 flags, uint64_t *iova)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE | flags,
		.ioas_id = fd->ioas,
		.user_va = va,
		.length = length,
		.iova = *iova,
	};
	const int ret = iommufd_request(fd, IOMMU_IOAS_MAP, &arg);

	*iova = arg.iova;
	return ret;
}

static int
iommufd_map(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window,
	    uint64_t *iova)
{
	struct iommufd *const fd = to_iommufd(backend);
	int ret;

	ret = iommufd_allow(fd, &window);
	if (ret < 0)
		return ret;
	*iova = 0;
	return map_with_flags(fd, va, length, 0, iova);
}

static int
iommufd_map_fixed(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	return map_with_flags(to_iommufd(backend), va, length, IOMMU_IOAS_MAP_FIXED_IOVA, &iova);
}

static int
iommufd_unmap(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = fd->ioas,
		.iova = iova,
		.length = length,
	};

	(void)va;
	return iommufd_request(fd, IOMMU_IOAS_UNMAP, &unmap);
}

static int
iommufd_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
	       uint64_t *alignment)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = fd->ioas,
		.num_iovas = n,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret;

	_Static_assert(sizeof(struct ioas_range) == sizeof(struct iommu_iova_range) &&
		       offsetof(struct ioas_range, last) == offsetof(struct iommu_iova_range, last),
		       "struct ioas_range has the kernel's layout");
	/* EMSGSIZE: the kernel has filled the array, and num_iovas is the number of all ranges. */
	ret = iommufd_request(fd, IOMMU_IOAS_IOVA_RANGES, &arg);
	if (ret < 0 && ret != -EMSGSIZE)
		return ret;
	*alignment = arg.out_iova_alignment;
	(void)pages;
	return arg.num_iovas;
}

static int
iommufd_copy(struct backend *backend, struct backend *from, uint64_t from_iova, uint64_t length,
	     uint64_t iova)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.dst_ioas_id = fd->ioas,
		.src_ioas_id = to_iommufd(from)->ioas,
		.length = length,
		.dst_iova = iova,
		.src_iova = from_iova,
	};

	return iommufd_request(fd, IOMMU_IOAS_COPY, &arg);
}

/* As in Linux 6.13; the imported header is older. */
#define MAP_FILE _IO(IOMMUFD_TYPE, 0x8f)
#define CHANGE_PROCESS _IO(IOMMUFD_TYPE, 0x92)

/* Whether the kernel knows a call. The argument is too short for any call, so the kernel does nothing. */
static bool
knows_request(const struct iommufd *fd, unsigned long request)
{
	__u32 size = sizeof(size);

	return iommufd_request(fd, request, &size) == -EINVAL;
}

static bool
tracks_dirty(const struct iommufd *fd, const struct ioas_device *device)
{
	struct iommu_hw_info info = { .size = sizeof(info), .dev_id = device->id };

	return device->group == NULL && iommufd_request(fd, IOMMU_GET_HW_INFO, &info) == 0 &&
	       (info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING) != 0;
}

static unsigned int
iommufd_features(struct backend *backend, const struct ioas_device *devices)
{
	const struct iommufd *const fd = to_iommufd(backend);
	unsigned int features = devices == NULL ? 0 : IOAS_FEATURE_DIRTY_TRACKING;

	if (knows_request(fd, MAP_FILE))
		features |= IOAS_FEATURE_MAP_FILE;
	if (knows_request(fd, CHANGE_PROCESS))
		features |= IOAS_FEATURE_CHANGE_PROCESS;
	for (; devices != NULL; devices = devices->next)
		if (!tracks_dirty(fd, devices))
			features &= ~IOAS_FEATURE_DIRTY_TRACKING;
	return features;
}

const struct backend_ops iommufd_ops = {
	.name = "iommufd",
	.kernel_chooses = true,
	.unmappable = ", or it is a device's registers (a BAR), which iommufd does not map by their address: "
		"use backend type1",
	.open = iommufd_open,
	.close = iommufd_close,
	.open_device = iommufd_open_device,
	.attach = iommufd_attach,
	.detach = iommufd_detach,
	.attach_pasid = iommufd_attach_pasid,
	.detach_pasid = iommufd_detach_pasid,
	.map = iommufd_map,
	.map_fixed = iommufd_map_fixed,
	.unmap = iommufd_unmap,
	.copy = iommufd_copy,
	.features = iommufd_features,
	.ranges = iommufd_ranges,
};
