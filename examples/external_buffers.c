/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Packets in memory of the application, not of EAL. Packets are sent from buffers that are attached to mbufs
 * (rte_pktmbuf_attach_extbuf), and received into a pool of such buffers (rte_pktmbuf_pool_create_extbuf). Two
 * ports exchange them, and the program compares the contents. It uses no function of the plugin: the IOVAs
 * come from rte_mem_virt2iova().
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define PAGE ((size_t)2 << 20)
/* A page to receive into and one to send from, each with a part for each port. */
#define PAGES 2
#define LENGTH (PAGES * PAGE)
#define BUFFER 2048
#define BUFFERS 200
#define RECEIVE_BUFFERS 511
#define RING 128
#define PACKETS 100
#define HEADER (RTE_ETHER_HDR_LEN + sizeof(uint32_t))

static const char usage[] =
	"usage: external-buffers [-h] [EAL-OPTION]...\n"
	"\n"
	"Two ports, the only ones, on one network send packets to each other out of memory of the\n"
	"application's own. With `-d librte_bus_ioas.so` and two NICs: -a ADDRESS -a ADDRESS\n";

static char *memory;
static struct rte_mbuf_ext_shared_info shared[2][BUFFERS];
static unsigned int sent[2], given_back;

/* The driver has finished with the buffer. */
static void
give_back(void *buffer __rte_unused, void *arg __rte_unused)
{
	given_back++;
}

/* Allocates memory, and makes it known to EAL and to the devices. */
static bool
get_memory(void)
{
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("external-buffers: huge pages (dpdk-hugepages.py --setup 1G reserves them)");
		return false;
	}
	if (rte_extmem_register(memory, LENGTH, NULL, 0, PAGE) == 0)
		return true;
	fprintf(stderr, "external-buffers: rte_extmem_register: %s\n", rte_strerror(rte_errno));
	return false;
}

/* Maps page by page, because IOVAs are consecutive only within a page. */
static bool
map_page(char *page)
{
	const rte_iova_t iova = rte_mem_virt2iova(page);
	struct rte_eth_dev_info info;
	uint16_t port;

	if (iova == RTE_BAD_IOVA) {
		fprintf(stderr, "external-buffers: %p has no IOVA: -d librte_bus_ioas.so, or be root\n",
			(void *)page);
		return false;
	}
	RTE_ETH_FOREACH_DEV(port) {
		if (rte_eth_dev_info_get(port, &info) == 0 &&
		    rte_dev_dma_map(info.device, page, iova, PAGE) == 0)
			continue;
		fprintf(stderr, "external-buffers: port %u: rte_dev_dma_map: %s\n", port,
			rte_strerror(rte_errno));
		return false;
	}
	printf("%zu bytes at %p are at IOVA 0x%" PRIx64 "\n", PAGE, (void *)page, iova);
	return true;
}

static bool
start_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };
	struct rte_eth_link link;

	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(port, 0, RING, SOCKET_ID_ANY, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(port, 0, RING, SOCKET_ID_ANY, NULL) != 0 ||
	    rte_eth_dev_start(port) != 0 || rte_eth_promiscuous_enable(port) != 0) {
		fprintf(stderr, "external-buffers: port %u cannot be started\n", port);
		return false;
	}
	/* Waits for the link. */
	return rte_eth_link_get(port, &link) == 0;
}

/* Fills in the packet with this number, to the last byte. */
static unsigned int
make(uint32_t number, char *packet)
{
	static const struct rte_ether_hdr header = {
		.dst_addr = { { 2, 0, 0, 0, 0, 1 } }, .src_addr = { { 2, 0, 0, 0, 0, 2 } },
		.ether_type = RTE_BE16(0x88b5), /* for experiments */
	};
	const unsigned int length = 60 + number * 13;

	memcpy(packet, &header, RTE_ETHER_HDR_LEN);
	memcpy(packet + RTE_ETHER_HDR_LEN, &number, sizeof(number));
	for (unsigned int i = HEADER; i < length; i++)
		packet[i] = (char)(number + i * 7);
	return length;
}

