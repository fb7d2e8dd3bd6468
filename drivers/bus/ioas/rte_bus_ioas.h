/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef RTE_BUS_IOAS_H
#define RTE_BUS_IOAS_H

/**
 * @file
 * Functions of the plugin for applications and drivers that are linked to it. They are optional: DPDK's own
 * functions return the plugin's IOVAs, and telemetry describes an IOVA as well (/ioas/iova).
 */

#include <rte_mempool.h>
#include <rte_memzone.h>

#include "ioas.h"

#ifdef __cplusplus
extern "C" {
#endif

/** EAL's RTE_HEAP_NAME_MAX_LEN, which no public header has. */
#define RTE_BUS_IOAS_HEAP_NAMESIZE 32

/** A present or past IOVA: the explanation of a fault report of the kernel. */
struct rte_bus_ioas_iova {
	/** The view of the I/O address space. The members after attached are set only for state
	 * IOAS_IOVA_MAPPED. */
	struct ioas_explanation space;
	/** The device has its own I/O address space, and this is an IOVA of it. */
	bool isolated;
	/** A device of that name is attached. Otherwise the IOVA was looked up in the common space. */
	bool attached;
	/** The page size in bytes if the memory is in one of EAL's memory lists; 0: memory of the
	 * application. */
	uint64_t page_size;
	/** The list is external memory. */
	bool external;
	/** The list's NUMA socket, or the number that EAL gives to external memory. */
	int socket_id;
	/** The heap, or "". */
	char heap[RTE_BUS_IOAS_HEAP_NAMESIZE];
	/** The memzone that contains it, or "". */
	char memzone[RTE_MEMZONE_NAMESIZE];
	/** The mempool with an object there, or "". */
	char mempool[RTE_MEMPOOL_NAMESIZE];
	/** The object's number in the order of the pool's memory. */
	unsigned int object;
	/** The offset of the byte in the object, in bytes (for an mbuf: in struct rte_mbuf); negative: in the
	 * pool's header before the object. */
	int64_t object_offset;
};

/**
 * Describe an IOVA, as of some moment of the call. Any thread, at any time while EAL runs; several at once.
 * It takes locks one after the other: the plugin's, and those of EAL for its memory, memzones and tail
 * queues, for reading. Therefore do not call it with one of these held (in a memory event callback, or in a
 * walk over memory, memzones or mempools), nor in a signal handler.
 *
 * @param device The device that has used it (its name, a PCI address), or NULL. It matters only with
 *   isolate=device.
 * @param iova   Any IOVA.
 * @param answer Where to store the description.
 * @return 0, or -ENOTSUP: the plugin is not in use, or this is a secondary process.
 */
int rte_bus_ioas_explain(const char *device, uint64_t iova, struct rte_bus_ioas_iova *answer);

/**
 * Get the lookup table of the common space, for drivers that look up IOVAs with ioas_lookup() and similar
 * functions, inline or from libioas of the same version. rte_mem_virt2iova() is a call instead. Any thread.
 * No lock.
 *
 * The table has all memory that is mapped for all devices: EAL's memory, external memory of heaps, and memory
 * for which rte_mem_virt2iova() was called. A lookup maps nothing. The table stays valid until
 * rte_eal_cleanup().
 *
 * @return The replica for the calling thread: call this once in each thread, after rte_eal_init(). NULL: the
 *   plugin is not in use, or this is a secondary process.
 */
const struct ioas_table *rte_bus_ioas_table(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_BUS_IOAS_H */
