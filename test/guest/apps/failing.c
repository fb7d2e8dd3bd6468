/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * For preloading: one function that the plugin calls fails in a way that no machine causes. FAIL names it:
 * "mprotect", "release" (rte_version() returns an unknown one), "silent" (it returns none), "events"
 * (rte_mem_event_callback_register()). Other callers get the real result.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_errno.h>
#include <rte_memory.h>
#include <rte_version.h>

static bool
fails(const char *what, const void *caller)
{
	const char *const fail = getenv("FAIL");
	Dl_info info;

	return fail != NULL && strcmp(fail, what) == 0 && dladdr(caller, &info) != 0 &&
	       strstr(info.dli_fname, "librte_bus_ioas") != NULL;
}

int
mprotect(void *start, size_t size, int prot)
{
	static int (*real)(void *start, size_t size, int prot);

	if (fails("mprotect", __builtin_return_address(0))) {
		errno = ENOMEM;
		return -1;
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "mprotect");
	return real(start, size, prot);
}

const char *
rte_version(void)
{
	const char *(*real)(void);

	if (fails("release", __builtin_return_address(0)))
		return "DPDK 99.11.0";
	if (fails("silent", __builtin_return_address(0)))
		return NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "rte_version");
	return real();
}

int
rte_mem_event_callback_register(const char *name, rte_mem_event_callback_t callback, void *arg)
{
	int (*real)(const char *name, rte_mem_event_callback_t callback, void *arg);

	if (fails("events", __builtin_return_address(0))) {
		rte_errno = ENOMEM;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "rte_mem_event_callback_register");
	return real(name, callback, arg);
}
