/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Lines of the kernel's log, as they come: most of them tell of no fault. */

#include <string.h>

#include "fault.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ioas_fault fault, again;
	char *const line = malloc(size + 1);
	int ret;

	FUZZ_CHECK(line != NULL);
	if (size > 0)
		memcpy(line, data, size);
	line[size] = '\0';
	memset(&fault, 0, sizeof(fault));
	memset(&again, 0xff, sizeof(again));
	ret = ioas_fault_parse(line, &fault);
	FUZZ_CHECK(ret <= 0);
	/* Whatever was there before. */
	FUZZ_CHECK(ioas_fault_parse(line, &again) == ret);
	free(line);
	return 0;
}
