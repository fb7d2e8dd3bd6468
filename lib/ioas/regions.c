/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "regions.h"

#define APERTURE_LAST ((UINT64_C(1) << 39) - 1)

struct list {
	struct ioas_range *range;
	size_t n;
};

static int
add_region(struct list *list, uint64_t first, uint64_t last)
{
	struct ioas_range *const larger =
		realloc(list->range, (list->n + 1) * sizeof(*larger));

	if (larger == NULL)
		return -ENOMEM;
	list->range = larger;
	list->range[list->n++] = (struct ioas_range){ first, last };
	return 0;
}

/* Adds a group's reserved regions. */
static int
read_group(const char *sysfs, int number, struct list *list)
{
	char path[128], line[128];
	uint64_t first, last;
	FILE *file;
	int ret = 0;

	snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%d/reserved_regions", sysfs, number);
	file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? 0 : -errno;
	while (ret == 0 && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%" SCNx64 " %" SCNx64, &first, &last) == 2 && first <= last)
			ret = add_region(list, first, last);
	fclose(file);
	return ret;
}

static int
compare_regions(const void *a, const void *b)
{
	const struct ioas_range *const x = a, *const y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

int
regions_usable(const struct group *groups, const char *sysfs, struct ioas_range *ranges,
	       unsigned int n)
{
	struct list reserved = { 0 };
	uint64_t from = 0;
	int usable = 0, ret = 0;

	for (const struct group *group = groups; ret == 0 && group != NULL; group = group->next)
		ret = read_group(sysfs, group->number, &reserved);
	if (ret == 0)
		ret = add_region(&reserved, APERTURE_LAST + 1, UINT64_MAX);
	if (ret < 0)
		goto out;
	qsort(reserved.range, reserved.n, sizeof(*reserved.range), compare_regions);
	for (size_t i = 0; i < reserved.n && from <= APERTURE_LAST; i++) {
		const struct ioas_range hole = reserved.range[i];

		if (hole.first > from) {
			if ((unsigned int)usable < n)
				ranges[usable] = (struct ioas_range){ from, hole.first - 1 };
			usable++;
		}
		if (hole.last >= from)
			from = hole.last == UINT64_MAX ? UINT64_MAX : hole.last + 1;
	}
	ret = usable;
out:
	free(reserved.range);
	return ret;
}
