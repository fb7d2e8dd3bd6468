/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A secondary process with its own memory: it allocates a pool, for which EAL's memory must grow, checks the
 * IOVAs in it, and acts according to its argument until SIGINT:
 *   forward  sends a copy of each packet from queue 0 of one of two ports out of the other one, so that
 *            devices read memory that this process has allocated; ends without freeing it, because a
 *            port may still hold sent packets
 *   look     does nothing; frees all at the end
 *
 * The program does not know dpdk-ioas: EAL loads the plugin with -d. It prints a line for each check. The
 * status is 0 only if all were ok.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_memory.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include "check.h"

#define MBUFS 16383
#define BURST 32

static void
look_at_object(struct rte_mempool *pool, void *arg, void *object, unsigned int i)
{
	const rte_iova_t iova = rte_mempool_virt2iova(object);
	bool *const good = arg;

	(void)pool;
	if (iova == RTE_BAD_IOVA || iova == (uintptr_t)object || iova != rte_mem_virt2iova(object)) {
		if (*good)
			printf("object %u at %p: recorded IOVA 0x%" PRIx64 ", asked for 0x%" PRIx64 "\n",
			       i, object, iova, rte_mem_virt2iova(object));
		*good = false;
	}
}

static void
look_at_pool(struct rte_mempool *pool)
{
	bool good = true;
	const bool all = rte_mempool_obj_iter(pool, look_at_object, &good) == MBUFS;

	expect("the pool's IOVAs are those that were asked for, and no addresses", good && all);
}

/* A program that this process starts must not get its devices. */
static void
look_at_descriptors(void)
{
	unsigned int devices = 0, inherited = 0;
	DIR *const dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char file[256] = "";

		if (readlinkat(dirfd(dir), entry->d_name, file, sizeof(file) - 1) < 0 ||
		    (strncmp(file, "/dev/vfio/devices/", strlen("/dev/vfio/devices/")) != 0 &&
		     strstr(file, "[vfio-device]") == NULL))
			continue;
		devices++;
		inherited += (fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	expect("devices, which programs that are started do not get", devices > 0 && inherited == 0);
}

static void
look_at_zone(struct rte_device *device)
{
	const struct rte_memzone *const zone =
		rte_memzone_reserve("secondary", 4 << 20, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG);
	char own[4096];

	expect("a contiguous memzone", zone != NULL);
	if (zone == NULL)
		return;
	expect("the memzone's IOVA", zone->iova != (uintptr_t)zone->addr &&
	       zone->iova == rte_mem_virt2iova(zone->addr) &&
	       zone->iova + zone->len - 1 == rte_mem_virt2iova((char *)zone->addr + zone->len - 1));
	expect("no IOVA for memory that is not shared", rte_mem_virt2iova(own) == RTE_BAD_IOVA);
	expect("what the primary has mapped counts as mapped",
	       rte_dev_dma_map(device, zone->addr, zone->iova, zone->len) == 0);
	rte_errno = 0;
	expect("not at another IOVA",
	       rte_dev_dma_map(device, zone->addr, zone->iova + (UINT64_C(1) << 30), zone->len) < 0 &&
	       rte_errno == ENOTSUP);
	rte_errno = 0;
	expect("nothing can be unmapped",
	       rte_dev_dma_unmap(device, zone->addr, zone->iova, zone->len) < 0 && rte_errno == ENOTSUP);
	expect("the memzone is freed", rte_memzone_free(zone) == 0);
}

static void
forward(struct rte_mempool *pool, uint16_t from)
{
	struct rte_mbuf *in[BURST], *out[BURST];
	const uint16_t n = rte_eth_rx_burst(from, 0, in, BURST);
	uint16_t n_out = 0, sent;

	for (uint16_t i = 0; i < n; i++) {
		out[n_out] = rte_pktmbuf_copy(in[i], pool, 0, UINT32_MAX);
		n_out += out[n_out] != NULL;
		rte_pktmbuf_free(in[i]);
	}
	sent = rte_eth_tx_burst(from ^ 1, 0, out, n_out);
	while (sent < n_out)
		rte_pktmbuf_free(out[sent++]);
}

int
main(int argc, char **argv)
{
	struct rte_eth_dev_info info;
	struct rte_mempool *pool;
	bool forwards;
	char name[32];
	int n;

	check_start();
	n = rte_eal_init(argc, argv);
	if (n < 0 || rte_eal_process_type() != RTE_PROC_SECONDARY || rte_eth_dev_info_get(0, &info) != 0) {
		fprintf(stderr, "needs a primary process with ports\n");
		return 2;
	}
	forwards = argc - n > 1 && strcmp(argv[n + 1], "forward") == 0;
	snprintf(name, sizeof(name), "secondary-%d", (int)getpid());
	pool = rte_pktmbuf_pool_create(name, MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	expect("a pool of its own", pool != NULL);
	if (pool == NULL)
		return 1;
	look_at_pool(pool);
	look_at_descriptors();
	look_at_zone(info.device);
	printf("allocated\n");
	while (!ending) {
		if (forwards) {
			forward(pool, 0);
			forward(pool, 1);
		} else {
			usleep(10000);
		}
	}
	if (!forwards) {
		rte_mempool_free(pool);
		printf("freed\n");
	}
	rte_eal_cleanup();
	return failed;
}
