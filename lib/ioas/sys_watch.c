/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * userfaultfd as a monitor of memory: it reports all memory that the process unmaps, moves or drops in any
 * way. A range is registered for write protection but never protected, so no faults must be served. User mode
 * only, which needs no privilege (Linux 5.11).
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ioas.h"
#include "sys.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

/* Since Linux 6.7: memory of any kind can be registered. The headers of Debian 12 are older. */
#define WP_ASYNC (UINT64_C(1) << 15)
#define WP_KINDS (UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM)

static int
open_with(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	const int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	int ret;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int
sys_watch_open(bool removals)
{
	static const uint64_t kinds[] = { WP_KINDS | WP_ASYNC, WP_KINDS, UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	const uint64_t events = UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMAP |
				(removals ? UFFD_FEATURE_EVENT_REMOVE : 0);
	int fd = -EINVAL;

	/* After a descriptor has refused features, it accepts no others. */
	for (unsigned int i = 0; i < 3 && fd == -EINVAL; i++)
		fd = open_with(events | kinds[i]);
	return fd;
}

int
sys_watch_add(int fd, uint64_t first, uint64_t length)
{
	struct uffdio_register arg = {
		.range = { .start = first, .len = length },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	return ioctl(fd, UFFDIO_REGISTER, &arg) < 0 ? -errno : 0;
}

int
sys_watch_read(int fd, struct ioas_range *gone)
{
	struct uffd_msg event;

	/* The thread that takes the memory away continues as soon as this is read. */
	while (read(fd, &event, sizeof(event)) == sizeof(event)) {
		switch (event.event) {
		case UFFD_EVENT_UNMAP:
		case UFFD_EVENT_REMOVE:
			*gone = (struct ioas_range){ event.arg.remove.start, event.arg.remove.end - 1 };
			return 1;
		case UFFD_EVENT_REMAP:
			*gone = (struct ioas_range){ event.arg.remap.from,
						     event.arg.remap.from + event.arg.remap.len - 1 };
			return 1;
		}
	}
	return 0;
}
