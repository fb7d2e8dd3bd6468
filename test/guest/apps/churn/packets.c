/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Numbered packets go from port 0 to port 1 and back in the same mbufs. Each byte is computed from the
 * number, and compared at both ports. They are sent from pools that come and go: a device reads memory that
 * was just mapped, and that is freed as soon as the device has finished.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "churn.h"

#define RX_RING 512
#define TX_RING 128
/* Fewer than any ring or queue on the way holds, so that none is lost. */
#define WINDOW 64
#define BURST 16
#define PACKETS_A_POOL 2000
#define OLD_POOLS 8

#define HEADER 22 /* addresses, type, number */
#define SHORTEST 60
#define LONGEST 1514

static struct rte_mempool *pool, *old_pools[OLD_POOLS];
static uint64_t sent, sent_from_pool, expected[2], last_arrival, random_state = 4711;
static bool begun;

static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
	return x ^ (x >> 29);
}

static unsigned int
length_of(uint64_t number)
{
	return SHORTEST + mix(number) % (LONGEST - SHORTEST + 1);
}

/* Fills in the packet with this number, to the last byte. */
static void
make(uint64_t number, uint8_t *packet)
{
	static const uint8_t start[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0x88, 0xb5 };
	const unsigned int length = length_of(number);
	uint64_t word = number;

	memcpy(packet, start, sizeof(start));
	memcpy(packet + sizeof(start), &number, sizeof(number));
	for (unsigned int i = HEADER; i < length; i += sizeof(word)) {
		word = mix(word + i);
		memcpy(packet + i, &word, RTE_MIN(sizeof(word), length - i));
	}
}

/* Checks a received packet. Returns its number. */
static uint64_t
check_packet(unsigned int port, const struct rte_mbuf *m)
{
	const uint8_t *const is = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t must_be[LONGEST];
	unsigned int i = 0;
	uint64_t number;

	if (m->nb_segs != 1 || m->data_len < SHORTEST)
		wrong("port %u received %u bytes in %u segments", port, m->pkt_len, m->nb_segs);
	memcpy(&number, is + HEADER - sizeof(number), sizeof(number));
	if (number >= sent)
		wrong("port %u received packet %" PRIu64 ", %" PRIu64 " were sent", port, number, sent);
	make(number, must_be);
	if (m->data_len != length_of(number))
		wrong("port %u: packet %" PRIu64 " has %u bytes, not %u", port, number, m->data_len,
		      length_of(number));
	while (i < m->data_len && is[i] == must_be[i])
		i++;
	if (i < m->data_len)
		wrong("port %u: byte %u of packet %" PRIu64 " is 0x%02x, not 0x%02x (mbuf of %s)", port,
		      i, number, is[i], must_be[i], m->pool->name);
	if (number < expected[port])
		wrong("port %u received packet %" PRIu64 " after %" PRIu64, port, number,
		      expected[port] - 1);
	/* Packets may be lost until both links are up. */
	if (begun && port == 1)
		figures.lost += number - expected[port];
	expected[port] = number + 1;
	last_arrival = rte_get_timer_cycles();
	figures.packets++;
	return number;
}

/* ---- pools ---- */

static void
free_old_pools(void)
{
	for (unsigned int i = 0; i < OLD_POOLS; i++) {
		if (old_pools[i] == NULL || !rte_mempool_full(old_pools[i]))
			continue;
		rte_mempool_free(old_pools[i]);
		old_pools[i] = NULL;
	}
}

/* Replaces the pool, if the list has room for the old one and memory suffices for the new one. */
static void
change_pool(void)
{
	static unsigned int serial;
	const size_t room = RTE_PKTMBUF_HEADROOM + random_size(&random_state, 2048, 16000);
	const unsigned int n = 2 * WINDOW + random_below(&random_state, 2000);
	struct rte_mempool *new_pool;
	char name[32];
	unsigned int i = 0;

	free_old_pools();
	while (i < OLD_POOLS && old_pools[i] != NULL)
		i++;
	if (i == OLD_POOLS)
		return;
	snprintf(name, sizeof(name), "packets %u", serial++);
	new_pool = rte_pktmbuf_pool_create(name, n, 0, 0, RTE_ALIGN_CEIL(room, 64), SOCKET_ID_ANY);
	if (new_pool == NULL) {
		figures.refused++;
		return;
	}
	figures.pools++;
	old_pools[i] = pool;
	pool = new_pool;
	sent_from_pool = 0;
}

