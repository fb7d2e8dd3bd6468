/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Finds the memory at an address of this process. Linux 6.11 answers a query for one address. On older
 * kernels all mappings must be read as text.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ioas.h"
#include "sys.h"

/* As in Linux 6.11; the headers of Debian 12 are older. */
struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};

#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)
#define VMA_WRITABLE 2
#define VMA_SHARED 8
#define COVERING_OR_NEXT 16

/* -ENOTTY: this kernel does not know the query. */
static int
query_mapping(uint64_t va, uint64_t flags, struct ioas_memory *memory)
{
	struct procmap_query query = { .size = sizeof(query), .query_flags = flags, .query_addr = va };
	const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, PROCMAP_QUERY, &query) < 0 ? -errno : 0;
	close(fd);
	if (ret < 0)
		return ret;
	*memory = (struct ioas_memory){
		.mapping = { query.vma_start, query.vma_end - 1 },
		.page = query.vma_page_size,
		.inode = query.inode,
		.writable = (query.vma_flags & VMA_WRITABLE) != 0,
		.shared = (query.vma_flags & VMA_SHARED) != 0,
	};
	return 0;
}

/* Slow: takes a millisecond if a process has many mappings. */
static int
read_smaps(uint64_t va, struct ioas_memory *memory)
{
	FILE *const smaps = fopen("/proc/self/smaps", "re");
	uint64_t first = 1, end = 0, inode = 0, kib, page = 0;
	char permissions[5] = "", line[512];

	if (smaps == NULL)
		return -errno;
	while (page == 0 && fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64, &first, &end, permissions,
			   &inode) == 4 || va < first || va >= end ||
		    sscanf(line, "KernelPageSize: %" SCNu64 " kB", &kib) != 1)
			continue;
		page = kib << 10;
	}
	fclose(smaps);
	if (page == 0)
		return -ENOENT;
	*memory = (struct ioas_memory){
		.mapping = { first, end - 1 },
		.page = page,
		.inode = inode,
		.writable = permissions[1] == 'w',
		.shared = permissions[3] == 's',
	};
	return 0;
}

int
sys_memory_at(uint64_t va, struct ioas_memory *memory)
{
	const int ret = query_mapping(va, 0, memory);

	return ret == -ENOTTY ? read_smaps(va, memory) : ret;
}

struct mapping_from {
	uint64_t va;
	struct ioas_range *mapping;
	bool *shared;
	bool found;
};

static void
note_mapping(const struct ioas_range *range, bool shared, void *arg)
{
	struct mapping_from *const at = arg;

	if (at->found || at->va > range->last)
		return;
	*at->mapping = *range;
	*at->shared = shared;
	at->found = true;
}

bool
sys_mapping_from(uint64_t va, struct ioas_range *mapping, bool *shared)
{
	struct mapping_from at = { .va = va, .mapping = mapping, .shared = shared };
	struct ioas_memory memory = { 0 };
	const int ret = query_mapping(va, COVERING_OR_NEXT, &memory);

	*mapping = memory.mapping;
	*shared = memory.shared;
	return ret == 0 || (ret == -ENOTTY && sys_mappings(note_mapping, &at) == 0 && at.found);
}

uint64_t
sys_huge_page(void)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	FILE *const file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
	uint64_t size = 0;

	if (file != NULL && fscanf(file, "%" SCNu64, &size) != 1)
		size = 0;
	if (file != NULL)
		fclose(file);
	/* If the file does not exist: the memory that one page of a page table can cover. */
	return size != 0 ? size : page / sizeof(uint64_t) * page;
}
