/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The address space: each call is a transaction that either happens or leaves all as it was.
 *
 * The parts and who may fail: memory for the record is taken first, then the placement is asked,
 * the table is prepared, and the kernel is called last; what follows (ledger, placement, table)
 * cannot fail. The table shows an address only while the kernel has it mapped: it is filled after
 * the kernel's map and cleared before the kernel's unmap.
 *
 * One lock, of all spaces of a family, guards everything but the tables' entries (family.h).
 */

#include <errno.h>
#include <inttypes.h>
#include <numa.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "area.h"
#include "clock.h"
#include "follow.h"
#include "stats.h"

unsigned int
ioas_tables(const struct ioas *space, const struct ioas_table **tables, unsigned int n)
{
	for (unsigned int i = 0; tables != NULL && i < n && i < space->table.n; i++)
		tables[i] = table_reader(&space->table, i);
	return space->table.n;
}

const struct ioas_table *
ioas_table_of_node(const struct ioas *space, int node)
{
	unsigned int i = 0;

	while (i < space->table.n && table_reader(&space->table, i)->node != node)
		i++;
	return table_reader(&space->table, i < space->table.n ? i : 0);
}

const struct ioas_table *
ioas_table(const struct ioas *space)
{
	unsigned int cpu, node;

	if (space->table.n == 1 || getcpu(&cpu, &node) != 0)
		return table_reader(&space->table, 0);
	return ioas_table_of_node(space, node);
}

/* Asks the kernel for the ranges. */
static int
read_usable(const struct ioas *space, struct usable *usable)
{
	unsigned int room = 8;
	int n;

	for (;;) {
		*usable = (struct usable){
			.ranges = calloc(room, sizeof(*usable->ranges)),
			.pages = calloc(room, sizeof(*usable->pages)),
		};
		n = -ENOMEM;
		if (usable->ranges != NULL && usable->pages != NULL)
			n = space->backend->ops->ranges(space->backend, usable->ranges, usable->pages,
							room, &usable->alignment);
		if (n >= 0 && (unsigned int)n <= room)
			break;
		usable_free(usable);
		if (n < 0) {
			ioas_log(&space->log, IOAS_LOG_ERR, "cannot read the usable IOVA ranges: %s",
				 strerror(-n));
			return n;
		}
		room = n;
	}
	usable->n = n;
	if (usable->alignment < 4096)
		usable->alignment = 4096;
	usable_leave_out_last_page(usable);
	return 0;
}

/* What was usable before refresh_ranges(): by the devices of the space, and of its family. */
struct old_ranges {
	struct usable own, all;
};

/* Puts the old ranges back. */
static void
restore_ranges(struct ioas *space, struct old_ranges *old)
{
	usable_free(&space->own);
	space->own = old->own;
	usable_free(&space->family->placement.usable);
	space->family->placement.usable = old->all;
}

static void
free_ranges(struct old_ranges *old)
{
	usable_free(&old->own);
	usable_free(&old->all);
}

/* Asks the kernel anew what the space's devices can use. On failure all stays. */
static int
refresh_ranges(struct ioas *space, struct old_ranges *old)
{
	struct placement *const placement = &space->family->placement;
	struct usable own, all;
	int ret;

	ret = read_usable(space, &own);
	if (ret < 0)
		return ret;
	old->own = space->own;
	space->own = own;
	ret = family_intersect(space->family, &all);
	if (ret < 0) {
		space->own = old->own;
		usable_free(&own);
		return ioas_no_memory(&space->log, "keep the usable IOVA ranges");
	}
	old->all = placement->usable;
	placement->usable = all;
	return 0;
}

/* As above, where failure matters to nobody. */
static void
widen_ranges(struct ioas *space)
{
	struct old_ranges old;

	if (refresh_ranges(space, &old) == 0)
		free_ranges(&old);
}

static int
check_window(struct ioas_range window, const struct ioas_log *log)
{
	if (window.first <= window.last &&
	    (window.last == 0 || ((window.first & 4095) == 0 && (window.last & 4095) == 4095)))
		return 0;
	ioas_log(log, IOAS_LOG_ERR,
		 "window 0x%" PRIx64 "-0x%" PRIx64 " is not a range of whole 4 KiB pages: give the "
		 "first and the last byte, 0x100000000-0x1ffffffff for example", window.first,
		 window.last);
	return -EINVAL;
}

/* In the options both 0 stand for all there is. */
static struct ioas_range
whole_window(struct ioas_range window)
{
	if (window.last == 0)
		window.last = UINT64_MAX;
	return window;
}

