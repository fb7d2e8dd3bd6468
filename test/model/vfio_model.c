/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * VFIO groups, and containers with a type1 IOMMU. A group is open while its descriptor is open, or that of a
 * device that was opened through it. A container has an address space while it has an IOMMU and a group. All
 * devices of its groups are attached to it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_internal.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

#define PGSIZES (PAGE | UINT64_C(1) << 21 | UINT64_C(1) << 30)

struct model_group {
	struct model_group *next;
	unsigned int number;
	unsigned int refs;            /* its descriptor and its devices */
	unsigned int users;           /* devices that are open */
	struct model_container *container;
	struct model_ctx *ctx;        /* context of the iommufd that serves as container */
};

static struct model_group *groups;
static struct model_container *containers;

static struct model_group *
find_group(unsigned int number)
{
	struct model_group *group = groups;

	while (group != NULL && group->number != number)
		group = group->next;
	return group;
}

bool
model_group_is_open(const struct model_device *device)
{
	return find_group(device->group) != NULL;
}

unsigned int
model_group_number(const struct model_group *group)
{
	return group->number;
}

int
model_open_container(void)
{
	const int ret = model_count(MODEL_OPEN_CONTAINER);
	struct model_container *container;

	if (ret < 0)
		return ret;
	if (model.container_error != 0)
		return model.container_error;
	container = calloc(1, sizeof(*container));
	container->refs = 1;
	container->next = containers;
	containers = container;
	return model_new_file((struct model_file){ .container = container });
}

static void
put_container(struct model_container *container)
{
	struct model_container **link = &containers;

	if (--container->refs > 0)
		return;
	while (*link != container)
		link = &(*link)->next;
	*link = container->next;
	free(container->ioas.areas);
	free(container);
}

int
model_open_group(unsigned int number)
{
	const int ret = model_count(MODEL_OPEN_GROUP);
	const struct model_device *d = model_devices;
	struct model_group *group;

	if (ret < 0)
		return ret;
	while (d != NULL && d->group != number)
		d = d->next;
	if (d == NULL)
		return -ENOENT;
	if (find_group(number) != NULL)
		return -EBUSY;
	for (; d != NULL; d = d->next) {
		if (d->group != number)
			continue;
		if (d->open_error != 0)
			return d->open_error;
		if (d->bound_fd >= 0 || d->holder == MODEL_HELD_BY_GROUP ||
		    d->holder == MODEL_HELD_BY_CDEV)
			return -EBUSY;
	}
	group = calloc(1, sizeof(*group));
	group->number = number;
	group->refs = 1;
	group->next = groups;
	groups = group;
	return model_new_file((struct model_file){ .group = group });
}

static bool
is_viable(const struct model_group *group)
{
	for (const struct model_device *d = model_devices; d != NULL; d = d->next)
		if (d->group == group->number && d->holder == MODEL_HELD_BY_NEIGHBOUR)
			return false;
	return true;
}

/* Whether the firmware demands a 1:1 mapping for a device of the group: the kernel does not give such a group
 * away. */
static bool
is_firmware_bound(const struct model_group *group)
{
	for (const struct model_device *d = model_devices; d != NULL; d = d->next)
		if (d->group == group->number && d->holder == MODEL_HELD_BY_FIRMWARE)
			return true;
	return false;
}

/* --- Containers --- */

static void
detach_devices(const struct model_group *group)
{
	for (struct model_device *d = model_devices; d != NULL; d = d->next)
		if (d->group == group->number)
			model_detach_device(d);
}

static void
remove_areas(struct model_ioas *ioas)
{
	while (ioas->n_areas > 0) {
		const struct model_area area = ioas->areas[ioas->n_areas - 1];

		if (model.changed != NULL)
			model.changed(area.first, area.last, false);
		model_remove_area(ioas, ioas->n_areas - 1);
	}
}

/* Attaches all devices of a group to the container's IOMMU, or none. */
static int
attach_devices(const struct model_group *group, struct model_container *container)
{
	for (struct model_device *d = model_devices; d != NULL; d = d->next) {
		if (d->group == group->number && model_attach_device(d, &container->ioas) < 0) {
			detach_devices(group);
			return -EINVAL;
		}
	}
	return 0;
}

