/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef RTE_BUS_IOAS_H
#define RTE_BUS_IOAS_H

/**
 * @file
 * What the plugin tells applications and drivers that are linked to it. None needs to be: the IOVAs of
 * DPDK's own functions are the plugin's, and what an IOVA is telemetry tells as well (/ioas/iova).
 */

#include <rte_mempool.h>
#include <rte_memzone.h>

#include "ioas.h"

#ifdef __cplusplus
extern "C" {
#endif

/** EAL's RTE_HEAP_NAME_MAX_LEN, which no public header has. */
#define RTE_BUS_IOAS_HEAP_NAMESIZE 32

/** What an IOVA is, or was: the answer to a fault report of the kernel. */
struct rte_bus_ioas_iova {
	/** What the I/O address space says. What follows attached is for state IOAS_IOVA_MAPPED only. */
	struct ioas_explanation space;
	/** The device has an I/O address space of its own, of which this is. */
	bool isolated;
	/** There is a device of that name; if not, the IOVA was looked for in the common space. */
	bool attached;
	/** In one of EAL's memory lists: the size of its pages in bytes; 0: the memory is the application's own. */
	uint64_t page_size;
	/** The list is one of external memory. */
	bool external;
	/** The list's NUMA socket, or the number that stands for external memory. */
	int socket_id;
	/** The heap, or "". */
	char heap[RTE_BUS_IOAS_HEAP_NAMESIZE];
	/** The memzone that it lies in, or "". */
	char memzone[RTE_MEMZONE_NAMESIZE];
	/** The mempool that has an object there, or "". */
	char mempool[RTE_MEMPOOL_NAMESIZE];
	/** The object's number in the order of the pool's memory. */
	unsigned int object;
	/** The byte's place in the object, in bytes (for an mbuf: in struct rte_mbuf); negative: in front of it,
	 * in the pool's header. */
	int64_t object_offset;
};

/**
 * Tell what an IOVA is, at some moment of the call. Any thread, at any time while EAL runs, several at once.
 * It takes locks one after the other: the plugin's, and of EAL those of its memory, memzones and tail queues,
 * for reading. So it must not be called by who has one of these (a memory event callback, a walk over memory,
 * memzones or mempools), nor in a signal handler.
 *
 * @param device The device that has put it on the bus (its name, a PCI address), or NULL. It matters
 *   with isolate=device only.
 * @param iova   Any IOVA.
 * @param answer Where the answer goes.
 * @return 0, or -ENOTSUP: the plugin is not in use, or this is a secondary process.
 */
int rte_bus_ioas_explain(const char *device, uint64_t iova, struct rte_bus_ioas_iova *answer);

/**
 * The table of EAL's memory, for drivers that look IOVAs up themselves: ioas_lookup() and its kin, inline
 * or from libioas of the same version, in place of rte_mem_virt2iova(), which is a call. Any thread.
 *
 * It has all that is mapped for all devices: EAL's memory, external memory of heaps, and what
 * rte_mem_virt2iova() was asked for; looking up maps nothing. It stays valid until rte_eal_cleanup(). No lock.
 *
 * @return The replica for the calling thread: ask once for each, after rte_eal_init(). NULL: the plugin
 *   is not in use, or this is a secondary process.
 */
const struct ioas_table *rte_bus_ioas_table(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_BUS_IOAS_H */
