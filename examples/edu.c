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

/* Vendor and device ID, as the first four bytes of the configuration space. */
#define EDU_ID 0x11e81234
/* Registers of BAR 0, and the address of the buffer as the device sees it. */
#define EDU_SOURCE 0x80
#define EDU_DESTINATION 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_START 1
#define EDU_TO_MEMORY 2
#define EDU_BUFFER_START 0x40000

static void
write_register(const struct edu *edu, unsigned int at, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar + at) = htole64(value);
}

void
edu_start(const struct edu *edu, unsigned int at, uint64_t iova, unsigned int length, bool to_memory)
{
	write_register(edu, EDU_SOURCE, to_memory ? EDU_BUFFER_START + at : iova);
	write_register(edu, EDU_DESTINATION, to_memory ? iova : EDU_BUFFER_START + at);
	write_register(edu, EDU_COUNT, length);
	/* Earlier writes to memory must be visible before the device starts to read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	write_register(edu, EDU_COMMAND, EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
}

bool
edu_busy(const struct edu *edu)
{
	const uint64_t command = le64toh(*(volatile uint64_t *)(edu->bar + EDU_COMMAND));

	/* The data that the device has written must be read after this. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (command & EDU_START) != 0;
}

bool
edu_dma(const struct edu *edu, unsigned int at, uint64_t iova, unsigned int length, bool to_memory)
{
	edu_start(edu, at, iova, length, to_memory);
	for (unsigned int i = 0; i < 1000; i++) {
		usleep(10000);
		if (!edu_busy(edu))
			return true;
	}
	return false;
}

/* Sets and clears bits of the PCI command register. */
static bool
change_command(int fd, uint64_t config, uint16_t set, uint16_t clear)
{
	uint16_t command;

	if (pread(fd, &command, 2, config + PCI_COMMAND) != 2)
		return false;
	command = htole16((le16toh(command) | set) & ~clear);
	return pwrite(fd, &command, 2, config + PCI_COMMAND) == 2;
}

static int
get_region(int fd, unsigned int index, struct vfio_region_info *region)
{
	*region = (struct vfio_region_info){ .argsz = sizeof(*region), .index = index };
	return ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, region);
}

const char *
edu_open(struct edu *edu, int fd)
{
	struct vfio_region_info config, bar;
	void *registers;
	uint32_t id;

	if (get_region(fd, VFIO_PCI_CONFIG_REGION_INDEX, &config) != 0 ||
	    get_region(fd, VFIO_PCI_BAR0_REGION_INDEX, &bar) != 0)
		return "VFIO does not tell where its registers are";
	if (pread(fd, &id, sizeof(id), config.offset) != sizeof(id))
		return "its configuration cannot be read";
	if (le32toh(id) != EDU_ID)
		return "no device of this kind: it is for QEMU's, -device edu (lspci -d 1234:11e8)";
	if (!change_command(fd, config.offset, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0))
		return "its command register cannot be written";
	registers = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bar.offset);
	if (registers == MAP_FAILED)
		return "its registers cannot be mapped";
	edu->bar = registers;
	edu->bar_size = bar.size;
	return NULL;
}

void
edu_close(struct edu *edu, int fd)
{
	struct vfio_region_info config;

	if (get_region(fd, VFIO_PCI_CONFIG_REGION_INDEX, &config) == 0)
		change_command(fd, config.offset, 0, PCI_COMMAND_MASTER);
	munmap((void *)(uintptr_t)edu->bar, edu->bar_size);
}
