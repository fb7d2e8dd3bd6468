/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "area.h"
#include "follow.h"
#include "forget.h"
#include "fork.h"
#include "show.h"

/* All families. Take this lock before a family's lock. */
static pthread_mutex_t families_lock = PTHREAD_MUTEX_INITIALIZER;
static struct family *families;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/*
 * No call is in progress when fork() copies the memory, except departures, which do not take the spaces'
 * locks. The handler does not wait for the locks that departures take: after it, the allocator's handler may
 * wait for a thread that unmaps memory with the allocator's lock held.
 */
static void
before_fork(void)
{
	pthread_mutex_lock(&families_lock);
	for (struct family *family = families; family != NULL; family = family->next) {
		family_lock(family);
		family->processes.forked = true;
	}
}

static void
after_fork_in_parent(void)
{
	for (struct family *family = families; family != NULL; family = family->next)
		family_unlock(family);
	pthread_mutex_unlock(&families_lock);
}

/* State of a walk over the child's mappings. */
struct inherited {
	struct family *family;
	uint64_t next; /* the first address that the walk has not reached */
};

static void
forget_private(struct family *family, uint64_t first, uint64_t last)
{
	family->departures.silent = true;
	forget_cut(family, first, last);
	family->departures.silent = false;
}

static void
keep_shared(const struct ioas_range *range, bool shared, void *arg)
{
	struct inherited *const inherited = arg;

	if (range->first > inherited->next)
		forget_private(inherited->family, inherited->next, range->first - 1);
	if (!shared)
		forget_private(inherited->family, range->first, range->last);
	inherited->next = range->last + 1;
}

static void
show_space(struct ioas *space)
{
	struct piece *piece = ledger_from_va(&space->ledger, 0);

	for (; piece != NULL; piece = ledger_next_va(&space->ledger, piece))
		if (piece == piece->area->pieces)
			show_area(space, piece->area);
}

static void
inherit_family(struct family *family)
{
	struct inherited inherited = { .family = family };

	watch_after_fork(&family->watch);
	departures_reset(&family->departures);
	for_each_space(space, family)
		table_reset(&space->table);
	processes_add_child(&family->processes);
	/* If the mappings cannot be read, no memory is known to be shared. */
	if (family->sys->mappings(keep_shared, &inherited) < 0)
		inherited.next = 0;
	forget_private(family, inherited.next, UINT64_MAX);
	for_each_space(space, family)
		show_space(space);
}

static void
after_fork_in_child(void)
{
	processes_have_forked();
	for (struct family *family = families; family != NULL; family = family->next) {
		inherit_family(family);
		family_unlock(family);
	}
	pthread_mutex_unlock(&families_lock);
}

static void
register_handlers(void)
{
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
	processes_notice_forks();
}

void
fork_enter(struct family *family)
{
	processes_create(&family->processes, family->sys);
	pthread_once(&once, register_handlers);
	pthread_mutex_lock(&families_lock);
	family->next = families;
	families = family;
	pthread_mutex_unlock(&families_lock);
}

void
fork_leave(struct family *family)
{
	struct family **link = &families;

	pthread_mutex_lock(&families_lock);
	while (*link != family)
		link = &(*link)->next;
	*link = family->next;
	pthread_mutex_unlock(&families_lock);
	processes_destroy(&family->processes);
}

static int
no_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	(void)request;
	(void)arg;
	return 0;
}

void
fork_detach(struct ioas *space, struct ioas_device *device)
{
	struct backend *const backend = space->backend;
	const struct ioas_sys *const sys = backend->sys;
	struct ioas_sys silent = *sys;

	silent.ioctl = no_ioctl;
	if (!processes_own(&space->family->processes, device->process))
		backend->sys = &silent;
	backend->ops->detach(backend, device);
	backend->sys = sys;
}

void
fork_close(struct ioas *space)
{
	struct backend *const backend = space->backend;
	struct ioas_sys silent = *backend->sys;

	silent.ioctl = no_ioctl;
	if (!processes_own_all(&space->family->processes))
		backend->sys = &silent;
	backend->ops->close(backend);
}