/* What follows has all but the table and the log from the space that it follows. */
static int
check_follow(const struct ioas_options *options, const struct ioas_log *log)
{
	const struct ioas *const root = options->follow;

	if (space_follows(root) || options->backend != NULL || options->n_descriptors != 0 ||
	    options->window.first != 0 || options->window.last != 0 || options->quarantine != 0) {
		ioas_log(log, IOAS_LOG_ERR,
			 "a space that follows another takes backend, window, descriptors and quarantine "
			 "from that one, which must not follow a third");
		return -EINVAL;
	}
	if (root->backend->ops->copy == NULL) {
		ioas_log(log, IOAS_LOG_ERR,
			 "backend %s has no further I/O address space for the same memory: use backend "
			 "iommufd (Linux 6.2, CONFIG_IOMMUFD)", root->backend->ops->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* How large they were in the first release: a program that was compiled for it gives that size. */
#define END_OF(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))
#define FIRST_OPTIONS END_OF(struct ioas_options, quarantine)
#define FIRST_ATTACH_OPTIONS END_OF(struct ioas_attach_options, hwpt_flags)

/* Takes over what a program has filled in; what it does not know stays zero. False: that is smaller than
 * it ever was, or larger than this library knows. */
static bool
take_options(void *own, size_t own_size, size_t first_size, const void *options, size_t size)
{
	if (size < first_size || size > own_size)
		return false;
	memcpy(own, options, size);
	return true;
}

static int
check_options(struct ioas_options *own, const struct ioas_options *options, const struct ioas_log *log)
{
	if (!take_options(own, sizeof(*own), FIRST_OPTIONS, options, options->size)) {
		ioas_log(log, IOAS_LOG_ERR, "ioas_options.size is %zu, this library knows %zu",
			 options->size, sizeof(*own));
		return -EINVAL;
	}
	options = own;
	if (options->follow != NULL)
		return check_follow(options, log);
	return check_window(options->window, log);
}

/* The nodes that this process may run on; -1 instead of the only one, whose memory is taken anyway.
 * Returns how many; the caller frees them. */
static int
default_nodes(int **out)
{
	struct bitmask *const mask = numa_available() < 0 ? NULL : numa_get_run_node_mask();
	int n = 0, *nodes;

	nodes = calloc(mask == NULL ? 1 : mask->size, sizeof(*nodes));
	for (int i = 0; nodes != NULL && mask != NULL && i <= numa_max_node(); i++)
		if (numa_bitmask_isbitset(mask, i))
			nodes[n++] = i;
	if (mask != NULL)
		numa_free_nodemask(mask);
	if (nodes == NULL)
		return -ENOMEM;
	if (n <= 1) {
		nodes[0] = -1;
		n = 1;
	}
	*out = nodes;
	return n;
}

static int
create_table(struct ioas *space, const struct ioas_options *options)
{
	int *nodes = NULL, n, ret;

	if (options->n_nodes > 0) {
		ret = table_create(&space->table, ioas_sys, options->nodes, options->n_nodes);
	} else {
		n = default_nodes(&nodes);
		ret = n < 0 ? n : table_create(&space->table, ioas_sys, nodes, n);
		free(nodes);
	}
	if (ret < 0) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve address space for the lookup table: %s", table_explain(ret));
		return ret == -EAGAIN ? -ENOMEM : ret;
	}
	if (space->table.flat_error != 0)
		ioas_log(&space->log, IOAS_LOG_WARNING,
			 "no address space for the flat lookup table (%s for each NUMA node), lookups "
			 "take a slower path: %s", ioas_size_text(TABLE_FLAT_SIZE).text,
			 table_explain(space->table.flat_error));
	if (space->table.bind_error != 0)
		ioas_log(&space->log, IOAS_LOG_WARNING,
			 "a replica of the lookup table is not in its NUMA node's memory: %s",
			 strerror(-space->table.bind_error));
	return 0;
}

/* What the root decides for all spaces. */
static int
create_family(struct ioas *root, const struct ioas_options *options)
{
	struct placement *placement;
	int ret;

	ret = family_create(root, options);
	if (ret < 0)
		return ret;
	placement = &root->family->placement;
	placement->next = PLACEMENT_START;
	placement->window = whole_window(options->window);
	placement->guard = options->quarantine != 0 ? PLACEMENT_GUARD : 0;
	root->ledger.history.quarantine = options->quarantine;
	return 0;
}

static void
join_family(struct ioas *space, struct ioas *root)
{
	space->family = root->family;
	space->ledger.history.quarantine = root->ledger.history.quarantine;
}

int
ioas_create(const struct ioas_options *options, struct ioas **out)
{
	static const struct ioas_options defaults = { .size = sizeof(defaults) };
	struct ioas_options own = { 0 };
	struct backend with;
	struct ioas *space;
	int ret;

	if (options == NULL)
		options = &defaults;
	ret = check_options(&own, options, &(struct ioas_log){ options->log, options->log_arg });
	if (ret < 0)
		return ret;
	options = &own;
	space = calloc(1, sizeof(*space));
	if (space == NULL)
		return ioas_no_memory(&(struct ioas_log){ options->log, options->log_arg },
				      "create an I/O address space");
	space->same_iova = options->same_iova;
	space->log = (struct ioas_log){ options->log, options->log_arg };
	if (options->follow != NULL)
		join_family(space, options->follow);
	else
		ret = create_family(space, options);
	if (ret < 0)
		goto err_free;
	ret = create_table(space, options);
	if (ret < 0)
		goto err_family;
	with = (struct backend){
		.sys = ioas_sys,
		.log = &space->log,
		.ledger = &space->ledger,
		.nodes = &space->family->nodes,
		.beside = options->follow != NULL ? options->follow->backend : NULL,
	};
	ret = backend_open(options->backend, &with, &space->backend);
	if (ret < 0)
		goto err_table;
	if (!space_follows(space))
		space->family->placement.alignment = space->backend->ops->kernel_chooses
			? ioas_sys->huge_page() : PLACEMENT_ALIGNMENT;
	ret = read_usable(space, &space->own);
	if (ret < 0)
		goto err_backend;
	ret = family_enter(space);
	if (ret < 0) {
		ioas_no_memory(&space->log, "keep the usable IOVA ranges");
		goto err_usable;
	}
	if (!space_follows(space)) {
		watch_create(space->family);
		fork_enter(space->family);
	}
	*out = space;
	return 0;

err_usable:
	usable_free(&space->own);
err_backend:
	space->backend->ops->close(space->backend);
err_table:
	table_destroy(&space->table);
err_family:
	if (!space_follows(space))
		family_destroy(space->family);
err_free:
	free(space);
	return ret;
}

/* Frees every record of an area. */
static void
free_records(struct ioas *space)
{
	struct area *area;
	struct tree_node *node;

	history_clear(&space->ledger.history, &space->family->placement);
	while ((area = ledger_from_iova(&space->ledger, 0)) != NULL) {
		ledger_remove(&space->ledger, area);
		free(area);
	}
	while ((node = tree_from(&space->ledger.lost, 0)) != NULL) {
		tree_remove(&space->ledger.lost, node);
		free(container_of(node, struct area, iova));
	}
	forget_free_slabs(space);
	usable_free(&space->own);
}

void
ioas_destroy(struct ioas *space)
{
	bool root;

	if (space == NULL)
		return;
	root = !space_follows(space);
	if (root && space->family->spaces != space) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot destroy a space that others follow: destroy those first");
		return;
	}
	while (space->devices != NULL)
		ioas_detach(space->devices);
	if (root)
		watch_destroy(space->family);
	else
		follow_leave(space);
	fork_close(space);
	if (root)
		fork_leave(space->family);
	free_records(space);
	table_destroy(&space->table);
	if (root)
		family_destroy(space->family);
	free(space);
}

static struct ioas_device *
find_device(const struct ioas *space, const char *name)
{
	struct ioas_device *device = space->devices;

	while (device != NULL && !device_is_named(device, name))
		device = device->next;
	return device;
}

struct ioas_device *
ioas_device_find(struct ioas *space, const char *name)
{
	struct ioas_device *device;

	space_lock(space);
	device = find_device(space, name);
	space_unlock(space);
	return device;
}

/* Refuses a device that is one of these, and one whose group one of them has in another space. */
static int
check_others(const struct ioas *space, const struct ioas_device *others,
	     const struct ioas_device *device)
{
	for (const struct ioas_device *d = others; d != NULL; d = d->next) {
		if (strcmp(d->sysfs, device->sysfs) == 0) {
			ioas_log(&space->log, IOAS_LOG_ERR, "%s is attached already", device->name);
			return -EEXIST;
		}
		if (space != d->space && device->group_number >= 0 &&
		    d->group_number == device->group_number) {
			ioas_log(&space->log, IOAS_LOG_ERR,
				 "%s: it is in IOMMU group %d, as is %s, which has another I/O address "
				 "space: the IOMMU cannot tell them apart: attach both to one space, or "
				 "leave one out", device->name, device->group_number, d->name);
			return -EINVAL;
		}
	}
	return 0;
}

/* Looks at the devices of all spaces of the family. */
static int
check_devices(const struct ioas *space, const struct ioas_device *device)
{
	int ret = check_others(space, space->family->opening, device);

	for_each_space(each, space->family)
		if (ret == 0)
			ret = check_others(space, each->devices, device);
	return ret;
}

/* After the kernel has attached a device: its ranges, and with the first one the root's memory. */
static int
join(struct ioas *space)
{
	struct old_ranges old;
	int ret;

	ret = refresh_ranges(space, &old);
	if (ret < 0)
		return ret;
	if (space_follows(space) && !space->joined) {
		ret = follow_copy_all(space);
		if (ret < 0)
			follow_drop_all(space);
		area_end_placing(space, ret);
		if (ret < 0) {
			restore_ranges(space, &old);
			return ret;
		}
		space->joined = true;
	}
	free_ranges(&old);
	return 0;
}

static int
check_attach_options(const struct ioas *space, const char *name, struct ioas_attach_options *own,
		     const struct ioas_attach_options *options)
{
	if (take_options(own, sizeof(*own), FIRST_ATTACH_OPTIONS, options, options->size) &&
	    (own->hwpt || own->hwpt_flags == 0))
		return 0;
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "%s: ioas_attach_options.size is %zu, this library knows %zu; hwpt_flags need hwpt",
		 name, options->size, sizeof(*options));
	return -EINVAL;
}