static void
leave_container(struct model_group *group)
{
	struct model_container *const container = group->container;

	if (container == NULL)
		return;
	group->container = NULL;
	container->n_groups--;
	if (model.spapr)
		model_spapr_leave(container);
	else if (container->n_groups == 0)
		remove_areas(&container->ioas);
	if (container->n_groups == 0)
		container->version = 0;
	detach_devices(group);
	put_container(container);
}

static void
leave(struct model_group *group)
{
	leave_container(group);
	if (group->ctx != NULL)
		model_put_ctx(group->ctx);
	group->ctx = NULL;
}

static int
set_container(struct model_group *group, const int *fd)
{
	struct model_file *const file = model_file_of(*fd);
	int ret;

	if (*fd < 0)
		return -EINVAL;
	if (file == NULL)
		return -EBADF;
	if (group->container != NULL || group->ctx != NULL)
		return -EINVAL;
	if (file->ctx != NULL) {
		if (file->ctx->vfio_ioas == 0)
			return -EOPNOTSUPP; /* the kernel would create one: not modelled */
		group->ctx = file->ctx;
		group->ctx->refs++;
		return 0;
	}
	if (file->container == NULL)
		return -EBADFD;
	if (!is_viable(group))
		return -EPERM;
	if (is_firmware_bound(group))
		return -EINVAL;
	/* A partition's kernel cannot give a group the tables of another. */
	if (model.spapr && file->container->n_groups > 0)
		return -EPERM;
	if (file->container->version != 0) {
		ret = attach_devices(group, file->container);
		if (ret < 0)
			return ret;
	}
	group->container = file->container;
	group->container->n_groups++;
	group->container->refs++;
	return 0;
}

static int
set_iommu(struct model_container *container, unsigned long type)
{
	int ret;

	if (container->n_groups == 0 || container->version != 0)
		return -EINVAL;
	if (model.spapr ? type != VFIO_SPAPR_TCE_v2_IOMMU
			: type != VFIO_TYPE1_IOMMU &&
			  (type != VFIO_TYPE1v2_IOMMU || model.type1_version < 2))
		return -ENODEV;
	for (struct model_group *g = groups; g != NULL; g = g->next) {
		if (g->container != container)
			continue;
		ret = attach_devices(g, container);
		if (ret < 0) {
			for (g = groups; g != NULL; g = g->next)
				if (g->container == container)
					detach_devices(g);
			return ret;
		}
	}
	container->version = type == VFIO_TYPE1_IOMMU ? 1 : 2;
	return 0;
}

static int
check_extension(unsigned long extension)
{
	if (model.spapr)
		return extension == VFIO_SPAPR_TCE_IOMMU || extension == VFIO_SPAPR_TCE_v2_IOMMU;
	return (extension == VFIO_TYPE1_IOMMU && model.type1_version >= 1) ||
	       (extension == VFIO_TYPE1v2_IOMMU && model.type1_version >= 2);
}

/* --- type1 --- */

static int
map(struct model_container *container, const struct vfio_iommu_type1_dma_map *arg)
{
	const uint32_t access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct model_ioas *const ioas = &container->ioas;
	struct model_area area = {
		.first = arg->iova,
		.va = arg->vaddr,
		.limited = (arg->flags & access) != access,
	};
	struct ioas_range usable[64];
	const unsigned int n = model_usable(ioas, usable, 64);
	bool valid = false;
	int ret;

	if (arg->argsz < member_end(struct vfio_iommu_type1_dma_map, size) ||
	    (arg->flags & ~access) != 0 || (arg->flags & access) == 0 || arg->size == 0 ||
	    ((arg->size | arg->iova | arg->vaddr) & (PAGE - 1)) != 0 ||
	    arg->iova + (arg->size - 1) < arg->iova || arg->vaddr + (arg->size - 1) < arg->vaddr)
		return -EINVAL;
	area.last = arg->iova + (arg->size - 1);
	if (model_has_area(ioas, area.first, area.last))
		return -EEXIST;
	if (ioas->n_areas >= model.dma_entry_limit)
		return -ENOSPC;
	for (unsigned int i = 0; i < n; i++)
		valid = valid || (area.first >= usable[i].first && area.last <= usable[i].last);
	if (!valid)
		return -EINVAL;
	ret = model_pin(&area);
	if (ret < 0)
		return ret;
	model_insert_area(ioas, area);
	if (model.changed != NULL)
		model.changed(area.first, area.last, true);
	return 0;
}

