/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A driver sets up its device and releases it. Secondary processes share it meanwhile.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <linux/vfio.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "attach.h"
#include "devices.h"
#include "ioas_bus.h"
#include "setup.h"

static int
get_info(const struct ioas_device *device, struct vfio_device_info *info)
{
	const int ret = ioas_device_info(device, info);

	if (ret == 0)
		return 0;
	BUS_IOAS_LOG(ERR, "%s: cannot get device info: %s", ioas_device_name(device),
		     strerror(-ret));
	rte_errno = -ret;
	return -1;
}

int
setup_owned(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	char path[PATH_MAX];
	struct owned_device *owned;
	int ret = -1;

	snprintf(path, sizeof(path), "%s/%s", sysfs_base, name);
	devices_lock();
	owned = devices_find(name);
	if (owned == NULL) {
		if (!ioas_device_is_usable(path)) {
			ret = 1;
			goto out_unlock;
		}
		owned = devices_record(path, name);
		if (owned == NULL)
			goto out_unlock;
		attach_devices(&owned, 1);
	}
	if (owned->device == NULL) {
		BUS_IOAS_LOG(ERR, "%s", owned->failure);
		devices_drop(owned);
		goto out_unlock;
	}
	ret = get_info(owned->device, info);
	if (ret == 0) {
		*fd = ioas_device_fd(owned->device);
		owned->in_use = true;
		BUS_IOAS_LOG(INFO, "%s: %s%s", owned->name, rte_eal_iova_mode() == RTE_IOVA_VA
			     ? "fixed IOVA=VA" : "chosen IOVAs", owned->space != NULL
			     ? ", an I/O address space of its own" : "");
	}
out_unlock:
	devices_unlock();
	return ret;
}

int
setup_release(const char *name, int fd)
{
	struct owned_device *owned;
	int ret = 1;

	devices_lock();
	owned = devices_find(name);
	if (owned != NULL && owned->device != NULL && ioas_device_fd(owned->device) == fd) {
		if (owned->shares > 0)
			BUS_IOAS_LOG(WARNING, "%s: given back while a secondary process may still use it",
				     owned->name);
		devices_drop(owned);
		ret = 0;
	}
	devices_unlock();
	return ret;
}

int
setup_share(const char *name, int *fd, struct vfio_device_info *info)
{
	struct owned_device *owned;
	int ret = 1;

	devices_lock();
	owned = devices_find(name);
	if (owned != NULL && owned->device != NULL) {
		*info = (struct vfio_device_info){ .argsz = sizeof(*info) };
		ret = ioas_device_info(owned->device, info);
		if (ret == 0) {
			*fd = fcntl(ioas_device_fd(owned->device), F_DUPFD_CLOEXEC, 0);
			ret = *fd < 0 ? -errno : 0;
		}
		if (ret == 0)
			owned->shares++;
	}
	devices_unlock();
	return ret;
}

void
setup_unshare(const char *name)
{
	struct owned_device *owned;

	devices_lock();
	owned = devices_find(name);
	if (owned != NULL && owned->shares > 0)
		owned->shares--;
	devices_unlock();
}