/* Sends a packet from the port's next buffer. */
static bool
send_packet(uint16_t port, struct rte_mempool *headers, uint32_t number)
{
	struct rte_mbuf_ext_shared_info *const info = &shared[port][sent[port]];
	char *const buffer = memory + PAGE + port * PAGE / 2 + sent[port] * BUFFER;
	struct rte_mbuf *const m = rte_pktmbuf_alloc(headers);
	unsigned int length;

	if (m == NULL || sent[port] == BUFFERS)
		return false;
	length = make(number, buffer);
	info->free_cb = give_back;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(m, buffer, rte_mem_virt2iova(buffer), BUFFER, info);
	m->data_len = length;
	m->pkt_len = length;
	sent[port]++;
	while (rte_eth_tx_burst(port, 0, (struct rte_mbuf *[]){ m }, 1) == 0)
		rte_delay_us_sleep(1000);
	return true;
}

/* Whether the packet arrives in time, with the right contents. */
static bool
receive_packet(uint16_t port, uint32_t number)
{
	char must_be[BUFFER];
	const unsigned int length = make(number, must_be);

	for (unsigned int i = 0; i < 100; i++) {
		struct rte_mbuf *m;
		bool same;

		if (rte_eth_rx_burst(port, 0, &m, 1) == 0) {
			rte_delay_us_sleep(1000);
			continue;
		}
		same = m->data_len == length &&
			memcmp(rte_pktmbuf_mtod(m, char *), must_be, length) == 0 &&
			m->buf_addr >= (void *)memory && m->buf_addr < (void *)(memory + PAGE);
		rte_pktmbuf_free(m);
		if (same)
			return true;
	}
	return false;
}

static bool
exchange(struct rte_mempool *headers)
{
	for (uint32_t number = 0; number < PACKETS; number++) {
		const uint16_t from = number % 2, to = 1 - from;

		/* The first packets may be lost until both links are up. */
		do {
			if (!send_packet(from, headers, number)) {
				fprintf(stderr, "external-buffers: packet %u of port %u does not arrive as it "
					"was sent\n", number, from);
				return false;
			}
		} while (!receive_packet(to, number));
	}
	printf("%u packets sent from the application's memory and received into it, contents right\n",
	       PACKETS);
	return true;
}

static bool
run(void)
{
	struct rte_pktmbuf_extmem receive = { .buf_len = PAGE, .elt_size = RTE_MBUF_DEFAULT_BUF_SIZE };
	struct rte_eth_dev_info info;
	struct rte_mempool *headers, *pool;
	bool done;

	if (!get_memory() || !map_page(memory) || !map_page(memory + PAGE))
		return false;
	receive.buf_ptr = memory;
	receive.buf_iova = rte_mem_virt2iova(memory);
	pool = rte_pktmbuf_pool_create_extbuf("receive", RECEIVE_BUFFERS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					      SOCKET_ID_ANY, &receive, 1);
	/* These mbufs have no room for data. */
	headers = rte_pktmbuf_pool_create("headers", 2 * BUFFERS, 0, 0, 0, SOCKET_ID_ANY);
	if (pool == NULL || headers == NULL) {
		fprintf(stderr, "external-buffers: no pool: %s\n", rte_strerror(rte_errno));
		return false;
	}
	done = start_port(0, pool) && start_port(1, pool) && exchange(headers);
	for (uint16_t port = 0; port < 2; port++)
		rte_eth_dev_stop(port);
	if (done && given_back != sent[0] + sent[1]) {
		fprintf(stderr, "external-buffers: %u buffers of %u came back\n", given_back, sent[0] + sent[1]);
		done = false;
	}
	/* If both ports are in one I/O address space, the first unmap is for both. */
	for (unsigned int i = 0; i < PAGES && rte_eth_dev_info_get(0, &info) == 0; i++)
		rte_dev_dma_unmap(info.device, memory + i * PAGE, rte_mem_virt2iova(memory + i * PAGE), PAGE);
	for (uint16_t port = 0; port < 2; port++)
		rte_eth_dev_close(port);
	rte_extmem_unregister(memory, LENGTH);
	munmap(memory, LENGTH);
	return done;
}

int
main(int argc, char **argv)
{
	bool done = false;
	int n;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	n = rte_eal_init(argc, argv);
	if (n < 0)
		return rte_errno == EINVAL ? 2 : EXIT_FAILURE;
	if (n != argc - 1)
		fputs(usage, stderr);
	else if (rte_eth_dev_count_avail() != 2)
		fprintf(stderr, "external-buffers: two ports are needed, there are %u: bind two NICs "
			"(dpdk-devbind.py -b vfio-pci ADDRESS) and allow these (-a ADDRESS)\n",
			rte_eth_dev_count_avail());
	else
		done = run();
	rte_eal_cleanup();
	return done ? EXIT_SUCCESS : n != argc - 1 ? 2 : EXIT_FAILURE;
}
