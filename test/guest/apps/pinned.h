/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef PINNED_H
#define PINNED_H

/*
 * The amount of memory of this process that the kernel has pinned for DMA.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* In bytes; 0 if the kernel does not report it. iommufd counts it in VmPin, type1 in VmLck. */
static inline uint64_t
pinned_bytes(void)
{
	FILE *const status = fopen("/proc/self/status", "re");
	uint64_t bytes = 0, kib;
	char line[200];

	if (status == NULL)
		return 0;
	while (fgets(line, sizeof(line), status) != NULL)
		if (sscanf(line, "VmPin: %" SCNu64, &kib) == 1 || sscanf(line, "VmLck: %" SCNu64, &kib) == 1)
			bytes += kib << 10;
	fclose(status);
	return bytes;
}

/* Waits until at most this much is pinned; false if more stays pinned. The thread that reads userfaultfd's
 * events may unmap memory for DMA a moment after munmap() has returned. */
static inline bool
pinned_falls_to(uint64_t bytes)
{
	for (unsigned int i = 0; i < 1000; i++) {
		if (pinned_bytes() <= bytes)
			return true;
		usleep(10000);
	}
	return false;
}

#endif /* PINNED_H */
