/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * EAL's memory in the I/O address space.
 *
 * Until the first probe rte_mem_virt2iova() returns the address itself, which satisfies EAL's contiguity
 * checks (role_starting.c). memory_map_all() then maps the existing memory and corrects the recorded IOVAs.
 *
 * From then on EAL calls rte_mem_virt2iova() for each new page, when the page is present and before any
 * thread can use it. This call maps the page. If it fails, EAL's allocation fails, which a memory event could
 * not achieve. The FREE event unmaps pages. EAL takes some pages back without an event (after an allocation
 * that failed half-way): then its munmap() and mmap(MAP_FIXED) unmap them.
 *
 * Memory that EAL never frees is mapped as one area for each contiguous run. All other memory is mapped as
 * one area for each page, because the kernel unmaps only whole areas. If the aperture is large enough, the
 * IOVAs of each memory list are reserved as one linear range, so that contiguity never depends on luck.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_memzone.h>
#include <rte_version.h>

#include "addresses.h"
#include "common_space.h"
#include "foreign.h"
#include "ioas_bus.h"
#include "lookup.h"
#include "memory.h"
#include "policy.h"
#include "role.h"
#include "spaces.h"
#include "traced.h"

#define EVENT_NAME "bus_ioas"

/* Held from the check whether an address is mapped to the end of the map. */
static pthread_mutex_t map_lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * In a child of fork() private memory of EAL is a copy, but EAL and mbufs have recorded the IOVAs of the
 * parent's memory. A correct IOVA would not help. In EAL's usual modes all of its memory is shared.
 */
static bool
is_copy(const struct rte_memseg_list *msl, const void *va)
{
	const struct rte_memseg *ms;

	if (!role()->is_child)
		return false;
	ms = rte_mem_virt2memseg(va, msl);
	if (ms == NULL || ms->addr == NULL || ms->iova == RTE_BAD_IOVA)
		return false;
	BUS_IOAS_LOG(ERR, "no IOVA for %p: fork() has made a private copy of this memory of EAL, which no device "
		     "sees: start EAL after fork(), or with hugepages", va);
	return true;
}

/* Maps the page that contains an address. */
static rte_iova_t
map_page(const void *va)
{
	const struct rte_memseg_list *const msl = rte_mem_virt2memseg_list(va);
	uintptr_t page;

	if (msl != NULL && msl->external) {
		const struct rte_memseg *const ms = rte_mem_virt2memseg(va, msl);

		/* The application has named an IOVA for this memory. */
		if (ms != NULL && ms->iova != RTE_BAD_IOVA)
			return ms->iova + RTE_PTR_DIFF(va, ms->addr);
	}
	if (msl == NULL || msl->external)
		return foreign_map_page(va);
	if (is_copy(msl, va))
		return RTE_BAD_IOVA;
	page = (uintptr_t)va & ~(uintptr_t)(msl->page_sz - 1);
	if (policy_map((void *)page, msl->page_sz) < 0)
		return RTE_BAD_IOVA;
	return lookup_iova(va);
}

rte_iova_t
memory_iova(const void *va)
{
	rte_iova_t iova;

	iova = lookup_iova(va);
	if (likely(iova != RTE_BAD_IOVA))
		return iova;
	pthread_mutex_lock(&map_lock);
	iova = ioas_lookup_or_wait(bus_ioas_space, va);
	/* If the application has mapped the memory for one device, a query must not map it for all. */
	if (iova == RTE_BAD_IOVA)
		iova = spaces_lookup(va);
	if (iova == RTE_BAD_IOVA)
		iova = map_page(va);
	pthread_mutex_unlock(&map_lock);
	return iova;
}

/* EAL frees this memory. Waits until it is unmapped, because EAL may need its huge pages again. */
static void
forget(const void *va, size_t length)
{
	traced_forget_end(bus_ioas_space, ioas_forget_begin(bus_ioas_space, va, length), va, length, true);
	ioas_lookup_or_wait(bus_ioas_space, va);
}

/*
 * Maps external memory of a heap at the IOVA that the application has named, otherwise at a chosen one. Only
 * lookups find a chosen IOVA: as in stock EAL, a segment without a named IOVA stays without one, and EAL
 * makes no contiguous memzones from it.
 */
static void
map_external(struct rte_memseg *ms)
{
	const bool stated = ms->iova != RTE_BAD_IOVA;
	const rte_iova_t iova = stated ? ms->iova : lookup_iova(ms->addr);
	int ret;

	if (iova != RTE_BAD_IOVA && addresses_are_mapped_at(bus_ioas_space, ms->addr_64, ms->len, iova))
		return;
	traced_unmap(bus_ioas_space, ms->addr, ms->len);
	foreign_watch(bus_ioas_space, ms->addr, ms->len);
	ret = stated ? traced_map_fixed(bus_ioas_space, ms->addr, ms->len, iova) : policy_map(ms->addr, ms->len);
	if (ret < 0) {
		BUS_IOAS_LOG(ERR, "external memory at %p cannot be used for DMA", ms->addr);
		ms->iova = RTE_BAD_IOVA;
	}
}

