/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Random calls compared with the reference. The test prints the seed; UNIT_SEED sets it. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reference.h"

#define STEPS (unit_quick() ? 3000u : 100000u)

static uint64_t state;

static uint64_t
random_number(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

static void
run(struct ioas_range window, bool wide, uint64_t quarantine)
{
	const char *const given = getenv("UNIT_SEED");
	const uint64_t seed = given != NULL ? strtoull(given, NULL, 0)
					    : (uint64_t)time(NULL) * 2654435761u + window.last;

	state = seed | 1;
	printf("UNIT_SEED=%" PRIu64 " ", seed);
	fflush(stdout);
	reference_start(window, wide, quarantine, random_number);
	while (reference_steps() < STEPS && CU_get_number_of_failures() == 0) {
		if (random_number(4) == 0)
			reference_fail(1 + random_number(4));
		reference_step();
		if (reference_steps() % 500 == 0)
			reference_check_all(PAGE);
	}
	reference_check_all(PAGE);
}

static void
wide_window(void)
{
	run(reference_wide(0), true, 0);
}

static void
narrow_window(void)
{
	run(reference_narrow(), false, 0);
}

static void
wide_quarantine(void)
{
	run(reference_wide(REFERENCE_QUARANTINE), true, REFERENCE_QUARANTINE);
}

/* The window can never be full, and must not be the reason why a map fails. */
static void
narrow_quarantine(void)
{
	run(reference_narrow(), false, REFERENCE_QUARANTINE);
}

UNIT_MAIN("random",
	  { "a wide window", wide_window },
	  { "a narrow window", narrow_window },
	  { "a wide window and a quarantine", wide_quarantine },
	  { "a narrow window and a quarantine", narrow_quarantine })
