/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Queries about the memory of this process. */

#include "ioas.h"
#include "sys.h"

bool
ioas_mapping_from(const void *va, struct ioas_range *mapping, bool *shared)
{
	return sys_mapping_from((uintptr_t)va, mapping, shared);
}

int
ioas_memory_at(const void *va, struct ioas_memory *memory)
{
	return ioas_sys->memory_at((uintptr_t)va, memory);
}

uint64_t
ioas_page_size(const void *va, struct ioas_range *mapping)
{
	struct ioas_memory memory;

	if (ioas_memory_at(va, &memory) < 0)
		return 0;
	if (mapping != NULL)
		*mapping = memory.mapping;
	return memory.page;
}
