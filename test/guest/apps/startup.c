/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The cost of DMA memory when an application starts: runs rte_eal_init() and counts the calls of EAL, its
 * drivers and its plugins to VFIO and iommufd, and the time in them. Prints
 *
 *	CALLS MAPS MS-IN-CALLS MS-IN-INIT
 *
 * The program's own ioctl() comes before libc's for every library.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <rte_eal.h>

/* IOMMU_IOAS_MAP: this program is also built on machines without linux/iommufd.h. */
#define IOAS_MAP _IO(VFIO_TYPE, 0x85)

static uint64_t calls, maps, nanoseconds;

int ioctl(int fd, unsigned long request, ...);

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int
ioctl(int fd, unsigned long request, ...)
{
	const uint64_t start = now();
	va_list ap;
	int ret;

	va_start(ap, request);
	ret = syscall(SYS_ioctl, fd, request, va_arg(ap, void *));
	va_end(ap);
	if (_IOC_TYPE(request) == VFIO_TYPE) {
		calls++;
		maps += request == VFIO_IOMMU_MAP_DMA || request == IOAS_MAP;
		nanoseconds += now() - start;
	}
	return ret;
}

int
main(int argc, char **argv)
{
	const uint64_t start = now();
	uint64_t init;

	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	init = now() - start;
	printf("%" PRIu64 " %" PRIu64 " %.1f %.0f\n", calls, maps, nanoseconds / 1e6, init / 1e6);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
