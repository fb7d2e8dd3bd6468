/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Memory of the application that it gives to DPDK: fixed IOVAs are kept, others are chosen, and impossible
 * ones are refused. Prints a line for each check.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>
#include <rte_vfio.h>

#include "pinned.h"

#define PAGE ((size_t)2 << 20)
#define PAGES 4
#define LENGTH (PAGES * PAGE)
#define HEAP "external"
/* More than EAL has at the start. */
#define MORE ((size_t)96 << 20)

static int failures;

static void
check(bool ok, const char *what)
{
	printf("%s %s\n", ok ? "ok" : "not ok", what);
	failures += !ok;
}

/* glibc's own function, behind the allocator below. */
void *__libc_calloc(size_t n, size_t size);
static bool trims;

/* An allocator that maps more than it needs and unmaps the rest during each call. */
void *
calloc(size_t n, size_t size)
{
	if (trims) {
		char *const chunk = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (chunk != MAP_FAILED)
			munmap(chunk, 3 * PAGE);
	}
	return __libc_calloc(n, size);
}

static char *
hugepages(void)
{
	char *const p = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	return p;
}

static bool
linear_at(char *memory, rte_iova_t iova)
{
	for (size_t offset = 0; offset < LENGTH; offset += 4096)
		if (rte_mem_virt2iova(memory + offset) != iova + offset)
			return false;
	return true;
}

/* rte_dev_dma_map() at a fixed IOVA. */
static void
stated_by_dma_map(struct rte_device *dev)
{
	const rte_iova_t iova = 0x40000000;
	char *const memory = hugepages();

	check(rte_extmem_register(memory, LENGTH, NULL, 0, PAGE) == 0, "register");
	check(rte_dev_dma_map(dev, memory, iova, LENGTH) == 0, "dma-map: stated IOVA");
	check(linear_at(memory, iova), "dma-map: lookups give the stated IOVA");
	check(rte_dev_dma_map(dev, memory, iova, LENGTH) == 0, "dma-map: the same again");
	check(rte_dev_dma_map(dev, memory, iova + PAGE, LENGTH) < 0, "dma-map: overlap is refused");
	check(rte_dev_dma_map(dev, memory, 0xfee00000, LENGTH) < 0,
	      "dma-map: reserved region is refused");
	check(linear_at(memory, iova), "dma-map: a refusal changes nothing");
	check(rte_dev_dma_unmap(dev, memory, iova, LENGTH) == 0, "dma-unmap");
	check(rte_dev_dma_unmap(dev, memory, iova, LENGTH) < 0, "dma-unmap: not a second time");
	check(rte_extmem_unregister(memory, LENGTH) == 0, "unregister");
	munmap(memory, LENGTH);
}

/* Different memory of two devices at one IOVA, if each has its own space. */
static void
isolated(struct rte_device *first, struct rte_device *second)
{
	const rte_iova_t iova = 0x40000000, for_all = 0x50000000;
	char *const memory[] = { hugepages(), hugepages() };

	for (unsigned int i = 0; i < 2; i++)
		check(rte_extmem_register(memory[i], LENGTH, NULL, 0, PAGE) == 0, "register");
	check(rte_dev_dma_map(first, memory[0], iova, LENGTH) == 0, "isolated: the first's");
	check(rte_dev_dma_map(second, memory[1], iova, LENGTH) == 0, "isolated: the second's");
	check(rte_dev_dma_map(first, memory[1], iova, LENGTH) < 0, "isolated: in use by the first");
	check(linear_at(memory[0], iova) && linear_at(memory[1], iova), "isolated: lookups find both");
	check(rte_dev_dma_unmap(first, memory[1], iova, LENGTH) == 0, "isolated: unmapped");
	check(linear_at(memory[1], iova), "isolated: the second's is still there");
	/* A map that names no device is for all devices. */
	check(rte_vfio_container_dma_map(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)memory[0], for_all,
					 LENGTH) == 0, "isolated: for all");
	check(linear_at(memory[0], for_all), "isolated: for all: lookups");
	check(rte_dev_dma_map(first, memory[0], for_all, LENGTH) == 0 &&
	      rte_dev_dma_map(second, memory[0], for_all, LENGTH) == 0, "isolated: both have it");
	check(rte_dev_dma_unmap(second, memory[0], for_all, LENGTH) == 0 &&
	      linear_at(memory[0], for_all), "isolated: and it stays");
	check(rte_vfio_container_dma_unmap(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)memory[0], for_all,
					   LENGTH) == 0, "isolated: not for all any more");
	/* An area that loses a part keeps the rest. */
	check(rte_dev_dma_map(first, memory[0], iova, LENGTH) == 0, "isolated: the first's again");
	for (unsigned int i = 0; i < 2; i++) {
		rte_extmem_unregister(memory[i], LENGTH);
		munmap(memory[i], PAGE);
		check(rte_mem_virt2iova(memory[i]) == RTE_BAD_IOVA &&
		      rte_mem_virt2iova(memory[i] + PAGE) == iova + PAGE,
		      "isolated: a part goes, the rest stays");
		munmap(memory[i] + PAGE, LENGTH - PAGE);
		check(rte_mem_virt2iova(memory[i]) == RTE_BAD_IOVA, "isolated: gone after munmap");
	}
}

