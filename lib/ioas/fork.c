/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"
#include "follow.h"
#include "fork.h"

/* All roots. The lock comes before those of the spaces. */
static pthread_mutex_t roots_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ioas *roots;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Empty in a child whose fork has called no handlers: _Fork(), clone(). NULL: the kernel cannot do that. */
static uint64_t *known;

/* Calls fn for a root and all that follow it. */
static void
for_family(struct ioas *root, void (*fn)(struct ioas *space))
{
	for (struct ledger *ledger = root->ledger.followers; ledger != NULL; ledger = ledger->next_follower)
		fn(follow_space(ledger));
	fn(root);
}

/*
 * No call is under way when the memory is copied, but for departures, which do not take the spaces' locks. The
 * locks that those take are not waited for: after this handler an allocator's own may wait for a thread that
 * takes memory away with the allocator's lock held.
 */
static void
prepare(void)
{
	pthread_mutex_lock(&roots_lock);
	for (struct ioas *root = roots; root != NULL; root = root->next_root) {
		space_lock(root);
		root->processes.forked = true;
	}
}

static void
in_parent(void)
{
	for (struct ioas *root = roots; root != NULL; root = root->next_root)
		space_unlock(root);
	pthread_mutex_unlock(&roots_lock);
}

static void
note_self(struct ioas *root)
{
	struct fork_processes *const processes = &root->processes;
	const unsigned int slot = processes->self % FORK_PROCESSES;

	processes->fd[slot] = root->table.sys->process(&processes->pid[slot]);
}

/* The memory that is found by a walk over the mappings of the child. */
struct inherited {
	struct ioas *root;
	uint64_t next; /* the first address that the walk has not come to */
};

static void
drop(struct ioas *root, uint64_t first, uint64_t last)
{
	root->departures.silent = true;
	forget_cut(root, first, last);
	root->departures.silent = false;
}

static void
keep_shared(const struct ioas_range *range, bool shared, void *arg)
{
	struct inherited *const inherited = arg;

	if (range->first > inherited->next)
		drop(inherited->root, inherited->next, range->first - 1);
	if (!shared)
		drop(inherited->root, range->first, range->last);
	inherited->next = range->last + 1;
}

static void
reset_table(struct ioas *space)
{
	table_reset(&space->table);
}

/* The oldest process makes room for the child, if it has to. */
static void
add_self(struct ioas *root)
{
	struct fork_processes *const processes = &root->processes;
	const unsigned int slot = ++processes->self % FORK_PROCESSES;

	if (processes->self >= FORK_PROCESSES && processes->fd[slot] >= 0)
		close(processes->fd[slot]);
	note_self(root);
}

static void
show_space(struct ioas *space)
{
	struct piece *piece = ledger_from_va(&space->ledger, 0);

	for (; piece != NULL; piece = ledger_next_va(&space->ledger, piece))
		if (piece == piece->area->pieces)
			forget_show(space, piece->area);
}

static void
inherit(struct ioas *root)
{
	struct inherited inherited = { .root = root };

	watch_after_fork(root);
	forget_reset(root);
	for_family(root, reset_table);
	add_self(root);
	/* Where the mappings cannot be read nothing is known to be shared. */
	if (root->table.sys->mappings(keep_shared, &inherited) < 0)
		inherited.next = 0;
	drop(root, inherited.next, UINT64_MAX);
	for_family(root, show_space);
}

static void
in_child(void)
{
	if (known != NULL)
		*known = 1;
	for (struct ioas *root = roots; root != NULL; root = root->next_root) {
		inherit(root);
		space_unlock(root);
	}
	pthread_mutex_unlock(&roots_lock);
}

