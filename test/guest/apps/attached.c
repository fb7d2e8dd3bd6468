/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Memory of the application in two processes: the primary registers it with given IOVAs and maps it for port
 * 0; the secondary attaches it and must find the same IOVAs. Each process prints a line for each check, then
 * "ready", and ends on SIGINT.
 *
 * The program does not know dpdk-ioas: EAL loads the plugin with -d.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_memory.h>

#include "check.h"

#define FILE_NAME "/dev/hugepages/attached"
#define ADDRESS ((void *)UINT64_C(0x3000000000))
#define PAGE (UINT64_C(2) << 20)
#define PAGES 2
#define LENGTH (PAGES * PAGE)

/* Not in the order of the addresses, so that adding an offset to an IOVA gives a wrong result. */
static rte_iova_t iovas[PAGES] = { 0x900000000, 0x800000000 };

static bool
for_each_page(int (*fn)(struct rte_device *device, void *va, uint64_t iova, size_t length),
	      struct rte_device *device)
{
	bool good = true;

	for (unsigned int i = 0; i < PAGES; i++)
		good &= fn(device, (char *)ADDRESS + i * PAGE, iovas[i], PAGE) == 0;
	return good;
}

static void
primary(struct rte_device *device)
{
	expect("registered", rte_extmem_register(ADDRESS, LENGTH, iovas, PAGES, PAGE) == 0);
	expect("mapped", for_each_page(rte_dev_dma_map, device));
}

static void
secondary(struct rte_device *device)
{
	bool good = true;

	expect("attached", rte_extmem_attach(ADDRESS, LENGTH) == 0);
	for (unsigned int i = 0; i < PAGES; i++)
		good &= rte_mem_virt2iova((char *)ADDRESS + i * PAGE + 4096) == iovas[i] + 4096;
	expect("the IOVAs of the primary process", good);
	expect("it counts as mapped", for_each_page(rte_dev_dma_map, device));
	rte_errno = 0;
	expect("not at the other page's IOVA",
	       rte_dev_dma_map(device, ADDRESS, iovas[1], PAGE) < 0 && rte_errno == ENOTSUP);
}

int
main(int argc, char **argv)
{
	struct rte_eth_dev_info info;
	int fd;

	check_start();
	if (rte_eal_init(argc, argv) < 0 || rte_eth_dev_info_get(0, &info) != 0)
		return 2;
	fd = open(FILE_NAME, O_CREAT | O_RDWR, 0600);
	if (fd < 0 || ftruncate(fd, LENGTH) != 0 ||
	    mmap(ADDRESS, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0) != ADDRESS)
		return 2;
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		primary(info.device);
	else
		secondary(info.device);
	printf("ready\n");
	while (!ending)
		usleep(10000);
	if (rte_eal_process_type() == RTE_PROC_PRIMARY) {
		expect("unmapped", for_each_page(rte_dev_dma_unmap, info.device));
		expect("unregistered", rte_extmem_unregister(ADDRESS, LENGTH) == 0);
		unlink(FILE_NAME);
	} else {
		expect("detached", rte_extmem_detach(ADDRESS, LENGTH) == 0);
	}
	rte_eal_cleanup();
	return failed;
}
