/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usable.h"

bool
usable_hole(const struct usable *usable, uint64_t first, uint64_t last, struct ioas_range *hole)
{
	hole->first = 0;
	for (unsigned int i = 0; i < usable->n; i++) {
		const struct ioas_range range = usable->ranges[i];

		hole->last = range.first - 1;
		if (range.first > hole->first && first <= hole->last && last >= hole->first)
			return true;
		if (last <= range.last)
			return false;
		hole->first = range.last + 1;
	}
	hole->last = UINT64_MAX;
	return true;
}

struct ioas_range
usable_aperture(const struct usable *usable)
{
	struct ioas_range range = { 0 };

	if (usable->n > 0) {
		range.first = usable->ranges[0].first;
		range.last = usable->ranges[usable->n - 1].last;
	}
	return range;
}

bool
usable_page_serves(uint64_t iommu_page, uint64_t bits, uint64_t page)
{
	return iommu_page == 0 || (iommu_page <= page && (bits & (iommu_page - 1)) == 0);
}

bool
usable_serves(const struct usable *usable, uint64_t iova, uint64_t va, uint64_t length, uint64_t page)
{
	unsigned int i = 0;

	while (i < usable->n && usable->ranges[i].last < iova)
		i++;
	return i == usable->n || usable_page_serves(usable->pages[i], iova | va | length, page);
}

void
usable_leave_out_last_page(struct usable *usable)
{
	const uint64_t last = UINT64_MAX - usable->alignment;
	struct ioas_range *const range = usable->n > 0 ? &usable->ranges[usable->n - 1] : NULL;

	if (range == NULL || range->last <= last)
		return;
	range->last = last;
	if (range->first > last)
		usable->n--;
}

int
usable_copy(const struct usable *usable, struct usable *copy)
{
	*copy = *usable;
	copy->ranges = calloc(usable->n + 1, sizeof(*copy->ranges));
	copy->pages = calloc(usable->n + 1, sizeof(*copy->pages));
	if (copy->ranges == NULL || copy->pages == NULL) {
		usable_free(copy);
		return -ENOMEM;
	}
	memcpy(copy->ranges, usable->ranges, usable->n * sizeof(*copy->ranges));
	memcpy(copy->pages, usable->pages, usable->n * sizeof(*copy->pages));
	return 0;
}

int
usable_narrow(struct usable *usable, const struct usable *by)
{
	struct usable both = {
		.ranges = calloc(usable->n + by->n, sizeof(*both.ranges)),
		.pages = calloc(usable->n + by->n, sizeof(*both.pages)),
		.alignment = by->alignment > usable->alignment ? by->alignment : usable->alignment,
	};

	if (both.ranges == NULL || both.pages == NULL) {
		usable_free(&both);
		return -ENOMEM;
	}
	for (unsigned int i = 0, j = 0; i < usable->n && j < by->n;) {
		const struct ioas_range a = usable->ranges[i], b = by->ranges[j];
		const struct ioas_range range = {
			a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last,
		};

		if (range.first <= range.last)
			both.ranges[both.n++] = range;
		if (a.last < b.last)
			i++;
		else
			j++;
	}
	usable_free(usable);
	*usable = both;
	return 0;
}

void
usable_free(struct usable *usable)
{
	free(usable->ranges);
	free(usable->pages);
	*usable = (struct usable){ 0 };
}