/* ---- ports ---- */

static void
start_port(uint16_t port, struct rte_mempool *rx_pool)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_link link;

	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(port, 0, RX_RING, SOCKET_ID_ANY, NULL, rx_pool) != 0 ||
	    rte_eth_tx_queue_setup(port, 0, TX_RING, SOCKET_ID_ANY, NULL) != 0 ||
	    rte_eth_dev_start(port) != 0 || rte_eth_promiscuous_enable(port) != 0)
		wrong("port %u cannot be started: %s", port, rte_strerror(rte_errno));
	if (rte_eth_link_get(port, &link) != 0)
		wrong("port %u does not say whether its link is up", port);
}

void
packets_start(void)
{
	struct rte_mempool *const rx_pool =
		rte_pktmbuf_pool_create("received", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					SOCKET_ID_ANY);

	if (rx_pool == NULL || rte_eth_dev_count_avail() != 2)
		wrong("there are %u ports, not 2", rte_eth_dev_count_avail());
	start_port(0, rx_pool);
	start_port(1, rx_pool);
	pool = rte_pktmbuf_pool_create("first packets", 2 * WINDOW + 1, 0, 0,
				       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		wrong("no first pool");
	last_arrival = rte_get_timer_cycles();
}

static void
transmit(uint16_t port, struct rte_mbuf **packets, unsigned int n)
{
	unsigned int done = 0;

	while (done < n)
		done += rte_eth_tx_burst(port, 0, packets + done, n - done);
}

static void
send_new(void)
{
	struct rte_mbuf *packets[BURST];
	unsigned int n = 0;

	while (n < BURST && sent - expected[0] < WINDOW) {
		uint8_t *to;

		packets[n] = rte_pktmbuf_alloc(pool);
		if (packets[n] == NULL)
			break; /* the ring keeps them until others are sent */
		to = (uint8_t *)rte_pktmbuf_append(packets[n], length_of(sent));
		if (to == NULL)
			wrong("no room in an mbuf of %s", pool->name);
		make(sent++, to);
		n++;
	}
	transmit(0, packets, n);
	sent_from_pool += n;
}

/* A packet that has not come back after this time is lost. */
static void
give_up_lost(void)
{
	const uint64_t waited = (rte_get_timer_cycles() - last_arrival) / rte_get_timer_hz();

	if (waited < (begun ? 10 : 1))
		return;
	if (begun)
		wrong("nothing arrives any more: %" PRIu64 " packets sent, %" PRIu64 " arrived at "
		      "port 1, %" PRIu64 " came back", sent, expected[1], expected[0]);
	expected[0] = sent;
	expected[1] = sent;
	last_arrival = rte_get_timer_cycles();
}

void
packets_step(void)
{
	struct rte_mbuf *packets[BURST];
	unsigned int n, forwarded;

	if (sent_from_pool >= PACKETS_A_POOL)
		change_pool();
	send_new();
	n = rte_eth_rx_burst(1, 0, packets, BURST);
	for (unsigned int i = 0; i < n; i++)
		check_packet(1, packets[i]);
	transmit(1, packets, n);
	forwarded = n;
	n = rte_eth_rx_burst(0, 0, packets, BURST);
	for (unsigned int i = 0; i < n; i++)
		check_packet(0, packets[i]);
	begun |= n != 0;
	rte_pktmbuf_free_bulk(packets, n);
	give_up_lost();
	/* The emulated devices use the same CPUs. */
	if (n == 0 && forwarded == 0)
		usleep(20);
}

void
packets_end(void)
{
	for (uint16_t port = 0; port < 2; port++) {
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
	free_old_pools();
	rte_mempool_free(pool);
	for (unsigned int i = 0; i < OLD_POOLS; i++)
		if (old_pools[i] != NULL)
			wrong("%s has lost %u mbufs", old_pools[i]->name,
			      rte_mempool_in_use_count(old_pools[i]));
}
