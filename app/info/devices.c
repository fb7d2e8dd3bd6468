/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/*
 * The PCI devices for which DPDK has drivers: their kernel driver, their IOMMU group, their nodes and their
 * usable IOVAs. All data comes from sysfs.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "machine.h"

#define PCI "/sys/bus/pci/devices/%s"

/* PCI classes for which DPDK has drivers: the upper byte, or the upper two. */
static const struct {
	const char *kind;
	uint32_t class, mask;
} kinds[] = {
	{ "net", 0x020000, 0xff0000 },
	{ "crypto", 0x100000, 0xff0000 },
	{ "crypto", 0x0b4000, 0xffff00 },
	{ "dma", 0x080100, 0xffff00 },
	{ "dma", 0x088000, 0xffff00 },
	{ "dma", 0x120000, 0xff0000 },
	{ "storage", 0x010000, 0xff0000 },
	{ "all", 0, 0 },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool
is_of_kind(uint32_t class, const char *kind)
{
	for (unsigned int i = 0; i < N_KINDS; i++)
		if (strcmp(kinds[i].kind, kind) == 0 && (class & kinds[i].mask) == kinds[i].class)
			return true;
	return false;
}

static bool
is_vfio(const char *driver)
{
	return strstr(driver, "vfio") != NULL;
}

/* Drivers that leave a group viable, because they do no DMA. */
static bool
is_harmless(const char *driver)
{
	return is_vfio(driver) || strcmp(driver, "pci-stub") == 0 || strcmp(driver, "pcieport") == 0;
}

static void
look_at_neighbours(struct info_device *device)
{
	char **const names = sys_list("/sys/kernel/iommu_groups/%d/devices", device->group);
	char driver[64];

	for (char **name = names; *name != NULL; name++) {
		if (strcmp(*name, device->address) == 0 ||
		    !sys_link(driver, sizeof(driver), PCI "/driver", *name) || is_harmless(driver))
			continue;
		info_append(&device->neighbours, "%s%s on %s", device->neighbours == NULL ? "" : ", ", *name,
			    driver);
		info_append(&device->unbind, "%s%s", device->unbind == NULL ? "" : " ", *name);
	}
	sys_free(names);
}

static void
look_at_reserved(struct info_device *device)
{
	struct info_reserved reserved;
	char path[PATH_MAX], line[128];
	FILE *file;

	sys_path(path, sizeof(path), "/sys/kernel/iommu_groups/%d/reserved_regions", device->group);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %23s", &reserved.range.first,
			   &reserved.range.last, reserved.type) == 3)
			*GROW(device->reserved, device->n_reserved) = reserved;
	if (file != NULL)
		fclose(file);
}

/* A group that VFIO has made up because the machine has no IOMMU does not count. */
static void
look_at_group(struct info_device *device)
{
	char group[32], name[32];

	device->group = -1;
	if (!sys_link(group, sizeof(group), PCI "/iommu_group", device->address) ||
	    (sys_text(name, sizeof(name), PCI "/iommu_group/name", device->address) &&
	     strcmp(name, "vfio-noiommu") == 0))
		return;
	device->group = atoi(group);
	look_at_neighbours(device);
	look_at_reserved(device);
}

/* All VFIO devices have a folder vfio-dev/vfioN. It contains a file "dev" if the device has a character
 * device. */
static void
look_at_cdev(struct info_device *device)
{
	char **const names = sys_list(PCI "/vfio-dev", device->address);
	char number[32];

	if (names[0] != NULL &&
	    sys_text(number, sizeof(number), PCI "/vfio-dev/%s/dev", device->address, names[0]))
		snprintf(device->cdev, sizeof(device->cdev), "/dev/vfio/devices/%.63s", names[0]);
	sys_free(names);
}

static void
add_interfaces(struct info_device *device, const char *folder)
{
	char **const names = sys_list(PCI "%s/net", device->address, folder);

	for (char **name = names; *name != NULL; name++)
		info_append(&device->interfaces, "%s%s", device->interfaces == NULL ? "" : ", ", *name);
	sys_free(names);
}

/* Interfaces of the device, or of a device that its driver has created (virtioN). Links lead to other
 * devices, and an entry with a class is a PCI device behind a bridge. */
static void
look_at_interfaces(struct info_device *device)
{
	char **const names = sys_list(PCI, device->address);
	char text[16], folder[NAME_MAX + 2];

	add_interfaces(device, "");
	for (char **name = names; *name != NULL; name++) {
		if (sys_link(text, sizeof(text), PCI "/%s", device->address, *name) ||
		    sys_text(text, sizeof(text), PCI "/%s/class", device->address, *name))
			continue;
		snprintf(folder, sizeof(folder), "/%s", *name);
		add_interfaces(device, folder);
	}
	sys_free(names);
}