/* The area that contains an IOVA; NULL: none. */
static const struct model_area *
area_at(const struct model_ioas *ioas, uint64_t iova)
{
	const size_t i = model_area_from(ioas, iova);

	return i < ioas->n_areas && ioas->areas[i].first <= iova ? &ioas->areas[i] : NULL;
}

static int
unmap(struct model_container *container, struct vfio_iommu_type1_dma_unmap *arg)
{
	struct model_ioas *const ioas = &container->ioas;
	const uint64_t last = arg->iova + (arg->size - 1);
	const struct model_area *area;
	uint64_t unmapped = 0;
	size_t i;

	if (arg->argsz < member_end(struct vfio_iommu_type1_dma_unmap, size) || arg->flags != 0 ||
	    arg->size == 0 || ((arg->iova | arg->size) & (PAGE - 1)) != 0 || last < arg->iova)
		return -EINVAL;
	if (container->version == 2) {
		area = area_at(ioas, arg->iova);
		if (area != NULL && area->first != arg->iova)
			return -EINVAL;
		area = area_at(ioas, last);
		if (area != NULL && area->last != last)
			return -EINVAL;
	}
	while ((i = model_area_from(ioas, arg->iova)) < ioas->n_areas &&
	       ioas->areas[i].first <= last) {
		/* Version 1: a map that starts before the range stays. */
		if (ioas->areas[i].first < arg->iova)
			break;
		unmapped += ioas->areas[i].last - ioas->areas[i].first + 1;
		if (model.changed != NULL)
			model.changed(ioas->areas[i].first, ioas->areas[i].last, false);
		model_remove_area(ioas, i);
	}
	arg->size = unmapped;
	return 0;
}

static int
get_info(struct model_container *container, struct vfio_iommu_type1_info *arg)
{
	struct vfio_iommu_type1_info_dma_avail *avail;
	struct vfio_iommu_type1_info_cap_iova_range *told;
	struct ioas_range usable[64];
	const unsigned int n = model_usable(&container->ioas, usable, 64);
	const uint32_t room = arg->argsz, avail_at = sizeof(*arg);
	const uint32_t told_at = avail_at + sizeof(*avail) + sizeof(uint32_t); /* 8-byte aligned */
	const uint32_t size = told_at + sizeof(*told) + n * sizeof(told->iova_ranges[0]);

	if (room < member_end(struct vfio_iommu_type1_info, iova_pgsizes))
		return -EINVAL;
	arg->flags = VFIO_IOMMU_INFO_PGSIZES;
	arg->iova_pgsizes = PGSIZES;
	if (room < sizeof(*arg) || model.no_info_caps)
		return 0;
	arg->flags |= VFIO_IOMMU_INFO_CAPS;
	arg->cap_offset = 0;
	if (model.growing > 0 && room >= size) {
		model.growing--;
		arg->argsz = room + 8;
		return 0;
	}
	if (room < size) {
		arg->argsz = size;
		return 0;
	}
	arg->cap_offset = avail_at;
	avail = (void *)((char *)arg + avail_at);
	*avail = (struct vfio_iommu_type1_info_dma_avail){
		.header = { VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 1, told_at },
		.avail = model.dma_entry_limit - container->ioas.n_areas,
	};
	told = (void *)((char *)arg + told_at);
	told->header = (struct vfio_info_cap_header){ VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1, 0 };
	told->nr_iovas = n;
	told->reserved = 0;
	for (unsigned int i = 0; i < n; i++)
		told->iova_ranges[i] = (struct vfio_iova_range){ usable[i].first, usable[i].last };
	return 0;
}

int
model_container_ioctl(struct model_container *container, unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension((uintptr_t)arg);
	case VFIO_SET_IOMMU:
		return set_iommu(container, (uintptr_t)arg);
	case IOMMU_VFIO_IOAS:
		return model.emulated ? -ENODEV : -EINVAL;
	}
	if (container->version == 0)
		return -EINVAL;
	if (model.spapr)
		return model_spapr_ioctl(container, request, arg);
	switch (request) {
	case VFIO_IOMMU_GET_INFO:
		return get_info(container, arg);
	case VFIO_IOMMU_MAP_DMA:
		return map(container, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return unmap(container, arg);
	default:
		return -ENOTTY;
	}
}

