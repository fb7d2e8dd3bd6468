/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The skeleton of a poll-mode driver that looks up IOVAs itself, with an application around it. The NIC is
 * QEMU's device "edu", which holds one packet: a packet that is sent is received again. To send, the driver
 * gathers the packet from all its segments. It looks up receive buffers in bursts.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <linux/vfio.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_vfio.h>

#include <ioas.h>
#include <rte_bus_ioas.h>

#include "edu.h"

#define SYSFS "/sys/bus/pci/devices"
#define ADDRESS_BITS 28
#define RX_RING 32
#define MAX_SEGMENTS 8
#define PACKETS 6

static const char usage[] =
	"usage: skeleton-pmd [-h] [EAL-OPTION]... -- DEVICE\n"
	"\n"
	"Sends packets through DEVICE, the PCI address of a device of QEMU (-device edu) that is bound to\n"
	"vfio-pci, and receives them again. It reaches 256 MiB of IOVAs: DPDK_IOAS=window=0x1000-0xfffffff\n";

/* ---- the driver ---- */

struct port {
	const char *name;
	int fd;
	struct edu edu;
	const struct ioas_table *table; /* for the polling thread */
	struct rte_mempool *pool;
	struct rte_mbuf *rx[RX_RING];   /* the first n_rx are free */
	uint64_t rx_iova[RX_RING];
	unsigned int n_rx;
	enum { EMPTY, SENDING, FULL, RECEIVING } state;
	struct rte_mbuf *tx;
	struct ioas_segment segments[MAX_SEGMENTS];
	unsigned int n_segments, next, length;
};

static int
port_probe(struct port *port, const char *name, struct rte_mempool *pool)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	const char *wrong;

	*port = (struct port){ .name = name, .pool = pool, .table = rte_bus_ioas_table() };
	if (port->table == NULL) {
		fprintf(stderr, "skeleton-pmd: the plugin is not in use: its line above says why\n");
		return -ENOTSUP;
	}
	if (rte_vfio_setup_device(SYSFS, name, &port->fd, &info) != 0) {
		fprintf(stderr, "skeleton-pmd: %s cannot be used: bind it (dpdk-devbind.py -b vfio-pci %s) and "
			"let EAL have it (-a, -b)\n", name, name);
		return -ENODEV;
	}
	/* Refused if memory already has higher IOVAs. The plugin then logs the option to start with. */
	wrong = rte_mem_check_dma_mask(ADDRESS_BITS) != 0 ? "it does not reach all memory"
							  : edu_open(&port->edu, port->fd);
	if (wrong == NULL)
		return 0;
	fprintf(stderr, "skeleton-pmd: %s: %s\n", name, wrong);
	rte_vfio_release_device(SYSFS, name, port->fd);
	return -ENOTSUP;
}

static void
port_remove(struct port *port)
{
	/* Stops DMA before memory is freed. */
	edu_close(&port->edu, port->fd);
	rte_pktmbuf_free_bulk(port->rx, port->n_rx);
	rte_vfio_release_device(SYSFS, port->name, port->fd);
}

/* The start of the data follows from the address of the mbuf, so the mbuf (another cache line) is not read. */
static void
port_refill(struct port *port)
{
	const unsigned int offset = sizeof(struct rte_mbuf) + rte_pktmbuf_priv_size(port->pool) +
		RTE_PKTMBUF_HEADROOM;
	const void *data[RX_RING];

	if (port->n_rx != 0 || rte_pktmbuf_alloc_bulk(port->pool, port->rx, RX_RING) != 0)
		return;
	for (unsigned int i = 0; i < RX_RING; i++)
		data[i] = (const char *)port->rx[i] + offset;
	if (ioas_lookup_bulk(port->table, data, port->rx_iova, RX_RING) == RX_RING)
		port->n_rx = RX_RING;
	else
		rte_pktmbuf_free_bulk(port->rx, RX_RING);
}

/* Makes the list of segments for the device to read; -EFAULT: some memory is not mapped. */
static int
port_gather(struct port *port, const struct rte_mbuf *m)
{
	struct iovec buffers[MAX_SEGMENTS];
	unsigned int n = 0;

	/* Most packets have one segment: inline, without a list. */
	if (m->next == NULL) {
		port->segments[0].iova = ioas_lookup(port->table, rte_pktmbuf_mtod(m, void *));
		port->segments[0].length = m->data_len;
		return port->segments[0].iova == IOAS_BAD_IOVA ? -EFAULT : 1;
	}
	for (; m != NULL; m = m->next)
		buffers[n++] = (struct iovec){ rte_pktmbuf_mtod(m, void *), m->data_len };
	return ioas_lookup_iovec(port->table, buffers, n, port->segments, MAX_SEGMENTS);
}

