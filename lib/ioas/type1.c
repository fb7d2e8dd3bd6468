/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * VFIO's own container with a type1 IOMMU, for kernels without iommufd.
 *
 * User space chooses the IOVAs: a map goes to the first byte of its window, which the placement has chosen by
 * the kernel's rules. The container gets its IOMMU with its first group, and forgets all maps with its last
 * one. Therefore the ledger's areas are mapped again when the next first group enters.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "group.h"
#include "regions.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

struct type1 {
	struct backend backend;
	int fd;
	unsigned long type;    /* VFIO_TYPE1v2_IOMMU, or VFIO_TYPE1_IOMMU */
	struct group *groups;
};

static struct type1 *
to_type1(struct backend *backend)
{
	return container_of(backend, struct type1, backend);
}

/* Whether the container is an emulation by iommufd (CONFIG_IOMMUFD_VFIO_CONTAINER). The emulation knows
 * iommufd's calls, and returns ENODEV to this one while it has no address space. */
static bool
is_emulated(const struct type1 *type1)
{
	struct iommu_vfio_ioas arg = { .size = sizeof(arg), .op = IOMMU_VFIO_IOAS_GET };
	const int ret = sys_request(type1->backend.sys, type1->fd, IOMMU_VFIO_IOAS, &arg);

	return ret == 0 || ret == -ENODEV;
}

/* Version 2 unmaps exactly what was mapped or nothing. Version 1 is older and also works. */
static int
choose_type(struct type1 *type1)
{
	static const unsigned long types[] = { VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU };
	int ret = 0;

	for (unsigned int i = 0; i < 2 && ret == 0; i++) {
		type1->type = types[i];
		ret = container_has(type1->backend.sys, type1->fd, types[i]);
	}
	return ret < 0 ? ret : ret == 0 ? -EOPNOTSUPP : 0;
}

static int
check_container(struct type1 *type1)
{
	const struct ioas_log *const log = type1->backend.log;
	int ret;

	ret = type1->backend.sys->ioctl(type1->fd, VFIO_GET_API_VERSION, NULL);
	if (ret >= 0)
		ret = ret == VFIO_API_VERSION ? choose_type(type1) : -EOPNOTSUPP;
	if (ret < 0) {
		ioas_log(log, IOAS_LOG_ERR, CONTAINER " has no type1 IOMMU (%s): run `modprobe "
			 "vfio_iommu_type1`, or use a kernel with CONFIG_VFIO_IOMMU_TYPE1",
			 strerror(-ret));
		return ret;
	}
	if (type1->type == VFIO_TYPE1_IOMMU)
		ioas_log(log, IOAS_LOG_INFO, "type1 version 1 is used: " CONTAINER " does not know "
			 "version 2 (Linux 3.16)");
	if (is_emulated(type1))
		ioas_log(log, IOAS_LOG_INFO, CONTAINER " is iommufd's emulation of it");
	return 0;
}

static int
type1_open(const struct backend *with, struct backend **backend)
{
	struct type1 *type1;
	int ret;

	type1 = malloc(sizeof(*type1));
	if (type1 == NULL)
		return ioas_no_memory(with->log, "open backend type1");
	*type1 = (struct type1){ .backend = *with };
	type1->backend.ops = &type1_ops;
	type1->fd = container_open(with->nodes, with->log);
	if (type1->fd < 0) {
		ret = type1->fd;
		goto err_free;
	}
	ret = check_container(type1);
	if (ret < 0)
		goto err_close;
	*backend = &type1->backend;
	return 0;

err_close:
	with->sys->close(type1->fd);
err_free:
	free(type1);
	return ret;
}

static void
type1_close(struct backend *backend)
{
	struct type1 *const type1 = to_type1(backend);

	backend->sys->close(type1->fd);
	free(type1);
}

static int
map_in_container(struct type1 *type1, uint64_t va, uint64_t length, uint64_t iova)
{
	return container_map(type1->backend.sys, type1->fd, va, length, iova);
}

static int
unmap_in_container(struct type1 *type1, uint64_t iova, uint64_t length)
{
	uint64_t unmapped = length;
	const int ret = container_unmap(type1->backend.sys, type1->fd, iova, &unmapped);

	if (ret < 0)
		return ret;
	return unmapped == length ? 0 : -ENOENT;
}

/* Unmaps all areas of the ledger, as far as they are mapped. */
static void
forget_maps(struct type1 *type1)
{
	const struct ledger *const ledger = type1->backend.ledger;
	const struct area *area;

	for (area = ledger_from_iova(ledger, 0); area != NULL; area = ledger_next(ledger, area))
		unmap_in_container(type1, area->iova.first, tree_length(&area->iova));
}

/* Maps all areas of the ledger. */
static int
replay_maps(struct type1 *type1)
{
	const struct ledger *const ledger = type1->backend.ledger;
	const struct area *area;
	int ret;

	for (area = ledger_from_iova(ledger, 0); area != NULL; area = ledger_next(ledger, area)) {
		ret = map_in_container(type1, area->va.first, tree_length(&area->iova),
			  area->iova.first);
		if (ret < 0)
			return ret == -EINVAL ? -EADDRINUSE : ret;
	}
	return 0;
}

/* The container has its first group: sets its IOMMU, and maps the areas. */
static int
start_iommu(struct type1 *type1, const struct ioas_device *device)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int ret;

	ret = container_set_iommu(type1->backend.sys, type1->fd, type1->type);
	/* It still has an IOMMU if the application keeps a detached device open. */
	if (ret == -EINVAL && sys_request(type1->backend.sys, type1->fd, VFIO_IOMMU_GET_INFO, &info) == 0)
		ret = 0;
	if (ret == 0)
		ret = replay_maps(type1);
	if (ret < 0)
		device_log_attach_failure(device, type1->backend.log, ret);
	return ret;
}

