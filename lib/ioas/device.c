/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

/* The last part of a path, including trailing slashes. */
static const char *
basename_of(const char *name)
{
	const char *base = name;

	for (const char *c = name; *c != '\0'; c++)
		if (c[0] == '/' && c[1] != '/' && c[1] != '\0')
			base = c + 1;
	return base;
}

/* After a failed access to sysfs: 0 if the entry does not exist, else the error. */
static int
why_unreadable(void)
{
	return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

/* Reads the name of the driver; "" if the device has none. */
static int
read_driver(struct ioas_device *device)
{
	char path[PATH_MAX + 8], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/driver", device->sysfs);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	snprintf(device->driver, sizeof(device->driver), "%.63s", basename_of(target));
	return n < 0 ? why_unreadable() : 0;
}

static bool
is_vfio(const struct ioas_device *device)
{
	return strstr(device->driver, "vfio") != NULL;
}

/*
 * Finds the character device of a device: the folder vfio-dev/vfioN names it. Every VFIO device has that
 * folder, but the folder has a file "dev" only if the device has a character device (never without
 * CONFIG_VFIO_DEVICE_CDEV). Since Linux 7.3 a device without an IOMMU has one as well, named noiommu-vfioN.
 * cdev is "" if the device has none.
 */
static int
find_cdev(struct ioas_device *device)
{
	char path[PATH_MAX + 288];
	struct dirent *entry;
	struct stat st;
	int ret = 0;
	DIR *dir;

	device->cdev[0] = '\0';
	snprintf(path, sizeof(path), "%s/vfio-dev", device->sysfs);
	dir = opendir(path);
	if (dir == NULL)
		return why_unreadable();
	while (ret == 0 && device->cdev[0] == '\0' && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "noiommu-", 8) == 0)
			device->no_iommu = true;
		if (strncmp(entry->d_name, "vfio", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/vfio-dev/%s/dev", device->sysfs, entry->d_name);
		if (stat(path, &st) == 0)
			snprintf(device->cdev, sizeof(device->cdev), "/dev/vfio/devices/%.63s",
				 entry->d_name);
		else
			ret = why_unreadable();
	}
	closedir(dir);
	return ret;
}

/* The sysfs folder for a PCI address or a path; false if it is too long. */
static bool
sysfs_folder(const char *name, char *sysfs, size_t size)
{
	const int n = strchr(name, '/') != NULL
		? snprintf(sysfs, size, "%s", name)
		: snprintf(sysfs, size, "%s/bus/pci/devices/%s", ioas_sys->sysfs, name);

	return n >= 0 && (size_t)n < size;
}

/*
 * Finds the number of the device's IOMMU group; -1 if it has none. Without an IOMMU VFIO makes up groups of
 * its own, which do not count.
 */
static int
find_group(struct ioas_device *device)
{
	char path[PATH_MAX + 32], target[PATH_MAX], name[16] = "";
	FILE *file;
	ssize_t n;

	device->group_number = -1;
	snprintf(path, sizeof(path), "%s/iommu_group", device->sysfs);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return why_unreadable();
	target[n] = '\0';
	if (sscanf(basename_of(target), "%d", &device->group_number) != 1)
		return 0;
	snprintf(path, sizeof(path), "%s/iommu_group/name", device->sysfs);
	file = fopen(path, "re");
	if (file == NULL)
		return why_unreadable();
	if (fscanf(file, "%15s", name) == 1 && strcmp(name, "vfio-noiommu") == 0) {
		device->no_iommu = true;
		device->group_number = -1;
	}
	fclose(file);
	return 0;
}

/* Fills the members that the device's folder provides. */
static int
look_at(struct ioas_device *device)
{
	int ret;

	device->no_iommu = false;
	ret = read_driver(device);
	if (ret == 0)
		ret = find_group(device);
	if (ret == 0)
		ret = find_cdev(device);
	return ret;
}

static bool
is_translated(const struct ioas_device *device)
{
	return !device->no_iommu && (device->cdev[0] != '\0' || device->group_number >= 0);
}

/*
 * Finds the device's folder and its name. sysfs has many links to a folder, with other names (such as
 * "device"). -ENODEV if the device does not exist.
 */
static int
find_folder(struct ioas_device *device, const char *name)
{
	char path[PATH_MAX];
	int ret;

	snprintf(device->name, sizeof(device->name), "%.63s", basename_of(name));
	if (name[0] == '\0' || !sysfs_folder(name, path, sizeof(path)))
		return -ENODEV;
	if (realpath(path, device->sysfs) == NULL) {
		ret = why_unreadable();
		snprintf(device->sysfs, sizeof(device->sysfs), "%s", path);
		return ret < 0 ? ret : -ENODEV;
	}
	if (strlen(basename_of(device->sysfs)) >= sizeof(device->name))
		return -ENAMETOOLONG;
	snprintf(device->name, sizeof(device->name), "%.63s", basename_of(device->sysfs));
	return 0;
}

bool
ioas_device_is_usable(const char *name)
{
	struct ioas_device device;

	return find_folder(&device, name) == 0 && look_at(&device) == 0 && is_vfio(&device) &&
	       is_translated(&device);
}

bool
ioas_device_is_untranslated(const char *name)
{
	struct ioas_device device;
	const int ret = find_folder(&device, name);

	return ret == 0 ? look_at(&device) < 0 || device.no_iommu : ret != -ENODEV;
}

bool
device_is_named(const struct ioas_device *device, const char *name)
{
	struct ioas_device found;

	/* The folder of a device that has gone does not exist any more, but its name is known. */
	if (strchr(name, '/') == NULL || find_folder(&found, name) < 0)
		return strcmp(device->name, basename_of(name)) == 0;
	return strcmp(device->sysfs, found.sysfs) == 0;
}

int
device_resolve(struct ioas_device *device, const char *name, const struct ioas_log *log)
{
	int ret;

	ret = find_folder(device, name);
	if (ret == -ENODEV) {
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: no such device: see `dpdk-devbind.py --status` for the ones there are",
			 device->name);
		return ret;
	}
	if (ret == 0)
		ret = look_at(device);
	if (ret < 0) {
		ioas_log(log, IOAS_LOG_ERR, "%s: cannot read %s: %s", device->name, device->sysfs,
			 strerror(-ret));
		return ret;
	}
	if (is_vfio(device) && is_translated(device))
		return 0;
	if (!is_vfio(device)) {
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: bound to %s, not to a VFIO driver: run `dpdk-devbind.py -b vfio-pci %s`",
			 device->name, device->driver[0] != '\0' ? device->driver : "no driver",
			 device->name);
		return -ENODEV;
	}
	ioas_log(log, IOAS_LOG_ERR,
		 "%s: bound to %s, but no IOMMU translates for it (it has no IOMMU group, or one that VFIO has "
		 "made up): switch the IOMMU on in the firmware and on the kernel's command line "
		 "(intel_iommu=on)", device->name, device->driver);
	return -ENOENT;
}