/* Has the kernel open the device, if that can be done without the lock, and renews what the first device needs.
 * Gives the lock back and takes it again: others see the device meanwhile among those that are being opened. */
static int
open_unlocked(struct ioas *space, struct ioas_device *device)
{
	struct backend *const backend = space->backend;
	struct ioas_device **link = &space->family->opening;
	int ret = 0;

	device->next = *link;
	*link = device;
	if (backend->ops->open_device != NULL) {
		space_unlock(space);
		ret = backend->ops->open_device(backend, device);
		space_lock(space);
	}
	if (ret == 0) {
		ret = fork_renew(space->family);
		if (ret < 0 && device->fd >= 0)
			device->sys->close(device->fd);
	}
	while (*link != device)
		link = &(*link)->next;
	*link = device->next;
	return ret;
}

static int
attach_locked(struct ioas *space, const struct ioas_attach_options *options,
	      struct ioas_device *device)
{
	int ret;

	ret = check_devices(space, device);
	if (ret == 0)
		ret = open_unlocked(space, device);
	if (ret < 0)
		return ret;
	ret = space->backend->ops->attach(space->backend, device, options);
	if (ret < 0)
		return ret;
	ret = join(space);
	if (ret < 0) {
		space->backend->ops->detach(space->backend, device);
		return ret;
	}
	device->next = space->devices;
	device->process = space->family->processes.self;
	space->devices = device;
	space->n_devices++;
	space->stats.attaches++;
	ioas_log(&space->log, IOAS_LOG_DEBUG, "%s (%s) attached through %s", device->name,
		 device->driver, device->group == NULL ? device->cdev : "its group");
	return 0;
}

