/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys.h"

static int
linux_open(const char *path, int flags)
{
	const int fd = open(path, flags);

	return fd < 0 ? -errno : fd;
}

static void
linux_close(int fd)
{
	close(fd);
}

static int
linux_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

const struct ioas_sys ioas_sys_linux = {
	.open = linux_open,
	.close = linux_close,
	.ioctl = linux_ioctl,
	.sysfs = "/sys",
};

const struct ioas_sys *ioas_sys = &ioas_sys_linux;
