/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* For preloading after the plugin: its constructor runs before the plugin's, and uses EAL. */

#include <stdio.h>

#include <rte_eal.h>
#include <rte_memory.h>

static void __attribute__((constructor))
use_eal(void)
{
	printf("early: %d\n", rte_eal_using_phys_addrs());
	fflush(stdout);
}
