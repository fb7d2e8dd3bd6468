/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* An application of the other EAL. */

#include <stdio.h>

int rte_eal_init(int argc, char **argv);

int
main(int argc, char **argv)
{
	printf("other EAL: %d\n", rte_eal_init(argc, argv));
	return 0;
}
