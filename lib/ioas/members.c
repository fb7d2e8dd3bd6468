/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <sched.h>

#include "members.h"

/* Unlinks a space from its family. Returns when no thread reads the space any more. */
static void
unlink_space(struct ioas *space)
{
	struct family *const family = space->family;
	struct ioas **link = &family->spaces;

	placement_remove_ledger(&family->placement, &space->ledger);
	while (*link != space)
		link = &(*link)->next;
	__atomic_store_n(link, space->next, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&family->departures.readers, __ATOMIC_SEQ_CST) != 0)
		sched_yield();
}

/* Computes where the devices of all spaces allow memory. */
static int
renew_usable(struct family *family)
{
	struct usable all;
	int ret;

	ret = members_intersect(family, &all);
	if (ret < 0)
		return ret;
	usable_free(&family->placement.usable);
	family->placement.usable = all;
	return 0;
}

int
members_enter(struct ioas *space)
{
	struct family *const family = space->family;
	int ret;

	family_lock(family);
	placement_add_ledger(&family->placement, &space->ledger);
	space->next = family->spaces;
	__atomic_store_n(&family->spaces, space, __ATOMIC_SEQ_CST);
	ret = renew_usable(family);
	if (ret < 0)
		unlink_space(space);
	family_unlock(family);
	return ret;
}

void
members_leave(struct ioas *space)
{
	unlink_space(space);
	/* Without memory for the new ranges the old ones stay. They are a subset of the new ones. */
	renew_usable(space->family);
}

int
members_intersect(const struct family *family, struct usable *all)
{
	int ret;

	ret = usable_copy(&family->root->own, all);
	if (ret < 0)
		return ret;
	for_each_space(space, family)
		if (ret == 0 && space_follows(space))
			ret = usable_narrow(all, &space->own);
	if (ret < 0)
		usable_free(all);
	return ret;
}
