/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * sPAPR TCE, version 2: VFIO's IOMMU on POWER.
 *
 * A container has a few windows of IOVAs, each with its own IOMMU page size: a default one of 1 or
 * 2 GiB with pages of 4 KiB, and others that are created on demand at an address that the platform
 * chooses. An IOMMU page must not be larger than the memory's page behind it, or the device could
 * reach what lies beside; so small pages stay in the default window, and a created one has pages as
 * large as the memory that it is made for. Memory is registered, which pins it, before it is mapped.
 *
 * Each group has a container of its own: a partition's kernel refuses to share windows between
 * groups, and where it does not refuse (bare metal) it clears them for all groups when one leaves
 * (Linux 6.12). The containers are alike: the same windows, memory and maps in each. Memory that is
 * registered in several is pinned once.
 *
 * The kernel does not notice a map over another one: the ledger does.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "group.h"
#include <linux/vfio.h>

#define MAX_WINDOWS 2 /* IOMMU_TABLE_GROUP_MAX_TABLES */
#define DEFAULT_PAGE UINT64_C(4096)
/* What the default window has at least, on every platform: for maps before the first attach. */
#define DEFAULT_SIZE (UINT64_C(1) << 30)

struct window {
	uint64_t first, size, page;
};

/* A registered piece of memory. */
struct registration {
	struct tree_node va;
	uint64_t areas; /* that have a part in it */
};

struct container {
	struct container *next;
	int fd;
	struct group *group;
};

struct spapr {
	struct backend backend;
	struct container *containers;
	struct window window[MAX_WINDOWS];
	unsigned int n_windows;
	uint64_t page_sizes;        /* that windows can have */
	unsigned int max_windows, levels;
	struct tree registered;
};

static struct spapr *
to_spapr(struct backend *backend)
{
	return container_of(backend, struct spapr, backend);
}

static int
container_request(const struct spapr *spapr, const struct container *container, unsigned long request, void *arg)
{
	return sys_request(spapr->backend.sys, container->fd, request, arg);
}

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
	/* Each group will have its own. */
	with->sys->close(fd);
	*backend = &spapr->backend;
	return 0;
}

static void
spapr_close(struct backend *backend)
{
	struct spapr *const spapr = to_spapr(backend);
	struct tree_node *node;

	while ((node = tree_from(&spapr->registered, 0)) != NULL) {
		tree_remove(&spapr->registered, node);
		free(container_of(node, struct registration, va));
	}
	free(spapr);
}

/* --- Memory --- */

static int
call_memory(const struct spapr *spapr, const struct container *container, unsigned long request,
	    const struct tree_node *va)
{
	struct vfio_iommu_spapr_register_memory arg = {
		.argsz = sizeof(arg),
		.vaddr = va->first,
		.size = tree_length(va),
	};

	return container_request(spapr, container, request, &arg);
}

/* Makes a call in every container; if it fails in one, the opposite call in those before it. */
static int
call_memory_all(const struct spapr *spapr, unsigned long request, unsigned long opposite,
		const struct tree_node *va)
{
	const struct container *const first = spapr->containers;
	int ret;

	for (const struct container *c = first; c != NULL; c = c->next) {
		ret = call_memory(spapr, c, request, va);
		if (ret < 0) {
			for (const struct container *undo = first; undo != c; undo = undo->next)
				call_memory(spapr, undo, opposite, va);
			return ret;
		}
	}
	return 0;
}

static int
unregister(const struct spapr *spapr, const struct tree_node *va)
{
	return call_memory_all(spapr, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY,
			       VFIO_IOMMU_SPAPR_REGISTER_MEMORY, va);
}

/* One area less has a part in what is registered of [first, last]. What the kernel does not take back
 * stays known, for the next area there. */
static void
release(struct spapr *spapr, uint64_t first, uint64_t last)
{
	struct tree_node *node;

	while (first <= last && (node = tree_from(&spapr->registered, first)) != NULL &&
	       node->first <= last) {
		struct registration *const memory = container_of(node, struct registration, va);

		first = node->last + 1;
		if (--memory->areas > 0 || unregister(spapr, node) < 0)
			continue;
		tree_remove(&spapr->registered, node);
		free(memory);
	}
}

static int
add_registration(struct spapr *spapr, uint64_t first, uint64_t last)
{
	struct registration *const memory = calloc(1, sizeof(*memory));
	int ret;

	if (memory == NULL)
		return -ENOMEM;
	memory->va.first = first;
	memory->va.last = last;
	ret = call_memory_all(spapr, VFIO_IOMMU_SPAPR_REGISTER_MEMORY,
			      VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, &memory->va);
	if (ret < 0) {
		free(memory);
		return ret;
	}
	tree_insert(&spapr->registered, &memory->va);
	return 0;
}