/* --- Groups --- */

static int
get_status(const struct model_group *group, struct vfio_group_status *arg)
{
	if (arg->argsz < sizeof(*arg))
		return -EINVAL;
	arg->flags = 0;
	if (group->container != NULL || group->ctx != NULL)
		arg->flags = VFIO_GROUP_FLAGS_CONTAINER_SET | VFIO_GROUP_FLAGS_VIABLE;
	else if (is_viable(group))
		arg->flags = VFIO_GROUP_FLAGS_VIABLE;
	return 0;
}

/* Whether a name is that of the device, alone or followed by other words. */
static bool
is_named(const struct model_device *device, const char *name)
{
	const size_t n = strlen(device->name);

	return strncmp(device->name, name, n) == 0 && (name[n] == '\0' || name[n] == ' ');
}

/* A token that is not needed is refused, and so is a missing one. */
static int
check_token(const struct model_device *device, const char *name)
{
	static const char word[] = " vf_token=";
	const char *const token = strstr(name, word);

	if (device->vf_token == NULL)
		return token == NULL ? 0 : -EINVAL;
	return token != NULL && strcmp(token + strlen(word), device->vf_token) == 0 ? 0 : -EACCES;
}

static int
get_device(struct model_group *group, const char *name)
{
	struct model_device *d = model_devices;
	int ret;

	while (d != NULL && (d->group != group->number || !is_named(d, name)))
		d = d->next;
	if (d == NULL)
		return -ENODEV;
	if (group->ctx == NULL && (group->container == NULL || group->container->version == 0))
		return -EINVAL;
	if (group->ctx != NULL && !is_viable(group))
		return -EPERM;
	if (group->ctx != NULL && is_firmware_bound(group))
		return -EINVAL;
	ret = check_token(d, name);
	if (ret < 0)
		return ret;
	if (group->ctx != NULL && d->ioas == NULL) {
		ret = model_attach_device(d, model_find_ioas(group->ctx, group->ctx->vfio_ioas));
		if (ret < 0)
			return ret;
	}
	ret = model_new_file((struct model_file){ .device = d, .through = group });
	if (ret >= 0) {
		group->users++;
		group->refs++;
	}
	return ret;
}

static void
put_group(struct model_group *group)
{
	struct model_group **link = &groups;

	if (--group->refs > 0)
		return;
	leave(group);
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	free(group);
}

int
model_group_ioctl(struct model_group *group, unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		return get_status(group, arg);
	case VFIO_GROUP_SET_CONTAINER:
		return set_container(group, arg);
	case VFIO_GROUP_UNSET_CONTAINER:
		if (group->container == NULL && group->ctx == NULL)
			return -EINVAL;
		if (group->container != NULL && group->users > 0)
			return -EBUSY;
		leave(group);
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		return get_device(group, arg);
	default:
		return -ENOTTY;
	}
}

void
model_device_hold(struct model_device *device, bool hold)
{
	struct model_group *const group = find_group(device->group);

	device->held = hold;
	if (hold) {
		group->users++;
		group->refs++;
	} else {
		group->users--;
		if (device->ioas != NULL && device->ioas->ctx != NULL)
			model_detach_device(device);
		put_group(group);
	}
}

void
model_close_vfio(struct model_file *file)
{
	if (file->through != NULL) {
		file->through->users--;
		if (file->through->ctx != NULL && !file->device->held)
			model_detach_device(file->device);
		put_group(file->through);
	}
	if (file->group != NULL)
		put_group(file->group);
	if (file->container != NULL)
		put_container(file->container);
}

uint64_t
model_container_areas(void)
{
	uint64_t n = 0;

	for (const struct model_container *c = containers; c != NULL; c = c->next)
		n += c->ioas.n_areas;
	return n;
}

void
model_stop_vfio(void)
{
	while (groups != NULL) {
		struct model_group *const group = groups;

		groups = group->next;
		free(group);
	}
	while (containers != NULL) {
		struct model_container *const container = containers;

		containers = container->next;
		free(container->ioas.areas);
		free(container);
	}
}
