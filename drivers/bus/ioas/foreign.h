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

/* Maps the page that an address lies in, for all devices. RTE_BAD_IOVA if that fails. */
rte_iova_t foreign_map_page(const void *va);
/* An application maps memory at an IOVA of its own choice, and takes that back. 0 or -1 with rte_errno. */
int foreign_map(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length);
int foreign_unmap(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length);
/* A device's own space is about to end. */
void foreign_end_space(const struct ioas *space);
/* Has the kernel tell when memory goes that is about to be mapped; what it cannot follow only the seams see. */
void foreign_watch(struct ioas *space, const void *start, uint64_t length);
/* Whether it has done so with any of these addresses. */
bool foreign_is_stated(const void *va, size_t length);
/* Any memory may be about to go, or to get other pages: around the call that decides. Allocators make such calls
 * with their locks held; these wait for none that is held over an allocation. errno stays as it is. */
unsigned int foreign_leaves(const void *va, size_t length);
void foreign_has_left(unsigned int token, const void *va, size_t length, bool gone);
/* How much of it is in one mapping, or all of it where none is mapped for DMA. Allocates nothing, as these two. */
size_t foreign_part(const void *va, size_t length);
/* Whether nothing is mapped there. */
bool foreign_is_empty(const void *va, size_t length);
/* Whether it is mapped, and shared memory, whose pages are the same when they come back. Allocates nothing. */
bool foreign_is_shared(const void *va, size_t length);
/* From an address to the end of its mapping, and the inode there; 0: nothing is mapped. */
uint64_t foreign_mapping_length(const void *va, uint64_t *inode);
/* Around fork(), in the parent and in the child. */
void foreign_before_fork(void);
void foreign_after_fork(void);

#endif /* IOAS_FOREIGN_H */
