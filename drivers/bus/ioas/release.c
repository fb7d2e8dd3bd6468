/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdio.h>

#include "ioas_bus.h"

/*
 * The releases whose EAL was read and tested with: the seams and the order of rte_eal_init() are the
 * same in all of them. A release that is not listed is refused, never guessed at.
 */
static const struct {
	unsigned int year, month;
} releases[] = {
	{ 22, 11 },
};

int
release_check(const char *version)
{
	unsigned int year = 0, month = 0;

	if (sscanf(version, "DPDK %u.%u", &year, &month) == 2)
		for (unsigned int i = 0; i < RTE_DIM(releases); i++)
			if (releases[i].year == year && releases[i].month == month)
				return 0;
	BUS_IOAS_LOG(ERR, "this plugin does not know '%s' (built for DPDK %u.%u): use a dpdk-ioas "
		     "that does, or run without the plugin", version, releases[0].year,
		     releases[0].month);
	return -ENOTSUP;
}
