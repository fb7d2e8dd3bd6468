/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/capability.h>

#include "memlock.h"

/* The kernel's first user namespace has this number: PROC_USER_INIT_INO. Privileges of others do not
 * count for the limit. */
#define INITIAL_USER_NAMESPACE "user:[4026531837]"

static bool
is_initial_namespace(void)
{
	char name[sizeof(INITIAL_USER_NAMESPACE) + 1] = "";

	/* A kernel without user namespaces has no such file. */
	return readlink("/proc/self/ns/user", name, sizeof(name) - 1) < 0 ||
	       strcmp(name, INITIAL_USER_NAMESPACE) == 0;
}

int
memlock_read(struct memlock *memlock)
{
	FILE *const status = fopen("/proc/self/status", "re");
	uint64_t capabilities = 0, kib;
	struct rlimit limit;
	char line[256];

	if (status == NULL)
		return -errno;
	memlock->used = 0;
	while (fgets(line, sizeof(line), status) != NULL) {
		/* iommufd counts into VmPin, type1 and sPAPR into VmLck. */
		if (sscanf(line, "VmPin: %" SCNu64 " kB", &kib) == 1 ||
		    sscanf(line, "VmLck: %" SCNu64 " kB", &kib) == 1)
			memlock->used += kib << 10;
		else
			sscanf(line, "CapEff: %" SCNx64, &capabilities);
	}
	fclose(status);
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return -errno;
	memlock->limit = limit.rlim_cur == RLIM_INFINITY ||
			 ((capabilities >> CAP_IPC_LOCK & 1) != 0 && is_initial_namespace())
		? UINT64_MAX : limit.rlim_cur;
	return 0;
}
