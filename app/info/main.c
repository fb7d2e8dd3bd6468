/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "info.h"

int
main(int argc, char **argv)
{
	return info_main(argc, argv, stdout, stderr);
}