int
ioas_attach(struct ioas *space, const char *name, const struct ioas_attach_options *options,
	    struct ioas_device **out)
{
	static const struct ioas_attach_options defaults = { .size = sizeof(defaults) };
	struct ioas_attach_options own = { 0 };
	struct ioas_device *device;
	int ret;

	if (options == NULL)
		options = &defaults;
	device = calloc(1, sizeof(*device));
	space_lock(space);
	if (device == NULL) {
		ret = ioas_no_memory(&space->log, "attach a device");
	} else {
		device->space = space;
		device->sys = space->backend->sys;
		device->fd = -1;
		ret = check_attach_options(space, name, &own, options);
	}
	if (ret == 0)
		ret = device_resolve(device, name, &space->log);
	if (ret == 0)
		ret = attach_locked(space, &own, device);
	if (ret < 0)
		stats_failure(space->stats.attach_failures, ret);
	space_unlock(space);
	if (ret < 0)
		free(device);
	else
		*out = device;
	return ret;
}

int
ioas_attach_pasid(struct ioas_device *device, uint32_t pasid)
{
	struct ioas *const space = device->space;
	struct backend *const backend = space->backend;
	int ret = -EOPNOTSUPP;

	space_lock(space);
	if (backend->ops->attach_pasid != NULL)
		ret = backend->ops->attach_pasid(backend, device, pasid);
	space_unlock(space);
	if (ret == -EOPNOTSUPP)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "%s: cannot attach PASID %u: it takes backend iommufd, a character device and "
			 "Linux 6.15", device->name, pasid);
	else if (ret < 0)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "%s: cannot attach PASID %u: %s: the device and the IOMMU must have PASIDs, "
			 "and the device be attached through a HWPT for them", device->name, pasid,
			 strerror(-ret));
	return ret;
}

void
ioas_detach_pasid(struct ioas_device *device, uint32_t pasid)
{
	struct ioas *const space = device->space;
	struct backend *const backend = space->backend;

	space_lock(space);
	if (backend->ops->detach_pasid != NULL)
		backend->ops->detach_pasid(backend, device, pasid);
	space_unlock(space);
}

void
ioas_detach(struct ioas_device *device)
{
	struct ioas_device **link;
	struct ioas *space;

	if (device == NULL)
		return;
	space = device->space;
	space_lock(space);
	for (link = &space->devices; *link != device; link = &(*link)->next)
		;
	*link = device->next;
	space->n_devices--;
	space->stats.detaches++;
	fork_detach(space, device);
	/* The ranges can only have grown: should they not be readable now, the old ones serve. After
	 * the last device they stay as they were, or else memory mapped meanwhile could lie where
	 * that device cannot come back. */
	if (space->n_devices > 0)
		widen_ranges(space);
	space_unlock(space);
	ioas_log(&space->log, IOAS_LOG_DEBUG, "%s detached", device->name);
	free(device);
}

/* The size of the memory's pages, if that matters; the largest one if not. */
static uint64_t
memory_page(const struct ioas *space, uint64_t va)
{
	struct ioas_memory memory;

	if (space->backend->ops->grow == NULL)
		return UINT64_MAX;
	return space->backend->sys->memory_at(va, &memory) == 0 ? memory.page : (uint64_t)sysconf(_SC_PAGESIZE);
}

bool
ioas_mapping_from(const void *va, struct ioas_range *mapping, bool *shared)
{
	return sys_mapping_from((uintptr_t)va, mapping, shared);
}

int
ioas_memory_at(const void *va, struct ioas_memory *memory)
{
	return ioas_sys->memory_at((uintptr_t)va, memory);
}

