/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <endian.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "edu.h"

/* Registers of BAR 0, and where its buffer is as the device itself sees it. */
#define EDU_SOURCE 0x80
#define EDU_DESTINATION 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_START 1
#define EDU_TO_MEMORY 2
#define EDU_BUFFER 0x40000

static void
write_register(const struct edu *edu, unsigned int at, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar + at) = htole64(value);
}

bool
edu_dma(const struct edu *edu, uint64_t iova, bool to_memory)
{
	write_register(edu, EDU_SOURCE, to_memory ? EDU_BUFFER : iova);
	write_register(edu, EDU_DESTINATION, to_memory ? iova : EDU_BUFFER);
	write_register(edu, EDU_COUNT, 64);
	write_register(edu, EDU_COMMAND, EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
	for (unsigned int i = 0; i < 1000; i++) {
		usleep(10000);
		if ((le64toh(*(volatile uint64_t *)(edu->bar + EDU_COMMAND)) & EDU_START) == 0)
			return true;
	}
	return false;
}

const char *
edu_open(struct edu *edu, int fd)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_region_info bar = {
		.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX,
	};
	uint16_t command;
	void *registers;

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &config) != 0 ||
	    ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &bar) != 0)
		return "regions";
	if (pread(fd, &command, 2, config.offset + PCI_COMMAND) != 2)
		return "read PCI_COMMAND";
	command |= htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	if (pwrite(fd, &command, 2, config.offset + PCI_COMMAND) != 2)
		return "write PCI_COMMAND";
	registers = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bar.offset);
	if (registers == MAP_FAILED)
		return "BAR 0";
	edu->bar = registers;
	return NULL;
}
