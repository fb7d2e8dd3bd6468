/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * sPAPR TCE, version 2: VFIO's IOMMU on POWER.
 *
 * A container has a few DMA windows (in this backend: windows), each with its own IOMMU page size: a default
 * one of 1 or 2 GiB with pages of 4 KiB, and others that are created on demand at an address that the
 * platform chooses. An IOMMU page must not be larger than the memory's page behind it, or the device could
 * reach memory next to it. Therefore small pages stay in the default window, and a created window has pages
 * as large as those of the memory that needs it. Memory must be registered, which pins it, before it is
 * mapped.
 *
 * Each group has its own container, for two reasons. A partition's kernel refuses to share windows between
 * groups. Bare metal does not refuse, but clears them for all groups when one leaves (Linux 6.12). All
 * containers have the same windows, memory and maps. Memory that is registered in several is pinned once.
 *
 * The kernel does not notice a map over another one: the ledger does.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "container.h"
#include "spapr.h"
#include <linux/vfio.h>

bool
spapr_is_here(const struct ioas_sys *sys)
{
	const int fd = sys->open(CONTAINER, O_RDWR | O_CLOEXEC);
	bool here;

	if (fd < 0)
		return false;
	here = container_has(sys, fd, VFIO_SPAPR_TCE_v2_IOMMU) > 0;
	sys->close(fd);
	return here;
}

static int
open_container(const struct backend *backend)
{
	int fd, ret;

	fd = container_open(backend->nodes, backend->log);
	if (fd < 0)
		return fd;
	ret = container_has(backend->sys, fd, VFIO_SPAPR_TCE_v2_IOMMU);
	if (ret > 0)
		return fd;
	ioas_log(backend->log, IOAS_LOG_ERR, CONTAINER " has no sPAPR IOMMU, version 2: it is found on POWER, "
		 "with CONFIG_VFIO_IOMMU_SPAPR_TCE");
	backend->sys->close(fd);
	return ret < 0 ? ret : -EOPNOTSUPP;
}

static int
spapr_open(const struct backend *with, struct backend **backend)
{
	struct spapr *spapr;
	int fd;

	spapr = malloc(sizeof(*spapr));
	if (spapr == NULL)
		return ioas_no_memory(with->log, "open backend spapr");
	*spapr = (struct spapr){
		.backend = *with,
		.window = { { 0, DEFAULT_SIZE, DEFAULT_PAGE } },
		.n_windows = 1,
	};
	spapr->backend.ops = &spapr_ops;
	fd = open_container(with);
	if (fd < 0) {
		free(spapr);
		return fd;
	}
	/* Each group gets its own container later. */
	with->sys->close(fd);
	*backend = &spapr->backend;
	return 0;
}

static void
spapr_close(struct backend *backend)
{
	struct spapr *const spapr = to_spapr(backend);

	spapr_forget_memory(spapr);
	free(spapr);
}

static int
map_in(const struct spapr *spapr, const struct container *container, uint64_t va, uint64_t length,
       uint64_t iova)
{
	return container_map(spapr->backend.sys, container->fd, va, length, iova);
}

/* Succeeds also if nothing is mapped there. */
static int
unmap_in(const struct spapr *spapr, const struct container *container, uint64_t iova,
	 uint64_t length)
{
	return container_unmap(spapr->backend.sys, container->fd, iova, &length);
}

/* Unmaps in the containers before this one (NULL: in all). */
static int
unmap_before(const struct spapr *spapr, uint64_t iova, uint64_t length, const struct container *end)
{
	int ret = 0;

	for (const struct container *c = spapr->containers; c != end; c = c->next) {
		const int one = unmap_in(spapr, c, iova, length);

		ret = one < 0 ? one : ret;
	}
	return ret;
}

static int
spapr_map_fixed(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	struct spapr *const spapr = to_spapr(backend);
	int ret;

	ret = spapr_register(spapr, va, va + (length - 1));
	if (ret < 0)
		return ret;
	for (const struct container *c = spapr->containers; c != NULL; c = c->next) {
		ret = map_in(spapr, c, va, length, iova);
		if (ret < 0) {
			unmap_before(spapr, iova, length, c);
			spapr_release(spapr, va, va + (length - 1));
			return ret;
		}
	}
	return 0;
}

static int
spapr_unmap(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	struct spapr *const spapr = to_spapr(backend);
	int ret;

	ret = unmap_before(spapr, iova, length, NULL);
	if (ret == 0)
		spapr_release(spapr, va, va + (length - 1));
	return ret;
}

/* Reads the default window, which must be the same in all containers. */
static int
read_info(struct spapr *spapr, const struct container *container)
{
	struct vfio_iommu_spapr_tce_info info = { .argsz = sizeof(info) };
	struct window *const window = &spapr->window[0];
	int ret;

	ret = spapr_request(spapr, container, VFIO_IOMMU_SPAPR_TCE_GET_INFO, &info);
	if (ret < 0)
		return ret;
	if (spapr->containers != NULL && (info.dma32_window_start != window->first ||
					  info.dma32_window_size != window->size))
		return -EADDRINUSE;
	window->first = info.dma32_window_start;
	window->size = info.dma32_window_size;
	spapr->page_sizes = info.ddw.pgsizes;
	spapr->max_windows = info.ddw.max_dynamic_windows_supported;
	spapr->levels = info.ddw.levels;
	return 0;
}

