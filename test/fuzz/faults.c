/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* A log of the kernel, line by line. */

#include <string.h>

#include "fuzz.h"
#include "ioas.h"

static bool
is_text(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static void
check(const struct ioas_fault *fault)
{
	unsigned int domain, bus, slot, function;

	FUZZ_CHECK(fault->iommu != NULL && fault->iommu[0] != '\0');
	FUZZ_CHECK(is_text(fault->device, sizeof(fault->device)));
	FUZZ_CHECK(is_text(fault->reason, sizeof(fault->reason)));
	FUZZ_CHECK(sscanf(fault->device, "%4x:%2x:%2x.%1x", &domain, &bus, &slot, &function) == 4);
	FUZZ_CHECK(strlen(fault->device) == 12);
	FUZZ_CHECK(!fault->read || !fault->write || strcmp(fault->iommu, "virtio-iommu") == 0);
	FUZZ_CHECK(strpbrk(fault->reason, "\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ioas_fault_parser parser = { 0 }, again = { 0 };
	struct ioas_fault fault, other;
	size_t length;

	for (size_t at = 0; at < size; at += length) {
		const uint8_t *const feed = memchr(data + at, '\n', size - at);
		char *line;
		bool found;

		length = feed != NULL ? (size_t)(feed - data) - at + 1 : size - at;
		line = malloc(length + 1);
		FUZZ_CHECK(line != NULL);
		memcpy(line, data + at, length);
		line[length] = '\0';
		memset(&fault, 0, sizeof(fault));
		memset(&other, 0xff, sizeof(other));
		found = ioas_fault_parse(&parser, line, &fault);
		if (found)
			check(&fault);
		/* The earlier contents of the report do not matter. */
		FUZZ_CHECK(ioas_fault_parse(&again, line, &other) == found);
		FUZZ_CHECK(!found || (fault.iova == other.iova && fault.at == other.at &&
				      strcmp(fault.reason, other.reason) == 0));
		free(line);
	}
	return 0;
}
