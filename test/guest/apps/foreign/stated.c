/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The application queries the IOVA of memory, then maps more of it there. All of this also works with stock
 * EAL. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_vfio.h>

#include "foreign.h"

#define PAGES 8

struct stated {
	const char *name;
	size_t page;
	bool by_device;            /* rte_dev_dma_map(), else the container's call */
	unsigned int first, pages; /* the mapped pages */
	const unsigned int *asked; /* in this order; ends with PAGES */
	bool twice;                /* mapped again in the same way */
};

/* A NIC, because EAL has no driver for the edu devices. */
static struct rte_device *
find_nic(void)
{
	struct rte_dev_iterator iterator;
	struct rte_device *device, *found = NULL;

	RTE_DEV_FOREACH(device, "bus=pci", &iterator)
		if (rte_dev_is_probed(device) && found == NULL)
			found = device;
	need(found != NULL, "no NIC");
	return found;
}

static int
map(const struct stated *stated, char *p, rte_iova_t iova, size_t length)
{
	return stated->by_device ? rte_dev_dma_map(find_nic(), p, iova, length)
		: rte_vfio_container_dma_map(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)p, iova, length);
}

static int
unmap(const struct stated *stated, char *p, rte_iova_t iova, size_t length)
{
	return stated->by_device ? rte_dev_dma_unmap(find_nic(), p, iova, length)
		: rte_vfio_container_dma_unmap(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)p, iova, length);
}

/* No other device can read memory that is mapped for the NIC alone. */
static bool
is_for_all(const struct stated *stated)
{
	const char *const options = getenv("DPDK_IOAS");

	return !stated->by_device || options == NULL || strstr(options, "isolate") == NULL;
}

static void
map_what_was_asked(void *arg)
{
	const struct stated *const stated = arg;
	const size_t length = stated->pages * stated->page;
	char *const all = mmap(NULL, PAGES * stated->page, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | (stated->page == LARGE_PAGE ? MAP_HUGETLB : 0), -1, 0);
	char *const p = all + stated->first * stated->page;
	struct spot spots[PAGES];
	rte_iova_t iova;

	need(all != MAP_FAILED, "no memory");
	for (const unsigned int *page = stated->asked; *page != PAGES; page++) {
		write_new(all + *page * stated->page);
		need(rte_mem_virt2iova(all + *page * stated->page) != RTE_BAD_IOVA, "no IOVA for page %u", *page);
	}
	need(rte_extmem_register(all, PAGES * stated->page, NULL, 0, stated->page) == 0, "rte_extmem_register");
	iova = rte_mem_virt2iova(p);
	need(map(stated, p, iova, length) == 0, "%s at IOVA 0x%" PRIx64, rte_strerror(rte_errno), iova);
	/* Stock EAL does not know whether it has been mapped. */
	if (stated->twice)
		map(stated, p, iova, length);
	for (unsigned int i = 0; i < stated->pages; i++) {
		spots[i] = (struct spot){ p + i * stated->page, iova + i * stated->page };
		write_new(p + i * stated->page);
		need(rte_mem_virt2iova(spots[i].va) == spots[i].iova, "page %u has IOVA 0x%" PRIx64, i,
		     rte_mem_virt2iova(spots[i].va));
	}
	if (is_for_all(stated))
		need_seen("mapped", spots, stated->pages);
	need(unmap(stated, p, iova, length) == 0, "unmap: %s", rte_strerror(rte_errno));
	/* One device keeps memory of all devices. */
	need(!is_for_all(stated) || unmap(stated, p, iova, length) != 0, "what is not mapped was unmapped");
	need(rte_extmem_unregister(all, PAGES * stated->page) == 0, "rte_extmem_unregister");
	munmap(all, PAGES * stated->page);
}

void
stated_cases(void)
{
	static const unsigned int none[] = { PAGES }, first[] = { 0, PAGES }, last[] = { 7, PAGES },
				  forth[] = { 0, 1, 2, 3, 4, 5, 6, 7, PAGES },
				  back[] = { 7, 6, 5, 4, 3, 2, 1, 0, PAGES }, any[] = { 5, 2, 7, 0, PAGES },
				  again[] = { 3, 3, 3, PAGES };
	static const struct stated kinds_of_it[] = {
		{ .name = "the first page, then all", .pages = 8, .asked = first },
		{ .name = "nothing but the IOVA that is stated", .pages = 8, .asked = none },
		{ .name = "the last page, then all", .pages = 8, .asked = last },
		{ .name = "each page, then all", .pages = 8, .asked = forth },
		{ .name = "each page backwards, then all", .pages = 8, .asked = back },
		{ .name = "pages in any order, then all", .pages = 8, .asked = any },
		{ .name = "one page thrice, then the end", .first = 3, .pages = 5, .asked = again },
		{ .name = "each page, then the middle", .first = 2, .pages = 3, .asked = forth },
		{ .name = "all, mapped twice", .pages = 8, .asked = first, .twice = true },
	};
	char name[200];

	for (unsigned int i = 0; i < RTE_DIM(kinds_of_it) * 4; i++) {
		struct stated stated = kinds_of_it[i / 4];

		stated.page = i % 2 == 0 ? SMALL_PAGE : LARGE_PAGE;
		stated.by_device = i % 4 >= 2;
		snprintf(name, sizeof(name), "%s, %zu KiB pages, %s", stated.name, stated.page / KB,
			 stated.by_device ? "rte_dev_dma_map" : "rte_vfio_container_dma_map");
		run_case(name, map_what_was_asked, &stated);
	}
}
