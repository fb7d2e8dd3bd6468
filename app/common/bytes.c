/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Formats numbers of bytes with units. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"

static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

#define LAST_UNIT (sizeof(units) / sizeof(units[0]) - 1)

const char *
bytes_exact(uint64_t bytes, char text[BYTES_TEXT])
{
	unsigned int unit = 0;

	while (bytes != 0 && bytes % 1024 == 0 && unit < LAST_UNIT) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, BYTES_TEXT, "%" PRIu64 " %s", bytes, units[unit]);
	return text;
}

const char *
bytes_short(uint64_t bytes, char text[BYTES_TEXT])
{
	double value = bytes;
	unsigned int unit = 0;

	bytes_exact(bytes, text);
	if (strspn(text, "0123456789") <= 4)
		return text;
	for (; value >= 1024 && unit < LAST_UNIT; unit++)
		value /= 1024;
	snprintf(text, BYTES_TEXT, "%.*f %s", (uint64_t)(value * 10 + 0.5) % 10 != 0, value, units[unit]);
	return text;
}