bool
device_is_firmware_bound(const struct ioas_device *device, struct ioas_range *region)
{
	char path[PATH_MAX + 32], line[128], type[32];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/iommu_group/reserved_regions", device->sysfs);
	file = fopen(path, "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &region->first, &region->last, type) == 3 &&
			strcmp(type, "direct") == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

void
device_log_attach_failure(const struct ioas_device *device, const struct ioas_log *log, int error)
{
	struct ioas_range region;

	/* EPERM: older kernels with VT-d. */
	if ((error == -EINVAL || error == -EPERM) && device_is_firmware_bound(device, &region))
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: its firmware demands that it reaches 0x%" PRIx64 "-0x%" PRIx64 " at the same "
			 "IOVAs (RMRR), so the kernel gives it to no program (see `dmesg`): switch off in the "
			 "firmware what needs that, or use another device", device->name, region.first,
			 region.last);
	else if (error == -EADDRINUSE)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: it reserves IOVAs that are mapped already: attach it before memory is "
			 "mapped, or keep them free with a window", device->name);
	else if (error == -ENOMEM)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: cannot attach it: not enough memory, or RLIMIT_MEMLOCK is too small for "
			 "what is mapped: raise it (`ulimit -l`)", device->name);
	else if (error == -EPERM)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: the kernel refuses to attach it (EPERM): a device of its IOMMU group is "
			 "bound to a kernel driver or held by another process (bind all of them to "
			 "vfio-pci), or the platform does not isolate interrupts "
			 "(iommufd.allow_unsafe_interrupts=1 or "
			 "vfio_iommu_type1.allow_unsafe_interrupts=1 accepts that)", device->name);
	else if (error == -EACCES)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: the VF token does not match (EACCES): its physical function is bound to "
			 "vfio-pci, or it is a physical function with virtual functions in use: give "
			 "the token that the physical function was opened with (--vfio-vf-token)%s",
			 device->name, device->group == NULL ? ", and use backend type1" : "");
	else
		ioas_log(log, IOAS_LOG_ERR, "%s: cannot attach it to the I/O address space: %s",
			 device->name, strerror(-error));
}