/* Registers what is not registered yet of [first, last], on behalf of one more area. The kernel
 * takes no piece twice, and gives back pieces as they were taken only. */
static int
acquire(struct spapr *spapr, uint64_t first, uint64_t last)
{
	uint64_t from = first;
	int ret = 0;

	while (from <= last) {
		struct tree_node *node = tree_from(&spapr->registered, from);

		if (node == NULL || node->first > from) {
			const uint64_t end = node == NULL || node->first > last ? last
										: node->first - 1;

			ret = add_registration(spapr, from, end);
			if (ret < 0)
				break;
			node = tree_find(&spapr->registered, from);
		}
		container_of(node, struct registration, va)->areas++;
		from = node->last + 1;
	}
	if (ret < 0 && from > first)
		release(spapr, first, from - 1);
	return ret;
}

/* --- Maps --- */

static int
map_in(const struct spapr *spapr, const struct container *container, uint64_t va, uint64_t length,
       uint64_t iova)
{
	return container_map(spapr->backend.sys, container->fd, va, length, iova);
}

/* What is not mapped can be unmapped as well. */
static int
unmap_in(const struct spapr *spapr, const struct container *container, uint64_t iova,
	 uint64_t length)
{
	return container_unmap(spapr->backend.sys, container->fd, iova, &length);
}

/* In the containers before this one (NULL: in all). */
static int
unmap(const struct spapr *spapr, uint64_t iova, uint64_t length, const struct container *end)
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

	ret = acquire(spapr, va, va + (length - 1));
	if (ret < 0)
		return ret;
	for (const struct container *c = spapr->containers; c != NULL; c = c->next) {
		ret = map_in(spapr, c, va, length, iova);
		if (ret < 0) {
			unmap(spapr, iova, length, c);
			release(spapr, va, va + (length - 1));
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

	ret = unmap(spapr, iova, length, NULL);
	if (ret == 0)
		release(spapr, va, va + (length - 1));
	return ret;
}

/* --- Windows --- */

/* Creates a window; where it lies is the platform's choice. */
static int
create_window(const struct spapr *spapr, const struct container *container, struct window *window)
{
	struct vfio_iommu_spapr_tce_create arg = {
		.argsz = sizeof(arg),
		.page_shift = __builtin_ctzll(window->page),
		.window_size = window->size,
		.levels = 1,
	};
	int ret;

	/* A table in one piece is the fastest; a large one may need more levels. */
	do
		ret = container_request(spapr, container, VFIO_IOMMU_SPAPR_TCE_CREATE, &arg);
	while (ret == -ENOMEM && ++arg.levels <= spapr->levels);
	window->first = arg.start_addr;
	return ret;
}

static void
remove_window(const struct spapr *spapr, const struct container *container, uint64_t first)
{
	struct vfio_iommu_spapr_tce_remove arg = { .argsz = sizeof(arg), .start_addr = first };

	container_request(spapr, container, VFIO_IOMMU_SPAPR_TCE_REMOVE, &arg);
}

/* Creates a window in one more container, where the others have it. */
static int
create_same_window(const struct spapr *spapr, const struct container *container,
		   const struct window *window)
{
	struct window another = *window;
	int ret;

	ret = create_window(spapr, container, &another);
	if (ret == 0 && another.first != window->first) {
		remove_window(spapr, container, another.first);
		ret = -EADDRINUSE;
	}
	return ret;
}

/* Creates a window in all containers. */
static int
create_windows(const struct spapr *spapr, struct window *window)
{
	const struct container *const first = spapr->containers;
	int ret;

	ret = create_window(spapr, first, window);
	if (ret < 0)
		return ret;
	for (const struct container *c = first->next; c != NULL; c = c->next) {
		ret = create_same_window(spapr, c, window);
		if (ret < 0) {
			for (const struct container *undo = first; undo != c; undo = undo->next)
				remove_window(spapr, undo, window->first);
			return ret;
		}
	}
	return 0;
}

/* The largest page that windows can have, up to this one. */
static uint64_t
largest_page(const struct spapr *spapr, uint64_t page)
{
	const uint64_t smaller = spapr->page_sizes & (page | (page - 1));

	return smaller == 0 ? 0 : UINT64_C(1) << (63 - __builtin_clzll(smaller));
}

/* As large as all memory of the machine, so that one serves for good, or as this piece. */
static uint64_t
window_size(uint64_t length)
{
	const uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	uint64_t size = DEFAULT_SIZE;

	while (size < memory || size < length)
		size <<= 1;
	return size;
}

static int
spapr_grow(struct backend *backend, uint64_t va, uint64_t length, uint64_t page)
{
	struct spapr *const spapr = to_spapr(backend);
	const uint64_t both = va | length, lowest = both & -both;
	struct window window = { .size = window_size(length) };
	int ret;

	window.page = largest_page(spapr, lowest < page ? lowest : page);
	if (spapr->containers == NULL || spapr->n_windows == MAX_WINDOWS ||
	    spapr->n_windows >= spapr->max_windows || window.page == 0) {
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": the %u DMA windows that there are have no "
			 "room for pages of %s, and there can be no further one: use less memory, or "
			 "huge pages for all of it", ioas_size_text(length).text, va,
			 spapr->n_windows, ioas_size_text(page).text);
		return -ENOSPC;
	}
	ret = create_windows(spapr, &window);
	if (ret < 0) {
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": the platform gives no further DMA window of "
			 "%s: %s: use less memory", ioas_size_text(length).text, va,
			 ioas_size_text(window.size).text, strerror(-ret));
		return ret;
	}
	spapr->window[spapr->n_windows++] = window;
	ioas_log(backend->log, IOAS_LOG_INFO, "DMA window of %s at 0x%" PRIx64 ", pages of %s",
		 ioas_size_text(window.size).text, window.first,
		 ioas_size_text(window.page).text);
	return 0;
}

