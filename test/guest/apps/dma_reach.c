/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * What two devices reach by DMA when each has an I/O address space of its own.
 *
 *	dma_reach FIRST SECOND
 *
 * The devices are of QEMU's kind "edu": each has a buffer of 4 KiB, and copies between it and any IOVA
 * on demand. Prints "ok" or "not ok" for each check; on standard output also "fault 0xIOVA" for each
 * IOVA at which a DMA must not have found memory. The exit status is 1 if a check failed.
 */

#include <endian.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "ioas.h"

#define PAGE UINT64_C(4096)
#define LENGTH (UINT64_C(32) << 20)

/* Registers of BAR 0, and where its buffer is as the device itself sees it. */
#define EDU_SOURCE 0x80
#define EDU_DESTINATION 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_START 1
#define EDU_TO_MEMORY 2
#define EDU_BUFFER 0x40000

struct edu {
	struct ioas *space;
	struct ioas_device *device;
	volatile uint8_t *bar;
};

static bool failed;

static void
check(bool ok, const char *what)
{
	printf("%s %s\n", ok ? "ok" : "not ok", what);
	fflush(stdout);
	failed = failed || !ok;
}

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	printf("not ok %s\n", what);
	exit(1);
}

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_INFO)
		fprintf(stderr, "# %s\n", line);
}

static void
write_register(const struct edu *edu, unsigned int at, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar + at) = htole64(value);
}

/* Copies 64 bytes between the buffer and an IOVA. */
static void
dma(const struct edu *edu, uint64_t iova, bool to_memory)
{
	write_register(edu, EDU_SOURCE, to_memory ? EDU_BUFFER : iova);
	write_register(edu, EDU_DESTINATION, to_memory ? iova : EDU_BUFFER);
	write_register(edu, EDU_COUNT, 64);
	write_register(edu, EDU_COMMAND, EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
	for (unsigned int i = 0; i < 1000; i++) {
		usleep(10000);
		if ((le64toh(*(volatile uint64_t *)(edu->bar + EDU_COMMAND)) & EDU_START) == 0)
			return;
	}
	need(false, "the device ends its DMA");
}

static void
open_edu(struct edu *edu, const char *name, struct ioas *follow)
{
	struct ioas_options options = {
		.size = sizeof(options),
		.log = log_line,
		.follow = follow,
		.same_iova = true,
	};
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_region_info bar = {
		.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	uint16_t command;
	int fd;

	need(ioas_create(&options, &edu->space) == 0, "a space for the device");
	need(ioas_attach(edu->space, name, NULL, &edu->device) == 0, "attach");
	fd = ioas_device_fd(edu->device);
	need(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &config) == 0 &&
	     ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0, "regions");
	need(pread(fd, &command, 2, config.offset + PCI_COMMAND) == 2, "read PCI_COMMAND");
	command |= htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	need(pwrite(fd, &command, 2, config.offset + PCI_COMMAND) == 2, "write PCI_COMMAND");
	edu->bar = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bar.offset);
	need(edu->bar != MAP_FAILED, "BAR 0");
}

static void
close_edu(struct edu *edu)
{
	ioas_destroy(edu->space);
}

static uint8_t *
get_memory(char fill)
{
	uint8_t *const memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(memory != MAP_FAILED, "memory");
	memset(memory, fill, LENGTH);
	return memory;
}

static bool
is_all(const uint8_t *memory, char fill)
{
	for (unsigned int i = 0; i < 64; i++)
		if (memory[i] != (uint8_t)fill)
			return false;
	return true;
}

/* Whether the device finds a pattern at the IOVA, as seen by what it then writes to out (at its IOVA),
 * which is memory of all. */
static bool
reads(const struct edu *edu, uint64_t iova, char pattern, uint8_t *out, uint64_t out_iova)
{
	memset(out, '-', 64);
	dma(edu, iova, false);
	dma(edu, out_iova, true);
	return is_all(out, pattern);
}

int
main(int argc, char **argv)
{
	const struct ioas_options options = { .size = sizeof(options), .log = log_line };
	uint8_t *all, *own, *out;
	uint64_t all_iova, own_iova;
	struct edu first, second;
	struct ioas *space;

	need(argc == 3, "usage: dma_reach FIRST SECOND");
	all = get_memory('A');
	own = get_memory('O');
	out = all + LENGTH - PAGE;
	need(ioas_create(&options, &space) == 0, "the space of all");
	open_edu(&first, argv[1], space);
	open_edu(&second, argv[2], space);
	need(ioas_map(space, all, LENGTH, &all_iova) == 0, "map memory of all");
	need(ioas_map(first.space, own, LENGTH, &own_iova) == 0, "map memory of the first");
	all_iova = ioas_lookup(ioas_table(second.space), all);

	check(reads(&first, all_iova, 'A', out, all_iova + LENGTH - PAGE), "first: memory of all");
	check(reads(&second, all_iova, 'A', out, all_iova + LENGTH - PAGE), "second: memory of all");
	check(reads(&first, own_iova, 'O', out, all_iova + LENGTH - PAGE), "first: its own");

	/* What the second one has in its buffer must neither become the first one's nor get there. */
	printf("fault 0x%" PRIx64 "\n", own_iova);
	check(!reads(&second, own_iova, 'O', out, all_iova + LENGTH - PAGE),
	      "second: cannot read the first one's");
	dma(&second, all_iova, false);
	dma(&second, own_iova, true);
	check(is_all(own, 'O'), "second: cannot write the first one's");

	/* The same once it is its own as well: so the checks above see what they are for. */
	check(ioas_map_fixed(second.space, own, LENGTH, own_iova) == 0, "map it for the second");
	check(reads(&second, own_iova, 'O', out, all_iova + LENGTH - PAGE), "second: reads it now");
	check(ioas_unmap(second.space, own, LENGTH) == 1, "and unmap it");
	check(!reads(&second, own_iova, 'O', out, all_iova + LENGTH - PAGE), "second: not any more");
	check(reads(&first, own_iova, 'O', out, all_iova + LENGTH - PAGE), "first: still");

	/* Unmapping memory of all reaches both. The kernel logs a few faults in five seconds only. */
	sleep(6);
	dma(&first, all_iova, false);
	dma(&second, all_iova, false);
	memset(out, '-', 64);
	check(ioas_unmap(space, all, LENGTH) == 1, "unmap memory of all");
	printf("fault 0x%" PRIx64 "\n", all_iova + LENGTH - PAGE);
	dma(&first, all_iova + LENGTH - PAGE, true);
	check(is_all(out, '-'), "first: cannot write what was of all");
	dma(&second, all_iova + LENGTH - PAGE, true);
	check(is_all(out, '-'), "second: cannot write what was of all");

	close_edu(&second);
	close_edu(&first);
	ioas_destroy(space);
	return failed;
}
