/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A user-space driver without DPDK: attaches a device, maps memory for it, and makes it copy one part of the
 * memory to another by DMA.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ioas.h>

#include "edu.h"

#define LENGTH ((size_t)2 << 20)

static const char usage[] =
	"usage: device-dma [-h] DEVICE\n"
	"\n"
	"DEVICE is the PCI address of a device of QEMU (-device edu) that is bound to vfio-pci. It reads\n"
	"memory of this process by DMA, and writes what it has read to another place.\n";

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING)
		fprintf(stderr, "device-dma: %s\n", line);
}

/* Makes the device copy from one IOVA to another. The bytes must then be equal. */
static int
copy(const struct edu *edu, const struct ioas_table *table, const char *from, const char *to)
{
	/* A driver writes these IOVAs into registers and descriptors. The lookup makes no system call. */
	const uint64_t from_iova = ioas_lookup(table, from), to_iova = ioas_lookup(table, to);

	if (!edu_dma(edu, 0, from_iova, EDU_BUFFER, false) ||
	    !edu_dma(edu, 0, to_iova, EDU_BUFFER, true)) {
		fprintf(stderr, "device-dma: the device does not end its DMA\n");
		return EXIT_FAILURE;
	}
	if (memcmp(from, to, EDU_BUFFER) != 0) {
		fprintf(stderr, "device-dma: the copy at IOVA 0x%" PRIx64 " is wrong: the kernel's log "
			"names a DMA that the IOMMU has stopped\n", to_iova);
		return EXIT_FAILURE;
	}
	printf("%d bytes copied by DMA from IOVA 0x%" PRIx64 " (%p) to 0x%" PRIx64 " (%p)\n",
	       EDU_BUFFER, from_iova, (const void *)from, to_iova, (const void *)to);
	return EXIT_SUCCESS;
}

/* The part that needs the space. */
static int
run(struct ioas *space, const char *name)
{
	struct ioas_device *device;
	struct edu edu;
	const char *wrong;
	char *memory;
	int ret;

	/* Attaches devices first, so that their reserved regions are known when memory is placed. */
	if (ioas_attach(space, name, NULL, &device) < 0)
		return EXIT_FAILURE;
	wrong = edu_open(&edu, ioas_device_fd(device));
	if (wrong != NULL) {
		fprintf(stderr, "device-dma: %s: %s\n", ioas_device_name(device), wrong);
		return EXIT_FAILURE;
	}
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("device-dma: mmap");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < EDU_BUFFER; i++)
		memory[i] = (char)(i * 7 + 1);
	if (ioas_map(space, memory, LENGTH, NULL) < 0)
		return EXIT_FAILURE;
	ret = copy(&edu, ioas_table(space), memory, memory + LENGTH / 2);
	/* In this order, so that no DMA is in progress when the memory goes. */
	edu_close(&edu, ioas_device_fd(device));
	ioas_unmap(space, memory, LENGTH);
	munmap(memory, LENGTH);
	ioas_detach(device);
	return ret;
}

/* Parses the option, sets the library's log function, and creates the space. */
int
main(int argc, char **argv)
{
	const struct ioas_options options = {
		.size = sizeof(options),
		.log = log_line,
		/* The device has fewer address bits than the IOMMU. */
		.window = { .first = 0x1000, .last = EDU_LAST_IOVA },
	};
	struct ioas *space;
	int ret;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fputs(usage, stderr);
		return 2;
	}
	/* The library has logged the cause and the remedy. */
	if (ioas_create(&options, &space) < 0)
		return EXIT_FAILURE;
	ret = run(space, argv[1]);
	ioas_destroy(space);
	return ret;
}
