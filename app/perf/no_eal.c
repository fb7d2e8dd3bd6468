/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Replaces eal.c if DPDK is not installed. */

#include "perf.h"

const char *
eal_version(void)
{
	return "";
}

int
eal_run(const struct options *options, struct results *results)
{
	(void)options;
	results_note(results, "eal", "left out: built without DPDK");
	return 0;
}