static void
port_read_next(struct port *port)
{
	const struct ioas_segment *const segment = &port->segments[port->next++];

	edu_start(&port->edu, port->length, segment->iova, segment->length, false);
	port->length += segment->length;
}

/* Like rte_eth_tx_burst(): returns the number of packets taken, from the first on. */
static uint16_t
port_tx(struct port *port, struct rte_mbuf **packets, uint16_t n)
{
	int segments;

	if (n == 0 || port->state != EMPTY || packets[0]->pkt_len > EDU_BUFFER ||
	    packets[0]->nb_segs > MAX_SEGMENTS)
		return 0;
	segments = port_gather(port, packets[0]);
	if (segments <= 0)
		return 0;
	port->tx = packets[0];
	port->n_segments = segments;
	port->next = 0;
	port->length = 0;
	port->state = SENDING;
	port_read_next(port);
	return 1;
}

/* Like rte_eth_rx_burst(). */
static uint16_t
port_rx(struct port *port, struct rte_mbuf **packets, uint16_t n)
{
	port_refill(port);
	if (n == 0 || port->state == EMPTY || edu_busy(&port->edu))
		return 0;
	if (port->state == SENDING && port->next < port->n_segments) {
		port_read_next(port);
		return 0;
	}
	if (port->state == SENDING) {
		rte_pktmbuf_free(port->tx);
		port->state = FULL;
	}
	if (port->n_rx == 0)
		return 0;
	if (port->state == FULL) {
		edu_start(&port->edu, 0, port->rx_iova[port->n_rx - 1], port->length, true);
		port->state = RECEIVING;
		return 0;
	}
	packets[0] = port->rx[--port->n_rx];
	packets[0]->data_len = port->length;
	packets[0]->pkt_len = port->length;
	port->state = EMPTY;
	return 1;
}

/* ---- the application ---- */

/* Makes a packet of this many segments, of different lengths. */
static struct rte_mbuf *
make(struct rte_mempool *pool, unsigned int segments)
{
	struct rte_mbuf *first = NULL;

	for (unsigned int i = 0; i < segments; i++) {
		struct rte_mbuf *const m = rte_pktmbuf_alloc(pool);
		const unsigned int length = 100 + i * 37;

		if (m == NULL)
			return NULL;
		memset(rte_pktmbuf_append(m, length), 'a' + i, length);
		if (first == NULL)
			first = m;
		else
			rte_pktmbuf_chain(first, m);
	}
	return first;
}

static int
send_and_receive(struct port *port, unsigned int segments)
{
	struct rte_mbuf *m = make(port->pool, segments), *received;
	char sent[EDU_BUFFER], copy[EDU_BUFFER];
	const char *data;
	uint32_t length;

	if (m == NULL)
		return -ENOMEM;
	length = m->pkt_len;
	data = rte_pktmbuf_read(m, 0, length, copy);
	memcpy(sent, data, length);
	if (port_tx(port, &m, 1) != 1)
		return -EFAULT;
	for (unsigned int i = 0; port_rx(port, &received, 1) == 0; i++) {
		if (i == 10000)
			return -ETIMEDOUT;
		rte_delay_us_sleep(1000);
	}
	if (received->pkt_len != length ||
	    memcmp(rte_pktmbuf_mtod(received, char *), sent, length) != 0)
		return -EBADMSG;
	printf("%u bytes sent from %u segments and received\n", length, segments);
	rte_pktmbuf_free(received);
	return 0;
}

static int
run(const char *name)
{
	struct rte_mempool *const pool = rte_pktmbuf_pool_create("packets", 255, 0, 0,
								 RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct port port;
	int ret = 0;

	if (pool == NULL) {
		fprintf(stderr, "skeleton-pmd: no pool: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	if (port_probe(&port, name, pool) < 0)
		return EXIT_FAILURE;
	for (unsigned int segments = 1; segments <= PACKETS && ret == 0; segments++)
		ret = send_and_receive(&port, segments);
	port_remove(&port);
	if (ret < 0 || rte_mempool_in_use_count(pool) != 0) {
		fprintf(stderr, "skeleton-pmd: a packet is wrong or lost, %s; %u buffers are missing\n",
			strerror(-ret), rte_mempool_in_use_count(pool));
		return EXIT_FAILURE;
	}
	printf("all packets are right\n");
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	int n, ret = 2;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	n = rte_eal_init(argc, argv);
	if (n < 0)
		return rte_errno == EINVAL ? 2 : EXIT_FAILURE;
	if (n == argc - 2)
		ret = run(argv[n + 1]);
	else
		fputs(usage, stderr);
	rte_eal_cleanup();
	return ret;
}