static void
look_at(struct info_device *device)
{
	char node[16];
	uint64_t number;

	sys_number(&number, 16, PCI "/vendor", device->address);
	device->vendor = number;
	sys_number(&number, 16, PCI "/device", device->address);
	device->device = number;
	sys_link(device->iommu, sizeof(device->iommu), PCI "/iommu", device->address);
	device->node = sys_text(node, sizeof(node), PCI "/numa_node", device->address) ? atoi(node)
										       : -1;
	look_at_interfaces(device);
	look_at_group(device);
	look_at_cdev(device);
}

static bool
is_wanted(const struct info *info, const char *address)
{
	for (unsigned int i = 0; i < info->n_devices; i++)
		if (strcmp(info->devices[i].address, address) == 0)
			return true;
	return false;
}

bool
look_at_devices(struct info *info, const char *kind)
{
	char **const names = sys_list("/sys/bus/pci/devices");
	struct info_device *device;
	bool known = false;

	for (unsigned int i = 0; i < N_KINDS; i++)
		known = known || strcmp(kinds[i].kind, kind) == 0;
	for (char **name = names; *name != NULL; name++) {
		char driver[64];
		uint64_t class;

		sys_number(&class, 16, PCI "/class", *name);
		sys_link(driver, sizeof(driver), PCI "/driver", *name);
		if (is_wanted(info, *name) || (!is_of_kind(class, kind) && !is_vfio(driver)))
			continue;
		device = GROW(info->devices, info->n_devices);
		snprintf(device->address, sizeof(device->address), "%s", *name);
	}
	sys_free(names);
	for (unsigned int i = 0; i < info->n_devices; i++) {
		uint64_t class;

		device = &info->devices[i];
		device->exists = sys_number(&class, 16, PCI "/class", device->address);
		device->class = class;
		sys_link(device->driver, sizeof(device->driver), PCI "/driver", device->address);
		look_at(device);
	}
	return known;
}

bool
device_is_vfio(const struct info_device *device)
{
	return is_vfio(device->driver);
}

bool
device_is_translated(const struct info_device *device)
{
	return device->cdev[0] != '\0' || device->group >= 0;
}

bool
device_is_viable(const struct info_device *device)
{
	return device->neighbours == NULL;
}

static unsigned int
bits_of(const struct info *info, const struct info_device *device)
{
	for (unsigned int i = 0; i < info->n_iommus; i++)
		if (strcmp(info->iommus[i].name, device->iommu) == 0)
			return info->iommus[i].bits;
	return 0;
}

struct ioas_range *
device_ranges(const struct info *info, const struct info_device *device, unsigned int *n)
{
	const unsigned int bits = bits_of(info, device);
	const uint64_t last = bits > 63 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	struct ioas_range *ranges = NULL;
	uint64_t from = 0;

	*n = 0;
	if (bits == 0)
		return NULL;
	/* The kernel sorts them. */
	for (unsigned int i = 0; i < device->n_reserved; i++) {
		const struct info_reserved *const reserved = &device->reserved[i];

		/* Regions of the firmware that are not mandatory. */
		if (strcmp(reserved->type, "direct-relaxable") == 0 || reserved->range.last < from)
			continue;
		if (reserved->range.first > last)
			break;
		if (reserved->range.first > from)
			*GROW(ranges, *n) = (struct ioas_range){ from, reserved->range.first - 1 };
		if (reserved->range.last >= last)
			return ranges;
		from = reserved->range.last + 1;
	}
	*GROW(ranges, *n) = (struct ioas_range){ from, last };
	return ranges;
}

void
device_node(const struct info *info, const struct info_device *device, char node[128])
{
	const bool cdev = info->backend != NULL && strcmp(info->backend->name, "iommufd") == 0 &&
			  device->cdev[0] != '\0';

	node[0] = '\0';
	if (cdev)
		snprintf(node, 128, "%s", device->cdev);
	else if (device_is_vfio(device) && device->group >= 0)
		snprintf(node, 128, "/dev/vfio/%d", device->group);
}

bool
device_is_chosen(const struct info *info, const struct info_device *device)
{
	for (unsigned int i = 0; i < info->n_devices; i++)
		if (info->devices[i].wanted)
			return device->wanted;
	return device_is_vfio(device) && device_is_translated(device);
}