uint64_t
ioas_page_size(const void *va, struct ioas_range *mapping)
{
	struct ioas_memory memory;

	if (ioas_memory_at(va, &memory) < 0)
		return 0;
	if (mapping != NULL)
		*mapping = memory.mapping;
	return memory.page;
}

static void
undo_growth(struct ioas *space, struct old_ranges *old)
{
	space->backend->ops->shrink(space->backend);
	restore_ranges(space, old);
}

/* Finds a place for the area, in another range if need be: then old gets those before it. */
static int
find_place(struct ioas *space, const struct area *area, uint64_t *iova, struct old_ranges *old)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	const uint64_t page = memory_page(space, va);
	struct placement *const placement = &space->family->placement;
	int ret;

	*old = (struct old_ranges){ 0 };
	if (area_place(space, va, length, page, iova))
		return 0;
	/* What is in quarantine does not help, so it stays there. */
	area_end_placing(space, -ENOSPC);
	if (space->backend->ops->grow != NULL) {
		ret = space->backend->ops->grow(space->backend, va, length, page);
		if (ret < 0)
			return ret;
		ret = refresh_ranges(space, old);
		if (ret < 0) {
			space->backend->ops->shrink(space->backend);
			return ret;
		}
		if (placement_find(placement, va, length, page, iova))
			return 0;
		undo_growth(space, old);
	}
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot map %s at 0x%" PRIx64 ": no free range of IOVAs is that long: use less "
		 "memory or a larger window (0x%" PRIx64 "-0x%" PRIx64 " now)",
		 ioas_size_text(length).text, va, placement->window.first, placement->window.last);
	return -ENOSPC;
}

/* A child that has mapped more than that is not stepped over. */
#define MAX_TRIES 1000

/* Another process has something there, which the records do not show: a child that fork() has made, or its parent.
 * The range is not used any more. */
static bool
avoid(struct ioas *space, const struct area *area, struct ioas_range range)
{
	struct area *const taken = calloc(1, sizeof(*taken));

	if (taken == NULL)
		return false;
	taken->va = area->va;
	taken->iova.first = range.first;
	taken->iova.last = range.last;
	tree_insert(&space->family->root->ledger.lost, &taken->iova);
	return true;
}

/* The kernel's answer where a range is in use; type1 has -ENOSPC for other things. */
static bool
is_taken(const struct ioas *space, int error)
{
	return space->family->processes.forked &&
	       (error == -EEXIST || (error == -ENOSPC && space->backend->ops->full == NULL));
}

static int
map_chosen(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	struct ioas_range window;
	unsigned int tries = 0;
	struct old_ranges old;
	uint64_t iova;
	int ret;

	do {
		ret = find_place(space, area, &window.first, &old);
		if (ret < 0)
			return ret;
		window.last = window.first + (length - 1);
		ret = space->backend->ops->map(space->backend, va, length, window, &iova);
	} while (is_taken(space, ret) && old.own.ranges == NULL && tries++ < MAX_TRIES && avoid(space, area, window));
	if (ret < 0) {
		area_log_failure(space, va, length, ret);
		if (old.own.ranges != NULL)
			undo_growth(space, &old);
		return ret;
	}
	free_ranges(&old);
	area->iova.first = iova;
	area->iova.last = iova + (length - 1);
	return 0;
}

bool
space_hole(const struct ioas *space, uint64_t iova, uint64_t last, struct ioas_range *hole)
{
	const struct tree_node *lost;

	if (iova == 0) {
		*hole = (struct ioas_range){ 0, space_usable(space)->alignment - 1 };
		return true;
	}
	if (usable_hole(space_usable(space), iova, last, hole))
		return true;
	lost = tree_from(&space->ledger.lost, iova);
	if (lost == NULL || lost->first > last)
		return false;
	*hole = (struct ioas_range){ lost->first, lost->last };
	return true;
}

static int
map_fixed(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	const uint64_t iova = area->iova.first, last = area->iova.last;
	struct ioas_range hole;
	int ret;

	if (space_hole(space, iova, last, &hole)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at IOVA 0x%" PRIx64 ": 0x%" PRIx64 "-0x%" PRIx64 " is %s: "
			 "choose another IOVA, or let one be chosen", ioas_size_text(length).text,
			 iova, hole.first, hole.last,
			 iova == 0 ? "never an IOVA"
				   : hole.last == UINT64_MAX ? "beyond the aperture" : "reserved");
		return -EINVAL;
	}
	if (!tree_is_free(&space->ledger.by_iova, iova, last)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at IOVA 0x%" PRIx64 ": the range is in use",
			 ioas_size_text(length).text, iova);
		return -EEXIST;
	}
	if (!usable_serves(&space->family->placement.usable, iova, va, length, memory_page(space, va))) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at IOVA 0x%" PRIx64 ": the IOMMU's pages there are larger than "
			 "the memory's, or it is not aligned to them: choose another IOVA, or let one "
			 "be chosen", ioas_size_text(length).text, iova);
		return -EINVAL;
	}
	ret = space->backend->ops->map_fixed(space->backend, va, length, iova);
	if (ret < 0)
		area_log_failure(space, va, length, ret);
	return ret;
}

