/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <inttypes.h>
#include <stdio.h>

#include "bytes.h"

const char *
bytes_exact(uint64_t bytes, char text[BYTES_TEXT])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, BYTES_TEXT, "%" PRIu64 " %s", bytes, units[unit]);
	return text;
}