/* A heap of external memory; table NULL: without fixed IOVAs. */
static void *
heap_of(char *memory, rte_iova_t *table)
{
	check(rte_malloc_heap_create(HEAP) == 0, "heap");
	check(rte_malloc_heap_memory_add(HEAP, memory, LENGTH, table, PAGES, PAGE) == 0,
	      "heap: memory added");
	return rte_malloc_socket(NULL, 4096, 0, rte_malloc_heap_get_socket(HEAP));
}

static void
heap_end(void *object, char *memory)
{
	rte_free(object);
	check(rte_malloc_heap_memory_remove(HEAP, memory, LENGTH) == 0, "heap: memory removed");
	check(rte_malloc_heap_destroy(HEAP) == 0, "heap: destroyed");
}

static void
stated_by_table(void)
{
	char *const memory = hugepages();
	rte_iova_t table[PAGES];
	size_t offset;
	void *object;

	for (unsigned int i = 0; i < PAGES; i++)
		table[i] = 0x80000000 + (PAGES - 1 - i) * PAGE;
	object = heap_of(memory, table);
	offset = (char *)object - memory;
	check(object != NULL && rte_malloc_virt2iova(object) == table[offset / PAGE] + offset % PAGE,
	      "table: kept in objects");
	check(rte_mem_virt2iova(memory + 3 * PAGE + 5) == table[3] + 5, "table: kept in lookups");
	heap_end(object, memory);
	/* Nothing of it is left: the same memory gets a chosen IOVA now. */
	check(rte_mem_virt2iova(memory) != table[0] && rte_mem_virt2iova(memory) != RTE_BAD_IOVA,
	      "table: gone after the memory was removed");
	munmap(memory, LENGTH);
}

static void
stated_impossible(void)
{
	char *const memory = hugepages();
	rte_iova_t table[PAGES];
	void *object;

	for (unsigned int i = 0; i < PAGES; i++)
		table[i] = (UINT64_C(1) << 48) + i * PAGE;
	object = heap_of(memory, table);
	check(object != NULL && rte_malloc_virt2iova(object) == RTE_BAD_IOVA,
	      "impossible table: a bad IOVA, not a wrong one");
	heap_end(object, memory);
	munmap(memory, LENGTH);
}

static void
not_stated(void)
{
	char *const memory = hugepages();
	void *const object = heap_of(memory, NULL);
	const rte_iova_t iova = rte_mem_virt2iova(object);

	check(object != NULL && iova != RTE_BAD_IOVA && iova != (uintptr_t)object, "no table: chosen");
	/* As in stock EAL, which makes no contiguous memory of it either. */
	check(rte_malloc_virt2iova(object) == RTE_BAD_IOVA &&
	      rte_mem_virt2memseg(memory, NULL)->iova == RTE_BAD_IOVA, "no table: no IOVA is recorded");
	check(rte_memzone_reserve("not contiguous", 2 * PAGE, rte_malloc_heap_get_socket(HEAP),
				  RTE_MEMZONE_IOVA_CONTIG) == NULL, "no table: no contiguous memzone");
	heap_end(object, memory);
	munmap(memory, LENGTH);
}