static int
map_locked(struct ioas *space, struct area *area)
{
	const uint64_t va = area->va.first, length = tree_length(&area->va);
	const bool known = !tree_is_free(&space->ledger.by_va, va, area->va.last);
	int ret;

	if (((va | length | area->iova.first) & (space_usable(space)->alignment - 1)) != 0) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map 0x%" PRIx64 " bytes at 0x%" PRIx64 ": not aligned to %s", length,
			 va, ioas_size_text(space_usable(space)->alignment).text);
		return -EINVAL;
	}
	if (known && !area->fixed) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map %s at 0x%" PRIx64 ": part of it is mapped already",
			 ioas_size_text(length).text, va);
		return -EEXIST;
	}
	if (!known) {
		ret = area_prepare(space, va, length);
		if (ret < 0)
			return ret;
	}
	return area->fixed ? map_fixed(space, area) : map_chosen(space, area);
}

/* Maps the area for the devices of the space and of those that follow it; frees it on failure. */
static int
map_for_all(struct ioas *space, struct area *area)
{
	struct family *const family = space->family;
	int ret;

	fork_take_over(family);
	while (!forget_start_map(family, area->va.first, area->va.last))
		forget_wait(family);
	ret = map_locked(space, area);
	if (ret < 0) {
		free(area);
		goto out;
	}
	ret = follow_add(space, area);
out:
	forget_end_map(family);
	forget_report(family);
	history_free_dead(&space->ledger.history);
	placement_free_ended(&family->placement);
	return ret;
}

/* An area that is not mapped yet. iova: at which it is to be, or NULL. */
static int
make_area(const struct ioas *space, void *va, uint64_t length, const uint64_t *iova,
	  struct area **made)
{
	const uint64_t first = (uintptr_t)va;
	struct area *area;

	if (length == 0 || first + (length - 1) < first ||
	    (iova != NULL && *iova + (length - 1) < *iova)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot map 0x%" PRIx64 " bytes at %p: empty, or beyond the last address",
			 length, va);
		return -EINVAL;
	}
	area = calloc(1, sizeof(*area));
	if (area == NULL)
		return ioas_no_memory(&space->log, "map memory");
	area->va.first = first;
	area->va.last = first + (length - 1);
	area->fixed = iova != NULL;
	if (iova != NULL) {
		area->iova.first = *iova;
		area->iova.last = *iova + (length - 1);
	}
	*made = area;
	return 0;
}

static int
map_area(struct ioas *space, void *va, uint64_t length, bool fixed, uint64_t *iova)
{
	const uint64_t start = clock_ns();
	struct area *area = NULL;
	int ret;

	ret = make_area(space, va, length, fixed ? iova : NULL, &area);
	space_lock(space);
	if (ret == 0)
		ret = map_for_all(space, area);
	area_end_placing(space, ret);
	if (ret < 0) {
		stats_failure(space->stats.map_failures, ret);
	} else {
		*iova = area->iova.first;
		stats_call(&space->stats.map, start);
	}
	space_unlock(space);
	return ret;
}

int
ioas_map(struct ioas *space, void *va, uint64_t length, uint64_t *iova)
{
	uint64_t unused;

	return map_area(space, va, length, false, iova != NULL ? iova : &unused);
}

int
ioas_map_fixed(struct ioas *space, void *va, uint64_t length, uint64_t iova)
{
	return map_area(space, va, length, true, &iova);
}

int
ioas_check_fixed(struct ioas *space, uint64_t iova, uint64_t length, struct ioas_range *hole)
{
	struct ioas_range unused;
	bool found;

	if (length == 0 || iova + (length - 1) < iova) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot check 0x%" PRIx64 " bytes at IOVA 0x%" PRIx64 ": empty, or beyond "
			 "the last one", length, iova);
		return -EINVAL;
	}
	space_lock(space);
	found = space_hole(space, iova, iova + (length - 1), hole != NULL ? hole : &unused);
	space_unlock(space);
	return found ? -ERANGE : 0;
}

/* The first area at a chosen IOVA outside of a window, or NULL. */
static const struct area *
find_outside(const struct ledger *ledger, struct ioas_range window)
{
	const struct area *area = ledger_from_iova(ledger, 0);

	while (area != NULL && (area->fixed || (area->iova.first >= window.first &&
						area->iova.last <= window.last)))
		area = area->iova.last == UINT64_MAX
			? NULL : ledger_from_iova(ledger, area->iova.last + 1);
	return area;
}

