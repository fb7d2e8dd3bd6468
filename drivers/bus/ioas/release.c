/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_version.h>

#include "ioas_bus.h"
#include "release.h"

/*
 * The releases that were read and tested: in all of them EAL has the same seams and the same order in
 * rte_eal_init(). The plugin refuses any other release.
 */
static const char *const releases[] = { "22.11", "24.11", "25.11" };

int
release_check(const char *version)
{
	char release[16] = "", known[64] = "", built[32];

	if (version != NULL && sscanf(version, "DPDK %5[0-9.]", release) == 1)
		for (unsigned int i = 0; i < RTE_DIM(releases); i++)
			if (strcmp(releases[i], release) == 0)
				return 0;
	for (unsigned int i = 0; i < RTE_DIM(releases); i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 i == 0 ? "" : ", ", releases[i]);
	snprintf(built, sizeof(built), "DPDK %d.%02d.%d", RTE_VER_YEAR, RTE_VER_MONTH, RTE_VER_MINOR);
	BUS_IOAS_LOG(ERR, "this plugin was built with %s, runs with %s, and knows only DPDK %s: use a dpdk-ioas that "
		     "knows it, or run without the plugin", built, release_running(), known);
	return -ENOTSUP;
}

const char *
release_running(void)
{
	const char *const version = rte_version();

	return version != NULL ? version : "a DPDK of unknown release";
}
