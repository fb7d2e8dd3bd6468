/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Decides once whether the plugin works in this process. If not, it logs the reason, and each replacement
 * calls EAL's own function.
 */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_version.h>

#include "bind.h"
#include "eals.h"
#include "ioas_bus.h"
#include "load.h"
#include "release.h"
#include "trace_points.h"

static bool in_charge;

static int
check_time(void)
{
	/* The scan sets the mode, and the plugin has missed it. */
	if (rte_eal_iova_mode() == RTE_IOVA_DC)
		return 0;
	BUS_IOAS_LOG(ERR, "the plugin was loaded after EAL had started: give it to EAL (-d), link or preload it");
	return -EALREADY;
}

static void
load(void)
{
	int ret = eals_check();

	/* The copy that was loaded first is in use. */
	if (ret == -EEXIST)
		return;
	if (ret == 0)
		ret = release_check(rte_version());
	if (ret == 0)
		ret = check_time();
	if (ret == 0)
		ret = seams_bind();
	if (ret < 0) {
		BUS_IOAS_LOG(ERR, "the plugin stays out: DPDK continues without it, %s", release_running());
		return;
	}
	/* If a second copy registered them too, EAL would stop. */
	trace_points_register();
	in_charge = true;
}

bool
bus_ioas_load(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return in_charge;
}

const char *
bus_ioas_how_to_load(void)
{
#ifdef BUS_IOAS_WRAP
	return ": librte_bus_ioas.so by -d or LD_PRELOAD, or linked in";
#else
	static char text[2 * PATH_MAX + 128];
	Dl_info info;

	if (dladdr((void *)(uintptr_t)bus_ioas_load, &info) != 0)
		snprintf(text, sizeof(text), ": -d %s, or LD_PRELOAD=%s for a program that takes no EAL options "
			 "(dpdk-dumpcap)", info.dli_fname, info.dli_fname);
	return text;
#endif
}

/*
 * Runs when EAL loads the plugin, before EAL scans the buses. The bus scan reports wrong options, because it
 * can stop EAL.
 */
RTE_INIT_PRIO(bus_ioas_construct, LAST)
{
	bus_ioas_load();
}
