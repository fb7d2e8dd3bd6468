/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Static DPDK: the linker binds all callers by --wrap (dpdk-ioas-static.pc has the flags). The originals are
 * the __real_ symbols.
 */

#include "bind.h"
#include "eals.h"
#include "seams.h"

#define SEAM_REAL(result, name, params) result __real_ ## name params;
SEAMS(SEAM_REAL)

#define SEAM_SET(result, name, params) .name = __real_ ## name,
struct seam_originals seam_found = { SEAMS(SEAM_SET) };

const struct seam_originals *
seam_originals(void)
{
	return &seam_found;
}

/* The program has exactly one EAL and one plugin, or it would not link. */
int
eals_check(void)
{
	return 0;
}

int
seams_bind(void)
{
	return 0;
}

void
seams_bind_late(void)
{
	/* All callers were bound when the program was linked. */
}
