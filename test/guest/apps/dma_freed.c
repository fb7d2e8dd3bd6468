/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A device continues to write to memory after the application has freed it.
 *
 *	dma_freed EAL-OPTIONS -- DEVICE [PATH]
 *
 * The device is QEMU's "edu" (edu.h). Prints what happens to the memory that is allocated next: "harm" if the
 * device's bytes are in it, "no harm" if not; "fault 0xIOVA" for an IOVA at which a DMA found no memory. Then
 * prints "NAME 0xIOVA" for the IOVAs of a mempool's object, of a memzone, and others, for queries about them.
 * With PATH it waits until that file exists.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include <rte_vfio.h>

#include "edu.h"

#define PAGE ((size_t)2 << 20)
#define SMALL_PAGE ((size_t)sysconf(_SC_PAGESIZE))
#define LENGTH (4 * PAGE)

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	printf("not ok %s: %s\n", what, rte_strerror(rte_errno));
	exit(EXIT_FAILURE);
}

static rte_iova_t
iova_of(const void *va)
{
	const rte_iova_t iova = rte_mem_virt2iova(va);

	need(iova != RTE_BAD_IOVA, "an IOVA");
	return iova;
}

/* Whole pages, which EAL returns when they are freed; far from the heap's ends. */
static char *
get_memory(char fill)
{
	char *const memory = rte_malloc(NULL, LENGTH, PAGE);

	need(memory != NULL, "memory");
	memset(memory, fill, LENGTH);
	return memory;
}

static bool
is_all(const char *memory, char fill)
{
	for (size_t i = 0; i < LENGTH; i++)
		if (memory[i] != fill)
			return false;
	return true;
}

static bool
dma(const struct edu *edu, rte_iova_t iova, bool to_memory)
{
	return edu_dma(edu, 0, iova, 64, to_memory);
}

/* The device gets the command to write into a buffer, which is freed before it does. */
static void
write_after_free(const struct edu *edu)
{
	char *const source = get_memory('X'), *freed = get_memory('F'), *next;
	const rte_iova_t iova = iova_of(freed) + PAGE + 64;

	need(dma(edu, iova_of(source), false), "the device reads");
	need(dma(edu, iova, true) && memcmp(freed + PAGE + 64, source, 64) == 0,
	     "the device writes to memory that is not freed");
	rte_free(freed);
	next = get_memory('N');
	need(dma(edu, iova, true), "the device writes to freed memory");
	printf("%s\nfault 0x%" PRIx64 "\n", is_all(next, 'N') ? "no harm" : "harm", iova);
	rte_free(source);
}

static char *own, *heap;

static void
offer_questions(void)
{
	struct rte_mempool *const pool = rte_mempool_create("questions_pool", 1000, 3000, 0, 0, NULL, NULL,
							    NULL, NULL, SOCKET_ID_ANY, 0);
	const struct rte_memzone *const zone =
		rte_memzone_reserve("questions_zone", 300000, SOCKET_ID_ANY, 0);
	void *object;

	heap = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	own = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	need(pool != NULL && zone != NULL && own != MAP_FAILED, "a pool, a zone, memory");
	need(rte_mempool_get(pool, &object) == 0, "an object");
	printf("object 0x%" PRIx64 "\n", iova_of(object) + 100);
	printf("zone 0x%" PRIx64 "\n", iova_of(zone->addr) + 4096);
	printf("own 0x%" PRIx64 "\n", iova_of(own));
	need(heap != MAP_FAILED && rte_malloc_heap_create("questions_heap") == 0 &&
	     rte_malloc_heap_memory_add("questions_heap", heap, PAGE, NULL, PAGE / SMALL_PAGE,
					SMALL_PAGE) == 0, "a heap of external memory");
	printf("heap 0x%" PRIx64 "\n", iova_of(heap + SMALL_PAGE));
}

static void
wait_for_file(const char *path)
{
	while (access(path, F_OK) != 0)
		usleep(100000);
}

int
main(int argc, char **argv)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	const char *failed;
	struct edu edu;
	int n, fd;

	n = rte_eal_init(argc, argv);
	need(n >= 0, "rte_eal_init");
	argc -= n;
	argv += n;
	need(argc == 2 || argc == 3, "usage: dma_freed EAL-OPTIONS -- DEVICE [PATH]");
	need(rte_vfio_setup_device("/sys/bus/pci/devices", argv[1], &fd, &info) == 0,
	     "rte_vfio_setup_device");
	failed = edu_open(&edu, fd);
	need(failed == NULL, failed);
	write_after_free(&edu);
	offer_questions();
	printf("done\n");
	fflush(stdout);
	if (argc == 3)
		wait_for_file(argv[2]);
	rte_vfio_release_device("/sys/bus/pci/devices", argv[1], fd);
	n = rte_eal_cleanup();
	/* After EAL has ended, memory of the application may go. */
	munmap(own, PAGE);
	return n;
}
