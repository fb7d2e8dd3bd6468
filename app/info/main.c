/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The program. All else is in a library that the tests use too. */
#include "info.h"

int
main(int argc, char **argv)
{
	return info_main(argc, argv, stdout, stderr);
}
