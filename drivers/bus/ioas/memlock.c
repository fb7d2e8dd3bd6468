/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "memlock.h"
#include "privilege.h"

int
memlock_read(struct memlock *memlock)
{
	FILE *const status = fopen("/proc/self/status", "re");
	uint64_t capabilities = 0, kib;
	char line[256], namespace[64] = "";
	struct rlimit limit;

	if (status == NULL)
		return -errno;
	memlock->used = 0;
	while (fgets(line, sizeof(line), status) != NULL) {
		/* iommufd counts pinned memory in VmPin, type1 and sPAPR in VmLck. */
		if (sscanf(line, "VmPin: %" SCNu64 " kB", &kib) == 1 ||
		    sscanf(line, "VmLck: %" SCNu64 " kB", &kib) == 1)
			memlock->used += kib << 10;
		else
			sscanf(line, "CapEff: %" SCNx64, &capabilities);
	}
	fclose(status);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return -errno;
	if (readlink("/proc/self/ns/user", namespace, sizeof(namespace) - 1) < 0)
		namespace[0] = '\0';
	memlock->limit = limit.rlim_cur == RLIM_INFINITY || is_free_of_memlock(capabilities, namespace)
		? UINT64_MAX : limit.rlim_cur;
	return 0;
}
