/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* A program without DPDK: loads a library, closes it, and calls a function that the library has replaced. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int
main(int argc, char **argv)
{
	void *const page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *const handle = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;

	if (handle == NULL || dlclose(handle) != 0) {
		fprintf(stderr, "%s\n", dlerror());
		return EXIT_FAILURE;
	}
	if (munmap(page, 4096) != 0)
		return EXIT_FAILURE;
	printf("ended\n");
	return EXIT_SUCCESS;
}