/* Gives the container the windows, memory and maps of the others. */
static int
fill_container(struct spapr *spapr, const struct container *container)
{
	const struct ledger *const ledger = spapr->backend.ledger;
	const struct tree_node *node;
	int ret;

	ret = read_info(spapr, container);
	for (unsigned int i = 1; ret == 0 && i < spapr->n_windows; i++)
		ret = spapr_create_window(spapr, container, &spapr->window[i]);
	for (node = tree_from(&spapr->registered, 0); ret == 0 && node != NULL;
	     node = tree_from(&spapr->registered, node->last + 1))
		ret = spapr_request_memory(spapr, container, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, node);
	for (const struct area *area = ledger_from_iova(ledger, 0); ret == 0 && area != NULL;
	     area = ledger_next(ledger, area))
		ret = map_in(spapr, container, area->va.first, tree_length(&area->va),
			     area->iova.first);
	/* ENXIO: in no window. */
	return ret == -ENXIO ? -EADDRINUSE : ret;
}

/* Removes them again, as far as they exist. The application may keep the device open through maps of its
 * registers, but its DMA must end. */
static void
drain_container(const struct spapr *spapr, const struct container *container)
{
	const struct ledger *const ledger = spapr->backend.ledger;
	const struct tree_node *node;

	for (const struct area *area = ledger_from_iova(ledger, 0); area != NULL;
	     area = ledger_next(ledger, area))
		unmap_in(spapr, container, area->iova.first, tree_length(&area->iova));
	for (node = tree_from(&spapr->registered, 0); node != NULL;
	     node = tree_from(&spapr->registered, node->last + 1))
		spapr_request_memory(spapr, container, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, node);
	for (unsigned int i = 1; i < spapr->n_windows; i++)
		spapr_remove_window(spapr, container, spapr->window[i].first);
}

static void
close_container(struct spapr *spapr, struct container *container)
{
	struct group *const group = container->group;

	if (group != NULL) {
		drain_container(spapr, container);
		group_leave(&spapr->backend, &container->group, group);
	}
	spapr->backend.sys->close(container->fd);
	free(container);
}

/* Creates a container with the device's group, like the others. Does not add it to the list. */
static int
new_container(struct spapr *spapr, struct ioas_device *device, struct container **out)
{
	struct backend *const backend = &spapr->backend;
	struct container *const container = calloc(1, sizeof(*container));
	int ret;

	if (container == NULL)
		return ioas_no_memory(backend->log, "open a container");
	container->fd = open_container(backend);
	if (container->fd < 0) {
		ret = container->fd;
		free(container);
		return ret;
	}
	ret = group_enter(backend, &container->group, container->fd, device);
	if (ret == 0) {
		ret = container_set_iommu(backend->sys, container->fd, VFIO_SPAPR_TCE_v2_IOMMU);
		if (ret == 0)
			ret = fill_container(spapr, container);
		if (ret < 0)
			device_log_attach_failure(device, backend->log, ret);
	}
	if (ret < 0)
		close_container(spapr, container);
	else
		*out = container;
	return ret;
}

static int
spapr_attach(struct backend *backend, struct ioas_device *device,
	     const struct ioas_attach_options *options)
{
	struct spapr *const spapr = to_spapr(backend);
	struct container *container = spapr->containers;
	int ret;

	ret = group_check_options(backend, device, options);
	if (ret < 0)
		return ret;
	while (container != NULL && container->group->number != device->group_number)
		container = container->next;
	if (container != NULL) {
		ret = group_enter(backend, &container->group, container->fd, device);
		if (ret == 0)
			ret = group_open_device(backend, device, options);
		if (ret < 0)
			group_part(device);
		return ret;
	}
	ret = new_container(spapr, device, &container);
	if (ret < 0)
		return ret;
	ret = group_open_device(backend, device, options);
	if (ret < 0) {
		group_part(device);
		close_container(spapr, container);
		return ret;
	}
	container->next = spapr->containers;
	spapr->containers = container;
	return 0;
}

static void
spapr_detach(struct backend *backend, struct ioas_device *device)
{
	struct spapr *const spapr = to_spapr(backend);
	struct group *const last = group_part(device);
	struct container **link = &spapr->containers, *container;

	if (last != NULL) {
		while ((*link)->group != last)
			link = &(*link)->next;
		container = *link;
		*link = container->next;
		backend->sys->close(device->fd);
		close_container(spapr, container);
	} else {
		backend->sys->close(device->fd);
	}
	device->fd = -1;
}

const struct backend_ops spapr_ops = {
	.name = "spapr",
	.unmappable = "",
	.open = spapr_open,
	.close = spapr_close,
	.attach = spapr_attach,
	.detach = spapr_detach,
	.map_fixed = spapr_map_fixed,
	.unmap = spapr_unmap,
	.ranges = spapr_ranges,
	.grow = spapr_grow,
	.shrink = spapr_shrink,
};
