/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_USABLE_H
#define IOAS_USABLE_H

#include "ioas.h"

/* The IOVAs that devices can use, as the kernel reports them. */
struct usable {
	struct ioas_range *ranges; /* ascending */
	uint64_t *pages;           /* IOMMU page size of each; 0: any */
	unsigned int n;
	uint64_t alignment;        /* alignment of IOVAs that the kernel demands */
};

/* The first range of unusable IOVAs that [first, last] touches; false if there is none. */
bool usable_hole(const struct usable *usable, uint64_t first, uint64_t last,
		 struct ioas_range *hole);
/* From the first to the last IOVA that the devices can use; both 0: they can use none. */
struct ioas_range usable_aperture(const struct usable *usable);
/* Whether an IOMMU page of that size leads only to the memory. It must not be larger than the alignment of
 * address, length and IOVA (bits: the three ORed), nor than the pages of the memory. */
bool usable_page_serves(uint64_t iommu_page, uint64_t bits, uint64_t page);
/* Whether that holds for the IOMMU pages at these IOVAs. */
bool usable_serves(const struct usable *usable, uint64_t iova, uint64_t va, uint64_t length, uint64_t page);
/* Leaves out the last page of IOVAs, because its last byte has the IOVA IOAS_BAD_IOVA. */
void usable_leave_out_last_page(struct usable *usable);
/* -ENOMEM. */
int usable_copy(const struct usable *usable, struct usable *copy);
/* Reduces the ranges to those that by has as well; without page sizes. -ENOMEM. */
int usable_narrow(struct usable *usable, const struct usable *by);
void usable_free(struct usable *usable);

#endif /* IOAS_USABLE_H */
