/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Checks for huge pages, and whether the kernel accepts a map for each.
 */

#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include <rte_eal.h>

#include "common_space.h"
#include "hugepages.h"
#include "ioas_bus.h"

/* The number of huge pages of all sizes; ULONG_MAX if it cannot be read. */
static unsigned long
count_hugepages(const char *pattern)
{
	unsigned long pages = 0, n;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return ULONG_MAX;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *const file = fopen(found.gl_pathv[i], "re");

		if (file == NULL)
			continue;
		if (fscanf(file, "%lu", &n) == 1)
			pages += n;
		fclose(file);
	}
	globfree(&found);
	return pages;
}

/* EAL's own message does not name the remedy. Pages that the kernel creates on demand
 * (nr_overcommit_hugepages) count too. */
void
hugepages_check(void)
{
	if (rte_eal_has_hugepages() != 0 &&
	    count_hugepages("/sys/kernel/mm/hugepages/*/nr_*hugepages") == 0)
		BUS_IOAS_LOG(WARNING, "no hugepages are reserved: run `dpdk-hugepages.py --setup "
			     "1G`, or start with --no-huge");
}

void
hugepages_check_room(void)
{
	const uint64_t room = ioas_room(bus_ioas_space);
	unsigned long pages;

	if (room == UINT64_MAX)
		return;
	pages = count_hugepages("/sys/kernel/mm/hugepages/*/free_hugepages");
	if (pages != ULONG_MAX && room < pages)
		BUS_IOAS_LOG(WARNING, "the kernel takes %" PRIu64 " more maps, and %lu huge pages are "
			     "free: each page that is added later takes one map: preallocate memory "
			     "(-m), or raise vfio_iommu_type1.dma_entry_limit", room, pages);
}
