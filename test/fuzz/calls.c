/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Sequences of calls compared with the reference of test/unit. The bytes select the backend, the window, the
 * calls with their arguments, and the call of the kernel that fails.
 */

#include "fuzz.h"
#include "reference.h"

#define MAX_STEPS 400

static const uint8_t *next, *end;

/* Reads as many bytes as the number may need; 0 after all are used up. */
static uint64_t
choose(uint64_t below)
{
	uint64_t number = 0;

	for (uint64_t room = 1; room < below && next < end; room <<= 8)
		number = number << 8 | *next++;
	return number % below;
}

/* The function behind the unit tests' assertions, which does not count them here. */
CU_BOOL
CU_assertImplementation(CU_BOOL value, unsigned int line, const char *condition, const char *file,
			const char *function, CU_BOOL fatal)
{
	(void)function;
	(void)fatal;
	if (!value) {
		fprintf(stderr, "%s:%u: %s\n", file, line, condition);
		abort();
	}
	return value;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const backends[] = { "iommufd", "groups", "type1", "spapr" };
	static const uint64_t quarantines[] = { 0, REFERENCE_QUARANTINE };
	uint64_t held;
	bool wide;

	next = data;
	end = data + size;
	unit_use_backend(backends[choose(4)]);
	wide = choose(2) == 0;
	unit_set_up();
	held = quarantines[choose(2)];
	reference_start(wide ? reference_wide(held) : reference_narrow(), wide, held, choose);
	while (next < end && reference_steps() < MAX_STEPS) {
		if (choose(8) == 0)
			reference_fail(1 + choose(4));
		reference_step();
	}
	reference_check_all(MIB(1) - PAGE);
	unit_tear_down();
	return 0;
}
