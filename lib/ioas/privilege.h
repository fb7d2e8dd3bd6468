/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PRIVILEGE_H
#define IOAS_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <linux/capability.h>

/* The number of the kernel's first user namespace: PROC_USER_INIT_INO. Privileges in other namespaces do not
 * lift the limit. */
#define INITIAL_USER_NAMESPACE "user:[4026531837]"

/* Whether RLIMIT_MEMLOCK does not bind a process with these capabilities (CapEff) in a user namespace, given
 * as the target of /proc/self/ns/user ("": a kernel without user namespaces has no such file). */
static inline bool
is_free_of_memlock(uint64_t capabilities, const char *user_namespace)
{
	return (capabilities >> CAP_IPC_LOCK & 1) != 0 &&
	       (user_namespace[0] == '\0' || strcmp(user_namespace, INITIAL_USER_NAMESPACE) == 0);
}

#endif /* IOAS_PRIVILEGE_H */
