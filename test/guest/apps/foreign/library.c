/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* A library that a program loads while EAL runs. It maps and unmaps memory by its own calls. */

#include <stddef.h>
#include <sys/mman.h>

void *library_get(size_t length);
int library_give(void *p, size_t length);

char library_data[64 << 10];

void *
library_get(size_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int
library_give(void *p, size_t length)
{
	return munmap(p, length);
}