/*
 * Unmaps memory that EAL frees. Records the IOVAs of new memory, which rte_mem_virt2iova() has already
 * mapped, and maps external memory. EAL calls it with its memory lock held, before any thread gets the
 * memory.
 *
 * EAL frees whole areas while it runs. rte_eal_cleanup(), when no driver has a device any more, also frees
 * other memory page by page: then an area goes with its last page.
 */
static void
memory_event(enum rte_mem_event type, const void *addr, size_t length, void *arg __rte_unused)
{
	const struct rte_memseg_list *const msl = rte_mem_virt2memseg_list(addr);

	if (type == RTE_MEM_EVENT_FREE) {
		forget(addr, length);
		return;
	}
	for (size_t offset = 0; offset < length; offset += msl->page_sz) {
		struct rte_memseg *const ms = rte_mem_virt2memseg(RTE_PTR_ADD(addr, offset), msl);

		if (msl->external)
			map_external(ms);
		else
			ms->iova = lookup_iova(ms->addr);
	}
}

/* State of the walk over EAL's memory before the first probe. */
struct start_walk {
	const struct rte_memseg_list *msl;
	uintptr_t first;  /* the current run, not mapped yet */
	uint64_t length;
	bool never_frees; /* EAL runs in a mode that never frees memory */
};

static int
map_run(struct start_walk *walk)
{
	const uint64_t length = walk->length;

	walk->length = 0;
	return length == 0 ? 0 : policy_map((void *)walk->first, length);
}

static int
add_to_run(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	struct start_walk *const walk = arg;
	const bool stays = walk->never_frees || (ms->flags & RTE_MEMSEG_FLAG_DO_NOT_FREE) != 0;

	if (msl->external)
		return 0;
	if (msl != walk->msl || ms->addr_64 != walk->first + walk->length || !stays) {
		if (map_run(walk) < 0)
			return -1;
		walk->first = ms->addr_64;
		walk->msl = stays ? msl : NULL; /* no page joins one that EAL can free */
	}
	walk->length += ms->len;
	return 0;
}

static int
check_fits(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg __rte_unused)
{
	if (msl->external || rte_eal_iova_mode() != RTE_IOVA_VA)
		return 0;
	return policy_check_va(ms->addr_64, ms->len);
}

static int
set_memseg_iova(const struct rte_memseg_list *msl, const struct rte_memseg *ms,
		void *arg __rte_unused)
{
	if (!msl->external)
		rte_mem_virt2memseg(ms->addr, msl)->iova = lookup_iova(ms->addr);
	return 0;
}

static int
reserve_list(const struct rte_memseg_list *msl, void *arg __rte_unused)
{
	/* If the list does not fit, runs are placed one by one. */
	if (!msl->external && rte_eal_iova_mode() != RTE_IOVA_VA)
		ioas_reserve(bus_ioas_space, msl->base_va, msl->len);
	return 0;
}

static void
set_memzone_iova(const struct rte_memzone *mz, void *arg __rte_unused)
{
	struct rte_memzone *const zone = (struct rte_memzone *)(uintptr_t)mz;

	zone->iova = lookup_iova(zone->addr);
}

/* Undoes a start that failed half-way. */
static void
stop(bool never_frees)
{
	if (!never_frees)
		rte_mem_event_callback_unregister(EVENT_NAME, NULL);
	traced_unmap(bus_ioas_space, NULL, UINT64_MAX);
}

int
memory_map_all(void)
{
	struct start_walk walk = { 0 };
	int ret;

	addresses_note_eal();
	/* Checks all memory before mapping any. */
	ret = rte_memseg_walk_thread_unsafe(check_fits, NULL);
	if (ret < 0)
		return ret;
	ret = rte_mem_event_callback_register(EVENT_NAME, memory_event, NULL);
	if (ret < 0 && rte_errno != ENOTSUP) {
		BUS_IOAS_LOG(ERR, "cannot follow memory events: %s", rte_strerror(rte_errno));
		return ret;
	}
	walk.never_frees = ret < 0;
	rte_memseg_list_walk_thread_unsafe(reserve_list, NULL);
	ret = rte_memseg_walk_thread_unsafe(add_to_run, &walk);
	if (ret == 0)
		ret = map_run(&walk);
	if (ret < 0) {
		stop(walk.never_frees);
		return ret;
	}
	rte_memseg_walk_thread_unsafe(set_memseg_iova, NULL);
	return 0;
}

void
memory_set_memzones(void)
{
	rte_memzone_walk(set_memzone_iova, NULL);
}

void
memory_before_fork(void)
{
	pthread_mutex_lock(&map_lock);
}

void
memory_after_fork(void)
{
	pthread_mutex_unlock(&map_lock);
}
