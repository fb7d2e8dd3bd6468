/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Memory of the application for devices, without DPDK: anonymous memory, a memfd, and a memfd of huge pages,
 * on a NUMA node if one is named. Prints the IOVAs that a driver would write into the device's registers, and
 * shows what happens to an IOVA when its memory is unmapped.
 */

#define _GNU_SOURCE 1 /* memfd_create() */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ioas.h>
#include <numaif.h>

#define LENGTH ((size_t)2 << 20)
#define BYTE 4711
/* The kernel's MFD_HUGE_2MB: the logarithm of the page size. */
#define HUGE_2M (21u << 26)
/* The window for the last part: room for a few maps, above the reserved regions of devices. */
#define WINDOW_FIRST (UINT64_C(4) << 30)
#define WINDOW_LENGTH (4 * LENGTH)

static const char usage[] =
	"usage: own-memory [-h] [-n NODE] [-H] DEVICE\n"
	"\n"
	"Attaches DEVICE, the PCI address of a device that is bound to vfio-pci, maps memory for it, and\n"
	"prints its IOVAs. The device is not told to do anything.\n"
	"\n"
	"  -n, --node NODE  take memory of this NUMA node\n"
	"  -H, --huge       a memfd of huge pages as well\n";

/* A mask of one word has this many bits. */
#define NODES 64

static int node = -1;

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING)
		fprintf(stderr, "own-memory: %s\n", line);
}

/* Memory of a file in memory. Its descriptor could be passed to another process. */
static char *
map_memfd(const char *name, unsigned int flags)
{
	const int fd = memfd_create(name, MFD_CLOEXEC | flags);
	char *memory = MAP_FAILED;

	if (fd < 0)
		return memory;
	if (ftruncate(fd, LENGTH) == 0)
		memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory;
}

/* Chooses the node before the first page exists, so that the kernel need not move pages. */
static bool
place(char *memory)
{
	unsigned long nodes;

	if (node < 0)
		return true;
	nodes = 1UL << node;
	if (mbind(memory, LENGTH, MPOL_BIND, &nodes, NODES + 1, 0) == 0)
		return true;
	fprintf(stderr, "own-memory: no memory of node %d: %s: /sys/devices/system/node tells which "
		"there are\n", node, strerror(errno));
	return false;
}

/* Maps memory for the devices and prints its IOVA. NULL after an error message. */
static char *
map(struct ioas *space, const char *name, char *memory)
{
	int on = -1;

	if (memory == MAP_FAILED) {
		fprintf(stderr, "own-memory: %s: %s%s\n", name, strerror(errno), errno == ENOMEM
			? ": huge pages are reserved with `dpdk-hugepages.py --setup 64M`" : "");
		return NULL;
	}
	if (!place(memory) || ioas_map(space, memory, LENGTH, NULL) < 0)
		return NULL;
	get_mempolicy(&on, NULL, 0, memory, MPOL_F_NODE | MPOL_F_ADDR);
	printf("%s: %zu bytes at %p, on node %d, in pages of %" PRIu64 " KiB, are at IOVA 0x%" PRIx64
	       "; byte %d is at 0x%" PRIx64 "\n", name, LENGTH, (void *)memory, on,
	       ioas_page_size(memory, NULL) >> 10, ioas_lookup(ioas_table(space), memory), BYTE,
	       ioas_lookup(ioas_table(space), memory + BYTE));
	return memory;
}

static bool
unmap(struct ioas *space, char *memory)
{
	if (ioas_unmap(space, memory, LENGTH) < 0)
		return false;
	if (ioas_lookup(ioas_table(space), memory) != IOAS_BAD_IOVA) {
		fprintf(stderr, "own-memory: %p still has an IOVA\n", (void *)memory);
		return false;
	}
	return true;
}

/* An IOVA is not chosen again at once: IOVAs rise, and then start again at the bottom. */
static bool
show_rollover(struct ioas *space, char *memory)
{
	const struct ioas_range window = { WINDOW_FIRST, WINDOW_FIRST + WINDOW_LENGTH - 1 };
	uint64_t first = 0, iova = IOAS_BAD_IOVA;

	if (ioas_set_window(space, window) < 0)
		return false;
	printf("mapped and unmapped in a window of %zu MiB:", WINDOW_LENGTH >> 20);
	for (unsigned int i = 0; iova != first; i++) {
		if (ioas_map(space, memory, LENGTH, &iova) < 0 || !unmap(space, memory))
			return false;
		printf(" 0x%" PRIx64, iova);
		if (i == 0) {
			first = iova;
			iova = IOAS_BAD_IOVA;
		}
	}
	printf(", where it began\n");
	return true;
}

static int
run(struct ioas *space, const char *name, bool huge)
{
	struct ioas_device *device;
	char *anonymous, *file;

	/* Attaches devices first, so that their reserved regions are known when memory is placed. */
	if (ioas_attach(space, name, NULL, &device) < 0)
		return EXIT_FAILURE;
	anonymous = map(space, "anonymous", mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	if (anonymous == NULL)
		return EXIT_FAILURE;
	file = map(space, "memfd", map_memfd("own-memory", 0));
	if (file == NULL)
		return EXIT_FAILURE;
	if (huge && map(space, "memfd of huge pages",
			map_memfd("own-memory", MFD_HUGETLB | HUGE_2M)) == NULL)
		return EXIT_FAILURE;
	/* One call removes all areas in its range. */
	if (ioas_unmap(space, NULL, UINT64_MAX) < 0 || !show_rollover(space, anonymous))
		return EXIT_FAILURE;
	/* After ioas_unmap(): otherwise the memory would stay pinned until the space ends. */
	munmap(anonymous, LENGTH);
	munmap(file, LENGTH);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "node", required_argument, NULL, 'n' },
		{ "huge", no_argument, NULL, 'H' },
		{ 0 },
	};
	const struct ioas_options options = { .size = sizeof(options), .log = log_line };
	struct ioas *space;
	bool huge = false;
	int option, ret;
	char *end;

	while ((option = getopt_long(argc, argv, "hn:H", longs, NULL)) != -1)
		switch (option) {
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case 'n':
			node = (int)strtol(optarg, &end, 10);
			if (end == optarg || *end != '\0' || node < 0 || node >= NODES) {
				fprintf(stderr, "own-memory: --node %s: a number from 0 to %d\n", optarg,
					NODES - 1);
				return 2;
			}
			break;
		case 'H':
			huge = true;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}
	/* The library logs the cause and the remedy. */
	if (ioas_create(&options, &space) < 0)
		return EXIT_FAILURE;
	ret = run(space, argv[optind], huge);
	ioas_destroy(space);
	return ret;
}
