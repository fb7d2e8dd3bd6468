/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

static void *
linux_reserve(uint64_t size, int prot)
{
	void *const p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int
linux_commit(void *start, uint64_t size)
{
	return mprotect(start, size, PROT_READ | PROT_WRITE) < 0 ? -errno : 0;
}

/* Preferred: a node that is full must not end the process. */
static int
linux_bind(void *start, uint64_t size, int node)
{
	struct bitmask *mask;
	int ret;

	if (numa_available() < 0)
		return -ENOSYS;
	if (node > numa_max_node())
		return -EINVAL;
	if (numa_max_node() == 0)
		return 0;
	mask = numa_allocate_nodemask();
	numa_bitmask_setbit(mask, node);
	ret = mbind(start, size, MPOL_PREFERRED, mask->maskp, mask->size + 1, 0);
	if (ret < 0)
		ret = -errno;
	numa_free_nodemask(mask);
	return ret;
}

const struct ioas_sys ioas_sys_linux = {
	.open = linux_open,
	.close = linux_close,
	.ioctl = linux_ioctl,
	.sysfs = "/sys",
	.reserve = linux_reserve,
	.commit = linux_commit,
	.bind = linux_bind,
};

const struct ioas_sys *ioas_sys = &ioas_sys_linux;