static int
type1_attach(struct backend *backend, struct ioas_device *device,
	     const struct ioas_attach_options *options)
{
	struct type1 *const type1 = to_type1(backend);
	const bool first = type1->groups == NULL;
	int ret;

	if (device->group_number < 0) {
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "%s: it has no IOMMU group, which type1 needs: use backend iommufd",
			 device->name);
		return -ENOENT;
	}
	ret = group_check_options(backend, device, options);
	if (ret == 0)
		ret = group_enter(backend, &type1->groups, type1->fd, device);
	if (ret < 0)
		return ret;
	if (first)
		ret = start_iommu(type1, device);
	if (ret == 0)
		ret = group_open_device(backend, device, options);
	if (ret < 0) {
		if (first)
			forget_maps(type1);
		group_leave(backend, &type1->groups, group_part(device));
	}
	return ret;
}

static void
type1_detach(struct backend *backend, struct ioas_device *device)
{
	struct type1 *const type1 = to_type1(backend);

	/* The application may keep the last device open, through a descriptor or a map of its registers, but
	 * DMA must end here. */
	if (type1->groups->next == NULL && device->group->n_devices == 1)
		forget_maps(type1);
	backend->sys->close(device->fd);
	device->fd = -1;
	group_leave(backend, &type1->groups, group_part(device));
}

/* Without a group no map is possible. The next group finds the area in the ledger. */
static int
type1_map_fixed(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	struct type1 *const type1 = to_type1(backend);

	return type1->groups == NULL ? 0 : map_in_container(type1, va, length, iova);
}

static int
type1_unmap(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	struct type1 *const type1 = to_type1(backend);

	(void)va;
	return type1->groups == NULL ? 0 : unmap_in_container(type1, iova, length);
}

/* The kernel's information about the IOMMU, with all capabilities. The caller frees it. */
static int
get_info(const struct type1 *type1, struct vfio_iommu_type1_info **out)
{
	struct vfio_iommu_type1_info *info = NULL;
	uint32_t size = sizeof(*info), told = size;
	int ret;

	do {
		struct vfio_iommu_type1_info *const larger = realloc(info, told);

		if (larger == NULL) {
			free(info);
			return -ENOMEM;
		}
		info = larger;
		size = told;
		memset(info, 0, size);
		info->argsz = size;
		ret = sys_request(type1->backend.sys, type1->fd, VFIO_IOMMU_GET_INFO, info);
		told = info->argsz;
	} while (ret == 0 && told > size);
	if (ret < 0)
		free(info);
	else
		*out = info;
	return ret;
}

static const void *
find_capability(const struct vfio_iommu_type1_info *info, uint16_t id)
{
	const struct vfio_info_cap_header *header;
	uint32_t offset = (info->flags & VFIO_IOMMU_INFO_CAPS) != 0 ? info->cap_offset : 0;

	for (; offset != 0; offset = header->next) {
		header = (const void *)((const char *)info + offset);
		if (header->id == id)
			return header;
	}
	return NULL;
}

static unsigned int
told_ranges(const struct vfio_iommu_type1_info_cap_iova_range *told, struct ioas_range *ranges,
	    unsigned int n)
{
	for (unsigned int i = 0; i < told->nr_iovas && i < n; i++)
		ranges[i] = (struct ioas_range){ told->iova_ranges[i].start,
						 told->iova_ranges[i].end };
	return told->nr_iovas;
}

static int
type1_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
	     uint64_t *alignment)
{
	struct type1 *const type1 = to_type1(backend);
	const struct vfio_iommu_type1_info_cap_iova_range *told;
	struct vfio_iommu_type1_info *info;
	int ret;

	(void)pages;
	*alignment = 1;
	if (type1->groups == NULL) {
		if (n > 0)
			ranges[0] = (struct ioas_range){ 0, UINT64_MAX };
		return 1;
	}
	ret = get_info(type1, &info);
	if (ret < 0)
		return ret;
	if ((info->flags & VFIO_IOMMU_INFO_PGSIZES) != 0)
		*alignment = info->iova_pgsizes & -info->iova_pgsizes;
	told = find_capability(info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ret = told != NULL ? (int)told_ranges(told, ranges, n)
			   : regions_usable(type1->groups, backend->sys->sysfs, ranges, n);
	free(info);
	return ret;
}

/* The kernel reports it since Linux 5.10. */
static uint64_t
type1_room(struct backend *backend)
{
	struct type1 *const type1 = to_type1(backend);
	const struct vfio_iommu_type1_info_dma_avail *told;
	struct vfio_iommu_type1_info *info;
	uint64_t room = UINT64_MAX;

	if (type1->groups == NULL || get_info(type1, &info) < 0)
		return room;
	told = find_capability(info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	if (told != NULL)
		room = told->avail;
	free(info);
	return room;
}

const struct backend_ops type1_ops = {
	.name = "type1",
	.unmappable = "",
	.open = type1_open,
	.close = type1_close,
	.attach = type1_attach,
	.detach = type1_detach,
	.map_fixed = type1_map_fixed,
	.unmap = type1_unmap,
	.room = type1_room,
	.full = "raise vfio_iommu_type1.dma_entry_limit (/sys/module/vfio_iommu_type1/parameters), "
		"or use larger pages or memory that is there from the start (-m)",
	.ranges = type1_ranges,
};