static int
set_window(struct family *family, struct ioas_range window)
{
	const struct ioas_log *const log = &family->root->log;
	const struct area *outside;

	if (!placement_window_fits(&family->placement, window)) {
		const struct ioas_range usable = usable_aperture(&family->placement.usable);

		ioas_log(log, IOAS_LOG_ERR,
			 "window 0x%" PRIx64 "-0x%" PRIx64 " has no IOVA that the devices can use: "
			 "choose one inside their aperture 0x%" PRIx64 "-0x%" PRIx64
			 ", outside of reserved regions", window.first, window.last, usable.first,
			 usable.last);
		return -ERANGE;
	}
	outside = find_outside(&family->root->ledger, window);
	for_each_space(space, family)
		if (outside == NULL)
			outside = find_outside(&space->ledger, window);
	if (outside != NULL) {
		ioas_log(log, IOAS_LOG_ERR,
			 "cannot confine IOVAs to 0x%" PRIx64 "-0x%" PRIx64 ": memory is mapped at "
			 "0x%" PRIx64 " already: set the window before memory is mapped",
			 window.first, window.last, outside->iova.first);
		return -EADDRINUSE;
	}
	family->placement.window = window;
	return 0;
}

int
ioas_set_window(struct ioas *space, struct ioas_range window)
{
	int ret;

	ret = check_window(window, &space->log);
	if (ret < 0)
		return ret;
	space_lock(space);
	ret = set_window(space->family, whole_window(window));
	space_unlock(space);
	return ret;
}

static int
refuse_range(struct ioas *space, uint64_t first, uint64_t length)
{
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot unmap 0x%" PRIx64 " bytes at 0x%" PRIx64 ": empty, or beyond the last "
		 "address", length, first);
	return -EINVAL;
}

/* Counts a call that has removed so many areas, or failed. */
static void
end_unmap(struct ioas *space, uint64_t start, int ret)
{
	if (ret < 0)
		stats_failure(space->stats.unmap_failures, ret);
	else if (ret > 0)
		stats_call(&space->stats.unmap, start);
}

static bool
crosses(struct ioas_range range, uint64_t first, uint64_t last)
{
	return range.first <= last && range.last >= first &&
	       (range.first < first || range.last > last);
}

static int
refuse_part(struct ioas *space, const struct area *area)
{
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "cannot unmap a part of the area at 0x%" PRIx64 "-0x%" PRIx64
		 ": an area is unmapped whole", area->va.first, area->va.last);
	return -EBUSY;
}

/* Refuses if an area has memory on both sides of a border of [first, last]. */
static int
check_va(struct ioas *space, uint64_t first, uint64_t last)
{
	const struct piece *piece = ledger_from_va(&space->ledger, first);

	for (; piece != NULL && piece->va.first <= last; piece = ledger_next_va(&space->ledger, piece)) {
		const struct area *const area = piece->area;

		if (area->copy.origin == NULL && crosses(ledger_live(area), first, last))
			return refuse_part(space, area);
	}
	for (const struct area *alias = ledger_alias(&space->ledger, first, last, NULL); alias != NULL;
	     alias = ledger_alias(&space->ledger, first, last, alias))
		if (alias->copy.origin == NULL && crosses(ledger_live(alias), first, last))
			return refuse_part(space, alias);
	return 0;
}

/* What came from the space that this one follows stays. Returns how many areas were removed. */
static int
remove_own(struct ioas *space, struct area *area)
{
	if (area->copy.origin != NULL)
		return 0;
	area_remove(space, area);
	return 1;
}

int
ioas_unmap(struct ioas *space, const void *va, uint64_t length)
{
	const uint64_t first = (uintptr_t)va, last = first + (length - 1);
	const uint64_t start = clock_ns();
	struct area *area, *next;
	struct piece *piece;
	uint64_t from = first;
	int ret;

	space_lock(space);
	ret = length == 0 || last < first ? refuse_range(space, first, length)
					  : check_va(space, first, last);
	if (ret < 0)
		goto out_unlock;
	for (area = ledger_alias(&space->ledger, first, last, NULL); area != NULL; area = next) {
		next = ledger_alias(&space->ledger, first, last, area);
		/* A copy may have lost its memory before its origin has. */
		if (area->copy.origin == NULL && ledger_live(area).first >= first && ledger_live(area).last <= last)
			ret += remove_own(space, area);
	}
	/* An area takes all of its pieces with it: the search begins behind the piece that was found. */
	while ((piece = ledger_from_va(&space->ledger, from)) != NULL && piece->va.first <= last) {
		from = piece->va.last;
		ret += remove_own(space, piece->area);
		if (from++ == UINT64_MAX)
			break;
	}
	area_end_removal(space);
out_unlock:
	end_unmap(space, start, ret);
	history_free_dead(&space->ledger.history);
	space_unlock(space);
	return ret;
}

int
ioas_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length)
{
	const uint64_t last = iova + (length - 1), ends[] = { iova, last };
	const uint64_t start = clock_ns();
	struct area *area, *next;
	int ret = 0;

	space_lock(space);
	if (length == 0 || last < iova) {
		ret = refuse_range(space, iova, length);
		goto out_unlock;
	}
	for (unsigned int i = 0; i < 2; i++) {
		area = ledger_from_iova(&space->ledger, ends[i]);
		if (area != NULL && area->copy.origin == NULL &&
		    crosses((struct ioas_range){ area->iova.first, area->iova.last }, iova, last)) {
			ret = refuse_part(space, area);
			goto out_unlock;
		}
	}
	for (area = ledger_from_iova(&space->ledger, iova); area != NULL && area->iova.last <= last;
	     area = next) {
		next = ledger_next(&space->ledger, area);
		ret += remove_own(space, area);
	}
	area_end_removal(space);
out_unlock:
	end_unmap(space, start, ret);
	history_free_dead(&space->ledger.history);
	space_unlock(space);
	return ret;
}

