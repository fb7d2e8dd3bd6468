/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * One thread loads and unloads a library all the time, while another one makes the plugin bind late
 * libraries.
 *
 *	late EAL-OPTIONS -- LIBRARY SECONDS
 *
 * The library must be late_library.so, or have many imports of the functions that the plugin replaces.
 */

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_bus.h>
#include <rte_eal.h>

static bool ending;

static void *
load(void *arg)
{
	const char *const library = arg;
	unsigned long loads = 0;

	while (!__atomic_load_n(&ending, __ATOMIC_RELAXED)) {
		void *const handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

		if (handle == NULL) {
			fprintf(stderr, "%s\n", dlerror());
			exit(EXIT_FAILURE);
		}
		dlclose(handle);
		loads++;
	}
	printf("%lu loads\n", loads);
	return NULL;
}

int
main(int argc, char **argv)
{
	const int options = rte_eal_init(argc, argv);
	unsigned long scans = 0;
	pthread_t thread;
	time_t end;

	if (options < 0 || options + 3 != argc)
		return EXIT_FAILURE;
	if (pthread_create(&thread, NULL, load, argv[options + 1]) != 0)
		return EXIT_FAILURE;
	/* Each scan begins with binding. */
	for (end = time(NULL) + atoi(argv[options + 2]); time(NULL) < end; scans++)
		rte_bus_scan();
	__atomic_store_n(&ending, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("%lu scans\n", scans);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