static void
register_handlers(void)
{
	pthread_atfork(prepare, in_parent, in_child);
	known = mmap(NULL, sizeof(*known), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (known == MAP_FAILED || madvise(known, sizeof(*known), MADV_WIPEONFORK) != 0)
		known = NULL;
	else
		*known = 1;
}

void
fork_enter(struct ioas *root)
{
	note_self(root);
	pthread_once(&once, register_handlers);
	pthread_mutex_lock(&roots_lock);
	root->next_root = roots;
	roots = root;
	pthread_mutex_unlock(&roots_lock);
}

void
fork_leave(struct ioas *root)
{
	const struct fork_processes *const processes = &root->processes;
	struct ioas **link = &roots;

	pthread_mutex_lock(&roots_lock);
	while (*link != root)
		link = &(*link)->next_root;
	*link = root->next_root;
	pthread_mutex_unlock(&roots_lock);
	for (unsigned int i = 0; i <= processes->self && i < FORK_PROCESSES; i++)
		if (processes->fd[i] >= 0)
			close(processes->fd[i]);
}

bool
fork_owns(const struct ioas *root, unsigned int process)
{
	const struct fork_processes *const processes = &root->processes;
	const unsigned int slot = process % FORK_PROCESSES;

	return (process == processes->self && (known == NULL || *known == 1)) ||
	       (processes->self - process < FORK_PROCESSES &&
		root->table.sys->has_ended(processes->fd[slot], processes->pid[slot]));
}

static bool
owns_all(const struct ioas *root)
{
	unsigned int i = 0;

	while (i <= root->processes.self && fork_owns(root, i))
		i++;
	return i > root->processes.self;
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
	if (!fork_owns(space->root, device->process))
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
	if (!owns_all(space->root))
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
		if (!area->left || !fork_owns(space->root, area->process))
			continue;
		space->root->processes.left--;
		area->left = false;
		if (space->backend->ops->unmap(space->backend, area->va.first, tree_length(&area->va),
					       area->iova.first) < 0)
			continue;
		tree_remove(&space->ledger.lost, node);
		free(area);
	}
}

void
fork_take_over(struct ioas *root)
{
	if (root->processes.left > 0)
		for_family(root, take_over_space);
}

/* Areas, one for each piece of an area, at the same IOVAs. NULL without memory. */
static struct area *
divide(const struct area *area)
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
	/* What was an alias may be the first area of its memory now, which lookups find. */
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

/* With an alias the order matters: what was first is first again. */
static int
renew_area(struct ioas *space, struct area *area)
{
	struct area *list = divide(area);
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
needs_renewal(const struct ioas *root, const struct area *area)
{
	return area->copy.origin == NULL && area->pieces != NULL &&
	       (ledger_is_cut(area) ||
		(area->process != root->processes.self && fork_owns(root, area->process)));
}

static bool
has_device(const struct ioas *root)
{
	bool has = root->n_devices > 0;

	for (struct ledger *ledger = root->ledger.followers; !has && ledger != NULL;
	     ledger = ledger->next_follower)
		has = follow_space(ledger)->n_devices > 0;
	return has;
}

/* Waits while memory of an area that is to be renewed may be about to go. */
static int
renew_space(struct ioas *space)
{
	struct ioas *const root = space->root;
	struct area *area = ledger_from_iova(&space->ledger, 0);
	uint64_t next = 0;
	int ret = 0;

	for (; ret == 0 && area != NULL && !has_device(root); area = ledger_from_iova(&space->ledger, next)) {
		if (needs_renewal(root, area)) {
			if (!forget_start_map(root, area->va.first, area->va.last)) {
				forget_wait(root);
				continue;
			}
			next = area->iova.last + 1;
			ret = renew_area(space, area);
			forget_end_map(root);
		} else {
			next = area->iova.last + 1;
		}
		if (next == 0)
			break;
	}
	return ret;
}

int
fork_renew(struct ioas *root)
{
	int ret;

	if (has_device(root))
		return 0;
	fork_take_over(root);
	ret = renew_space(root);
	for (struct ledger *ledger = root->ledger.followers; ret == 0 && ledger != NULL;
	     ledger = ledger->next_follower)
		ret = renew_space(follow_space(ledger));
	return ret;
}
