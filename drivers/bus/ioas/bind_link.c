/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Static DPDK: the linker has bound all callers by --wrap (the flags are in dpdk-ioas-static.pc).
 * The originals are the __real_ symbols.
 */

#include <errno.h>

#include "ioas_bus.h"
#include "seams.h"

#define SEAM_REAL(result, name, params) result __real_ ## name params;
SEAMS(SEAM_REAL)

int
seams_bind(void)
{
#define SEAM_SET(result, name, params) seam_original.name = __real_ ## name;
	SEAMS(SEAM_SET)
	return 0;
}

void
seams_bind_late(void)
{
	/* All callers were bound when the program was linked. */
}