/* Places a reservation, which is freed if that fails. */
static int
reserve(struct ioas *space, uint64_t first, uint64_t last, bool passing)
{
	struct region *const region = calloc(1, sizeof(*region));
	int ret;

	if (region == NULL)
		return ioas_no_memory(&space->log, "reserve IOVAs");
	region->va.first = first;
	region->va.last = last;
	region->passing = passing;
	ret = placement_reserve(&space->family->placement, region);
	if (ret == 0)
		ioas_log(&space->log, IOAS_LOG_DEBUG,
			 "kept IOVAs 0x%" PRIx64 "-0x%" PRIx64 " for addresses from 0x%" PRIx64,
			 region->place.first, region->place.last, first);
	else
		free(region);
	return ret;
}

static bool
is_range(uint64_t first, uint64_t last)
{
	return last >= first && (first & 4095) == 0 && (last & 4095) == 4095;
}

int
ioas_reserve(struct ioas *space, const void *va, uint64_t length)
{
	const uint64_t first = (uintptr_t)va, last = first + (length - 1);
	int ret;

	if (length == 0 || !is_range(first, last)) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve for 0x%" PRIx64 " bytes at %p: empty, not aligned to 4 KiB, "
			 "or beyond the last address", length, va);
		return -EINVAL;
	}
	space_lock(space);
	ret = reserve(space, first, last, false);
	if (ret == -EEXIST)
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve for 0x%" PRIx64 " bytes at %p: it overlaps with an earlier "
			 "range", length, va);
	space_unlock(space);
	return ret;
}

int
ioas_reserve_around(struct ioas *space, const void *va, struct ioas_range range)
{
	const uint64_t addr = (uintptr_t)va;
	int ret = 0;

	if (!is_range(range.first, range.last) || addr < range.first || addr > range.last) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve around %p: it is not in the range 0x%" PRIx64 "-0x%" PRIx64 ", or the range is "
			 "not aligned to 4 KiB", va, range.first, range.last);
		return -EINVAL;
	}
	space_lock(space);
	if (placement_unreserved(&space->family->placement, addr, &range))
		ret = reserve(space, range.first, range.last, true);
	space_unlock(space);
	return ret;
}

void
ioas_get_info(struct ioas *space, struct ioas_info *info)
{
	const struct usable *const usable = space_usable(space);

	space_lock(space);
	*info = (struct ioas_info){
		.backend = space->backend->ops->name,
		.kernel_chooses = space->backend->ops->kernel_chooses,
		.devices = space->n_devices,
		.maps = space->ledger.areas,
		.bytes = space->ledger.bytes,
		.alignment = usable->alignment,
		.aperture = usable_aperture(usable),
		.window = space->family->placement.window,
		.quarantine = space->ledger.history.held_bytes,
		.quarantine_limit = space->ledger.history.quarantine,
	};
	space_unlock(space);
}

unsigned int
ioas_features(struct ioas *space)
{
	struct backend *const backend = space->backend;
	unsigned int features = 0;

	space_lock(space);
	if (backend->ops->features != NULL)
		features = backend->ops->features(backend, space->devices);
	space_unlock(space);
	return features;
}

uint64_t
ioas_room(struct ioas *space)
{
	struct backend *const backend = space->backend;
	uint64_t room = UINT64_MAX;

	space_lock(space);
	if (backend->ops->room != NULL)
		room = backend->ops->room(backend);
	space_unlock(space);
	return room;
}

unsigned int
ioas_ranges(struct ioas *space, struct ioas_range *ranges, unsigned int n)
{
	unsigned int total;

	space_lock(space);
	total = space_usable(space)->n;
	for (unsigned int i = 0; ranges != NULL && i < n && i < total; i++)
		ranges[i] = space_usable(space)->ranges[i];
	space_unlock(space);
	return total;
}

int
ioas_walk(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg)
{
	const struct area *area;
	int ret = 0;

	space_lock(space);
	area = ledger_from_iova(&space->ledger, 0);
	while (ret == 0 && area != NULL) {
		const struct ioas_area shown = area_public(area);

		ret = fn(&shown, arg);
		area = ledger_next(&space->ledger, area);
	}
	space_unlock(space);
	return ret;
}

int
ioas_walk_quarantine(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg)
{
	const struct tree *const held = &space->ledger.history.held;
	struct tree_node *node;
	int ret = 0;

	space_lock(space);
	node = tree_from(held, 0);
	while (ret == 0 && node != NULL) {
		const struct ioas_area shown = area_public(container_of(node, struct area, iova));

		ret = fn(&shown, arg);
		node = node->last == UINT64_MAX ? NULL : tree_from(held, node->last + 1);
	}
	space_unlock(space);
	return ret;
}