static void
take_over_space(struct ioas *space)
{
	struct tree_node *node = tree_from(&space->ledger.lost, 0), *next;

	for (; node != NULL; node = next) {
		struct area *const area = container_of(node, struct area, iova);

		next = node->last == UINT64_MAX ? NULL : tree_from(&space->ledger.lost, node->last + 1);
		if (!area->left || !processes_own(&space->family->processes, area->process))
			continue;
		space->family->processes.left--;
		area->left = false;
		if (space->backend->ops->unmap(space->backend, area->va.first, tree_length(&area->va),
					       area->iova.first) < 0)
			continue;
		tree_remove(&space->ledger.lost, node);
		free(area);
	}
}

void
fork_take_over(struct family *family)
{
	if (family->processes.left == 0)
		return;
	for_each_space(space, family)
		take_over_space(space);
}

/* Makes one area for each piece of an area, at the same IOVAs. NULL without memory. */
static struct area *
divide_area(const struct area *area)
{
	struct area *list = NULL;

	for (const struct piece *piece = area->pieces; piece != NULL; piece = piece->next) {
		struct area *const part = calloc(1, sizeof(*part));

		if (part == NULL) {
			while (list != NULL) {
				struct area *const next = list->freed.newer;

				free(list);
				list = next;
			}
			return NULL;
		}
		part->va.first = piece->va.first;
		part->va.last = piece->va.last;
		part->iova.first = area->iova.first + (piece->va.first - area->va.first);
		part->iova.last = part->iova.first + (piece->va.last - piece->va.first);
		part->fixed = area->fixed;
		part->freed.newer = list;
		list = part;
	}
	return list;
}

static int
map_again(struct ioas *space, struct area *area)
{
	const uint64_t length = tree_length(&area->va);
	int ret;

	area->freed.newer = NULL;
	/* A former alias may now be the first area of its memory, which lookups find. */
	ret = tree_is_free(&space->ledger.by_va, area->va.first, area->va.last)
		? area_prepare(space, area->va.first, length) : 0;
	if (ret < 0) {
		free(area);
		return ret;
	}
	ret = space->backend->ops->map_fixed(space->backend, area->va.first, length, area->iova.first);
	if (ret < 0) {
		area_log_failure(space, area->va.first, length, ret);
		free(area);
		return ret;
	}
	return follow_add(space, area);
}

/* With aliases the order matters: the area that was the first one of its memory must become the first again. */
static int
renew_area(struct ioas *space, struct area *area)
{
	struct area *list = divide_area(area);
	int ret = 0;

	if (list == NULL)
		return ioas_no_memory(&space->log, "map memory anew");
	area_undo(space, area);
	while (list != NULL) {
		struct area *const part = list;

		list = part->freed.newer;
		if (ret == 0)
			ret = map_again(space, part);
		else
			free(part);
	}
	return ret;
}

static bool
needs_renewal(const struct family *family, const struct area *area)
{
	return area->copy.origin == NULL && area->pieces != NULL &&
	       (ledger_is_cut(area) ||
		(area->process != family->processes.self && processes_own(&family->processes, area->process)));
}

static bool
has_device(const struct family *family)
{
	bool has = false;

	for_each_space(space, family)
		has = has || space->n_devices > 0;
	return has;
}

/* Waits while memory of an area that it must renew may be about to go. */
static int
renew_areas(struct ioas *space)
{
	struct family *const family = space->family;
	struct area *area = ledger_from_iova(&space->ledger, 0);
	uint64_t next = 0;
	int ret = 0;

	for (; ret == 0 && area != NULL && !has_device(family); area = ledger_from_iova(&space->ledger, next)) {
		if (needs_renewal(family, area)) {
			if (!departures_start_map(&family->departures, area->va.first, area->va.last)) {
				forget_wait(family);
				continue;
			}
			next = area->iova.last + 1;
			ret = renew_area(space, area);
			departures_end_map(&family->departures);
		} else {
			next = area->iova.last + 1;
		}
		if (next == 0)
			break;
	}
	return ret;
}

int
fork_renew(struct family *family)
{
	int ret;

	if (has_device(family))
		return 0;
	fork_take_over(family);
	/* Renewing an origin also renews its copies. */
	ret = renew_areas(family->root);
	for_each_space(space, family)
		if (ret == 0 && space_follows(space))
			ret = renew_areas(space);
	return ret;
}
