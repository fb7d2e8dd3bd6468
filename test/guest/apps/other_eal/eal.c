/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Replaces the librte_eal of a DPDK that the plugin was not built for. */

#define OTHER 99

int rte_eal_init(int argc, char **argv);
int rte_bus_scan(void);

int
rte_eal_init(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return rte_bus_scan();
}

int
rte_bus_scan(void)
{
	return OTHER;
}