static void
spapr_shrink(struct backend *backend)
{
	struct spapr *const spapr = to_spapr(backend);
	const struct window *const last = &spapr->window[--spapr->n_windows];

	for (const struct container *c = spapr->containers; c != NULL; c = c->next)
		remove_window(spapr, c, last->first);
}

static int
spapr_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
	     uint64_t *alignment)
{
	const struct spapr *const spapr = to_spapr(backend);

	for (unsigned int i = 0; i < spapr->n_windows && i < n; i++) {
		const struct window *const window = &spapr->window[i];

		ranges[i] = (struct ioas_range){ window->first,
						 window->first + (window->size - 1) };
		pages[i] = window->page;
	}
	/* Memory is registered in pages of the CPU. */
	*alignment = sysconf(_SC_PAGESIZE);
	return spapr->n_windows;
}

/* --- Devices --- */

/* Reads the default window. All containers must have the same. */
static int
read_info(struct spapr *spapr, const struct container *container)
{
	struct vfio_iommu_spapr_tce_info info = { .argsz = sizeof(info) };
	struct window *const window = &spapr->window[0];
	int ret;

	ret = container_request(spapr, container, VFIO_IOMMU_SPAPR_TCE_GET_INFO, &info);
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

/* Gives the container the windows, memory and maps that the others have. */
static int
fill(struct spapr *spapr, const struct container *container)
{
	const struct ledger *const ledger = spapr->backend.ledger;
	const struct tree_node *node;
	int ret;

	ret = read_info(spapr, container);
	for (unsigned int i = 1; ret == 0 && i < spapr->n_windows; i++)
		ret = create_same_window(spapr, container, &spapr->window[i]);
	for (node = tree_from(&spapr->registered, 0); ret == 0 && node != NULL;
	     node = tree_from(&spapr->registered, node->last + 1))
		ret = call_memory(spapr, container, VFIO_IOMMU_SPAPR_REGISTER_MEMORY, node);
	for (const struct area *area = ledger_from_iova(ledger, 0); ret == 0 && area != NULL;
	     area = ledger_next(ledger, area))
		ret = map_in(spapr, container, area->va.first, tree_length(&area->va),
			     area->iova.first);
	/* ENXIO: in no window. */
	return ret == -ENXIO ? -EADDRINUSE : ret;
}

/* Takes all that away again, as far as it is there: the device may stay open through maps of its
 * registers that the application keeps, and its DMA must end all the same. */
static void
drain(const struct spapr *spapr, const struct container *container)
{
	const struct ledger *const ledger = spapr->backend.ledger;
	const struct tree_node *node;

	for (const struct area *area = ledger_from_iova(ledger, 0); area != NULL;
	     area = ledger_next(ledger, area))
		unmap_in(spapr, container, area->iova.first, tree_length(&area->iova));
	for (node = tree_from(&spapr->registered, 0); node != NULL;
	     node = tree_from(&spapr->registered, node->last + 1))
		call_memory(spapr, container, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, node);
	for (unsigned int i = 1; i < spapr->n_windows; i++)
		remove_window(spapr, container, spapr->window[i].first);
}

static void
close_container(struct spapr *spapr, struct container *container)
{
	struct group *const group = container->group;

	if (group != NULL) {
		drain(spapr, container);
		group_leave(&spapr->backend, &container->group, group);
	}
	spapr->backend.sys->close(container->fd);
	free(container);
}

/* A container with the device's group, like the others; not in the list yet. */
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
			ret = fill(spapr, container);
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
