/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A user-space driver without DPDK: attaches one device, gives it a buffer, and prints the address
 * that the driver would write into the device's registers.
 *
 *	map-memory 0000:00:04.0
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <ioas.h>

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING)
		fprintf(stderr, "map-memory: %s\n", line);
}

int
main(int argc, char **argv)
{
	const struct ioas_options options = { .size = sizeof(options), .log = log_line };
	const size_t length = 2 << 20;
	struct ioas_device *device;
	struct ioas *space;
	uint64_t iova;
	char *buffer;

	if (argc != 2) {
		fprintf(stderr, "usage: map-memory PCI-ADDRESS\n");
		return 2;
	}
	buffer = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED) {
		perror("map-memory: mmap");
		return EXIT_FAILURE;
	}
	if (ioas_create(&options, &space) < 0)
		return EXIT_FAILURE;
	if (ioas_attach(space, argv[1], NULL, &device) < 0 ||
	    ioas_map(space, buffer, length, &iova) < 0) {
		ioas_destroy(space);
		return EXIT_FAILURE;
	}
	printf("%s: %zu bytes at %p are at IOVA 0x%" PRIx64 "; byte 4711 is at 0x%" PRIx64 "\n",
	       ioas_device_name(device), length, (void *)buffer, iova,
	       ioas_lookup(ioas_table(space), buffer + 4711));
	/* Here the driver would tell the device, through ioas_device_fd() and its registers. */
	ioas_destroy(space);
	return EXIT_SUCCESS;
}
