/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * An allocator that unmaps memory during an allocation, which another thread has just freed, as mimalloc and
 * jemalloc do. The library allocates under its locks, so its part of munmap() must not wait for one of them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "foreign.h"

void *__libc_calloc(size_t n, size_t size);

/* The memory to unmap, and the number of allocations before that. */
static __thread char *given_back;
static __thread unsigned int before;
static __thread unsigned int allocations;

/* Also called by the libraries: the program's symbols come first. */
void *
calloc(size_t n, size_t size)
{
	char *const p = given_back;

	allocations++;
	if (p != NULL && before-- == 0) {
		given_back = NULL;
		munmap(p, LARGE_PAGE);
	}
	return __libc_calloc(n, size);
}

static void
ask_in_allocator(void *arg)
{
	char *const old = new_memory(NULL, LARGE_PAGE), *const p = new_memory(NULL, LARGE_PAGE);

	write_new(old);
	write_new(p);
	need_asked("before", old);
	before = *(unsigned int *)arg;
	given_back = old;
	alarm(30);
	rte_mem_virt2iova(p);
	alarm(0);
	need(given_back == NULL, "there are no more than %u allocations", *(unsigned int *)arg);
	need_asked("asked in the midst", p);
	need(rte_mem_virt2iova(old) == RTE_BAD_IOVA, "what was given back has an IOVA");
	new_memory(old, LARGE_PAGE);
	write_new(old);
	need_asked("new memory where it was", old);
	munmap(old, LARGE_PAGE);
	munmap(p, LARGE_PAGE);
}

/* At each allocation of a query. */
void
deadlock_cases(void)
{
	char *const p = new_memory(NULL, LARGE_PAGE);
	unsigned int all;
	char name[100];

	write_new(p);
	allocations = 0;
	rte_mem_virt2iova(p);
	all = allocations;
	printf("%u allocations for a question\n", all);
	/* If the mapping is known, it is one less. */
	for (unsigned int n = 0; n < all - 1; n++) {
		snprintf(name, sizeof(name), "memory goes inside of allocation %u of a question", n);
		run_case(name, ask_in_allocator, &n);
	}
}
