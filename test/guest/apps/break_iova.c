/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Gives every mbuf a wrong DMA address, to prove that the contents tests detect it. A mempool driver for
 * EAL's "-d break_iova.so --mbuf-pool-ops-name=break_iova": the ring driver, except that an mbuf leaves the
 * pool with the address that BREAK_IOVA demands:
 *
 *   decoy      all mbufs: one buffer outside the pool
 *   neighbour  the address of the mbuf that left the pool before it
 *   NUMBER     this many bytes beyond the right address
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

static const struct rte_mempool_ops *ring;
static const char *kind = "decoy";
static rte_iova_t decoy;
static rte_iova_t before;

static rte_iova_t
right_iova(const struct rte_mbuf *m)
{
	return rte_mempool_virt2iova(m) + ((uintptr_t)m->buf_addr - (uintptr_t)m);
}

static void
break_mbuf(struct rte_mbuf *m)
{
	const rte_iova_t right = right_iova(m);

	if (strcmp(kind, "decoy") == 0) {
		rte_mbuf_iova_set(m, decoy);
	} else if (strcmp(kind, "neighbour") == 0) {
		rte_mbuf_iova_set(m, before != 0 ? before : right);
		before = right;
	} else {
		rte_mbuf_iova_set(m, right + strtoull(kind, NULL, 0));
	}
}

static int
break_alloc(struct rte_mempool *mp)
{
	const size_t size = 16384;
	unsigned int i;
	void *buffer;

	for (i = 0; i < rte_mempool_ops_table.num_ops; i++)
		if (strcmp(rte_mempool_ops_table.ops[i].name, "ring_mp_mc") == 0)
			ring = &rte_mempool_ops_table.ops[i];
	if (ring == NULL)
		return -ENOTSUP;
	if (getenv("BREAK_IOVA") != NULL)
		kind = getenv("BREAK_IOVA");
	buffer = rte_malloc("decoy", size, 0);
	if (buffer == NULL)
		return -ENOMEM;
	memset(buffer, 0xdc, size);
	decoy = rte_malloc_virt2iova(buffer);
	return ring->alloc(mp);
}

static void
break_free(struct rte_mempool *mp)
{
	ring->free(mp);
}

static int
break_enqueue(struct rte_mempool *mp, void *const *object, unsigned int n)
{
	return ring->enqueue(mp, object, n);
}

static int
break_dequeue(struct rte_mempool *mp, void **object, unsigned int n)
{
	const int ret = ring->dequeue(mp, object, n);
	unsigned int i;

	if (ret == 0)
		for (i = 0; i < n; i++)
			break_mbuf(object[i]);
	return ret;
}

static unsigned int
break_count(const struct rte_mempool *mp)
{
	return ring->get_count(mp);
}

static const struct rte_mempool_ops break_ops = {
	.name = "break_iova",
	.alloc = break_alloc,
	.free = break_free,
	.enqueue = break_enqueue,
	.dequeue = break_dequeue,
	.get_count = break_count,
};

RTE_MEMPOOL_REGISTER_OPS(break_ops)
