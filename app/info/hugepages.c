/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The hugepages of each size: their number on each node, and their mounts. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "machine.h"

#define MAX_SIZES 16

static void
look_at_node(struct info_hugepages *pages, int node, const char *folder)
{
	struct info_pages *const on = GROW(pages->nodes, pages->n_nodes);

	on->node = node;
	sys_number(&on->total, 10, "%s/hugepages-%llukB/nr_hugepages", folder,
		   (unsigned long long)pages->size >> 10);
	sys_number(&on->free, 10, "%s/hugepages-%llukB/free_hugepages", folder,
		   (unsigned long long)pages->size >> 10);
}

/* Finds "pagesize=2M" in the options of a mount. The kernel writes K or M. */
static uint64_t
size_of_mount(const char *options)
{
	const char *const option = strstr(options, "pagesize=");
	uint64_t n;
	char unit;

	if (option == NULL || sscanf(option, "pagesize=%" SCNu64 "%c", &n, &unit) != 2)
		return 0;
	return n << (unit == 'K' ? 10 : 20);
}

/* The first mount, which EAL chooses as well. */
static void
look_for_barred_mount(struct info_hugepages *pages)
{
	char path[PATH_MAX], line[1024], folder[256], options[512];
	FILE *file;

	sys_path(path, sizeof(path), "/proc/mounts");
	file = fopen(path, "re");
	while (file != NULL && pages->barred[0] == '\0' && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%*s %255s hugetlbfs %511s", folder, options) == 2 &&
		    size_of_mount(options) == pages->size)
			strcpy(pages->barred, folder);
	if (file != NULL)
		fclose(file);
}

static void
look_at_size(struct info_hugepages *pages, char **nodes)
{
	const char *const mount = info_sys->page_mount(pages->size);
	char folder[96];
	int node;

	snprintf(pages->mount, sizeof(pages->mount), "%s", mount != NULL ? mount : "");
	if (mount == NULL)
		look_for_barred_mount(pages);
	for (char **name = nodes; *name != NULL; name++) {
		if (sscanf(*name, "node%d", &node) != 1)
			continue;
		snprintf(folder, sizeof(folder), "/sys/devices/system/node/%.32s/hugepages", *name);
		look_at_node(pages, node, folder);
	}
	/* A kernel without NUMA. */
	if (pages->n_nodes == 0)
		look_at_node(pages, 0, "/sys/kernel/mm/hugepages");
}

static int
compare(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

void
look_at_hugepages(struct info *info)
{
	char **const nodes = sys_list("/sys/devices/system/node");
	long sizes[MAX_SIZES];
	const int n = info_sys->page_sizes(sizes, MAX_SIZES);

	qsort(sizes, n > 0 ? n : 0, sizeof(*sizes), compare);
	for (int i = 0; i < n; i++) {
		struct info_hugepages *const pages = GROW(info->hugepages, info->n_hugepages);

		pages->size = sizes[i];
		look_at_size(pages, nodes);
	}
	sys_free(nodes);
}
