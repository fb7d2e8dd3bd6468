/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FOREIGN_H
#define IOAS_FOREIGN_H

#include <rte_memory.h>

#include "ioas.h"

/*
 * Memory that EAL does not own.
 */

/* Maps the page that contains an address, for all devices. RTE_BAD_IOVA if that fails. */
rte_iova_t foreign_map_page(const void *va);
/* The application maps memory at a fixed IOVA (a statement), and unmaps it. 0 or -1 with rte_errno. */
int foreign_map(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length);
int foreign_unmap(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length);
/* A device's own space is about to be destroyed. */
void foreign_end_space(const struct ioas *space);
/* Asks the kernel to report when memory goes that is about to be mapped. Memory that the kernel cannot follow
 * is only seen by the seams. */
void foreign_watch(struct ioas *space, const void *start, uint64_t length);
/* Whether the application has stated an IOVA for any of these addresses. */
bool foreign_is_stated(const void *va, size_t length);
/* Call these before and after a call that may remove memory, or change its pages. Allocators make such calls
 * with their locks held, so these functions do not wait for a lock that is held over an allocation. errno is
 * preserved. */
unsigned int foreign_leaves(const void *va, size_t length);
void foreign_has_left(unsigned int token, const void *va, size_t length, bool gone);
/* The length of the part that lies in one mapping; the full length if no part is mapped for DMA. Allocates
 * nothing, like the two functions above. */
size_t foreign_part(const void *va, size_t length);
/* Whether nothing is mapped there. */
bool foreign_is_empty(const void *va, size_t length);
/* Whether the memory is mapped for DMA and shared: its pages come back unchanged. Allocates nothing. */
bool foreign_is_shared(const void *va, size_t length);
/* The length from an address to the end of its mapping, and the inode there; 0: nothing is mapped. */
uint64_t foreign_mapping_length(const void *va, uint64_t *inode);
/* Called around fork(), in the parent and in the child. */
void foreign_before_fork(void);
void foreign_after_fork(void);

#endif /* IOAS_FOREIGN_H */
