/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend.h"
#include "device.h"
#include <linux/vfio.h>

const char *
device_basename(const char *name)
{
	const char *const slash = strrchr(name, '/');

	return slash == NULL ? name : slash + 1;
}

/* Reads the name of the driver; "" if the device is bound to none. */
static void
read_driver(struct ioas_device *device)
{
	char path[PATH_MAX + 8], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/driver", device->sysfs);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	snprintf(device->driver, sizeof(device->driver), "%.63s", device_basename(target));
}

/*
 * Finds the character device of a device's sysfs folder: the folder vfio-dev/vfioN names it. Every
 * VFIO device has that folder; only one that also has a character device has a file "dev" in it
 * (without CONFIG_VFIO_DEVICE_CDEV none has, without an IOMMU none until Linux 7.3).
 */
static bool
find_cdev(const char *sysfs, char *cdev, size_t size)
{
	char path[PATH_MAX + 288];
	struct dirent *entry;
	bool found = false;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/vfio-dev", sysfs);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "vfio", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/vfio-dev/%s/dev", sysfs, entry->d_name);
		found = stat(path, &st) == 0;
		snprintf(cdev, size, "/dev/vfio/devices/%.63s", entry->d_name);
	}
	closedir(dir);
	return found;
}

/* The sysfs folder of a PCI address or of itself; false if it is too long. */
static bool
sysfs_folder(const char *name, char *sysfs, size_t size)
{
	const int n = strchr(name, '/') != NULL
		? snprintf(sysfs, size, "%s", name)
		: snprintf(sysfs, size, "%s/bus/pci/devices/%s", ioas_sys->sysfs, name);

	return n >= 0 && (size_t)n < size;
}

bool
ioas_device_has_cdev(const char *name)
{
	char sysfs[PATH_MAX], cdev[96];

	return sysfs_folder(name, sysfs, sizeof(sysfs)) && find_cdev(sysfs, cdev, sizeof(cdev));
}

int
device_resolve(struct ioas_device *device, const char *name, const struct ioas_log *log)
{
	struct stat st;

	snprintf(device->name, sizeof(device->name), "%.63s", device_basename(name));
	if (!sysfs_folder(name, device->sysfs, sizeof(device->sysfs)) ||
	    device->name[0] == '\0' || stat(device->sysfs, &st) != 0) {
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: no such device: see `dpdk-devbind.py --status` for the ones there are",
			 device->name);
		return -ENODEV;
	}
	read_driver(device);
	if (find_cdev(device->sysfs, device->cdev, sizeof(device->cdev)))
		return 0;
	if (strncmp(device->driver, "vfio", 4) != 0) {
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: bound to %s, not to a VFIO driver: run `dpdk-devbind.py -b vfio-pci %s`",
			 device->name, device->driver[0] != '\0' ? device->driver : "no driver",
			 device->name);
		return -ENODEV;
	}
	ioas_log(log, IOAS_LOG_ERR,
		 "%s: bound to %s, but it has no character device (%s/vfio-dev/*/dev): the kernel "
		 "must be Linux 6.6 or newer with CONFIG_VFIO_DEVICE_CDEV, and an IOMMU must be on",
		 device->name, device->driver, device->sysfs);
	return -ENOENT;
}

int
ioas_device_fd(const struct ioas_device *device)
{
	return device->fd;
}

const char *
ioas_device_name(const struct ioas_device *device)
{
	return device->name;
}

int
ioas_device_info(const struct ioas_device *device, struct vfio_device_info *info)
{
	const int ret = device->sys->ioctl(device->fd, VFIO_DEVICE_GET_INFO, info);

	return ret < 0 ? ret : 0;
}