/* Memory that DPDK does not know, whose address gets other pages later. */
static void
asked_for(void)
{
	char *const memory = hugepages();
	const rte_iova_t first = rte_mem_virt2iova(memory);
	char *again;

	check(first != RTE_BAD_IOVA && first != (uintptr_t)memory, "asked for: chosen");
	check(linear_at(memory, first), "asked for: contiguous");
	munmap(memory, LENGTH);
	check(rte_mem_virt2iova(memory) == RTE_BAD_IOVA, "asked for: gone after munmap");
	again = mmap(memory, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_FIXED, -1, 0);
	check(again == memory && rte_mem_virt2iova(again) != first,
	      "asked for: other pages have another IOVA");
	/* The kernel removes the whole page, which may have 64 KiB. */
	munmap(again, 4096);
	check(rte_mem_virt2iova(again) == RTE_BAD_IOVA, "asked for: gone with a part of its page");
}

/* In this program, as in EAL, mmap() is mmap64(). In other programs it is not. */
void *plain_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset) __asm__("mmap");

/* Other pages replace the mapped ones. */
static void
replaced(void *(*map)(void *addr, size_t length, int prot, int flags, int fd, off_t offset), const char *what)
{
	char *const memory = hugepages();
	const rte_iova_t iova = rte_mem_virt2iova(memory);
	const uint64_t before = pinned_bytes();

	map(memory, LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	check(iova != RTE_BAD_IOVA && pinned_falls_to(before - 1), what);
	munmap(memory, LENGTH);
}

/* A child's changes to its copy of the memory do not affect the devices. */
static void
forked(void)
{
	char *const memory = hugepages();
	const rte_iova_t iova = rte_mem_virt2iova(memory);
	const uint64_t before = pinned_bytes();
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		munmap(memory, LENGTH);
		_exit(EXIT_SUCCESS);
	}
	check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "fork: the child ends");
	check(pinned_bytes() == before && linear_at(memory, iova), "fork: its munmap takes nothing away");
	munmap(memory, LENGTH);
	check(rte_mem_virt2iova(memory) == RTE_BAD_IOVA && pinned_falls_to(before - 1), "fork: the parent's does");
}

/* The library allocates while it maps. */
static void
trimming_allocator(void)
{
	char *const memory = hugepages();

	alarm(60);
	trims = true;
	check(rte_mem_virt2iova(memory) != RTE_BAD_IOVA, "an allocator that unmaps while memory is mapped");
	trims = false;
	alarm(0);
	munmap(memory, LENGTH);
}

/* As applications do that look for new devices. */
static void
scanned_again(void)
{
	void *const before = rte_malloc(NULL, 4096, 0), *after;
	const rte_iova_t iova = rte_mem_virt2iova(before);
	struct rte_eth_dev_info info;

	check(rte_bus_scan() == 0 && rte_bus_probe() == 0, "scan and probe again");
	check(rte_mem_virt2iova(before) == iova, "again: memory keeps its IOVA");
	after = rte_malloc(NULL, MORE, 0);
	check(after != NULL && rte_mem_virt2iova(after) == rte_malloc_virt2iova(after),
	      "again: new memory has one");
	check(rte_eth_dev_info_get(0, &info) == 0, "again: a port is there");
	rte_free(after);
	rte_free(before);
}

int
main(int argc, char **argv)
{
	struct rte_eth_dev_info info, info2;
	const int options = rte_eal_init(argc, argv);

	if (options < 0)
		return EXIT_FAILURE;
	if (rte_eth_dev_info_get(0, &info) != 0) {
		printf("not ok port 0\n");
		return EXIT_FAILURE;
	}
	/* After EAL's options: "chosen", if fixed IOVAs are impossible; "isolated", if each device has its
	 * own space. */
	if (options + 1 < argc && strcmp(argv[options + 1], "isolated") == 0) {
		check(rte_eth_dev_info_get(1, &info2) == 0, "port 1");
		isolated(info.device, info2.device);
	}
	if (options + 1 >= argc || strcmp(argv[options + 1], "chosen") != 0) {
		stated_by_dma_map(info.device);
		stated_by_table();
		stated_impossible();
	}
	not_stated();
	asked_for();
	replaced(plain_mmap, "replaced by mmap: what was mapped is not any more");
	replaced(mmap64, "replaced by mmap64: the same");
	forked();
	trimming_allocator();
	scanned_again();
	printf("%s\n", failures == 0 ? "PASSED" : "FAILED");
	rte_eal_cleanup();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
