/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Whether iommufd maps huge pages faster by their file's descriptor (IOMMU_IOAS_MAP_FILE, Linux 6.13)
 * than by their address, with a device attached: the same 2 MiB pages of a memfd, a page a call as for
 * memory that grows, and all in one call as for memory that is there from the start.
 *
 *	map-file DEVICE
 *
 * Prints medians and the ratio of each round's pair; the status is 77 where the kernel has no such call.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#define PAGE ((uint64_t)2 << 20)
#define PAGES 64
#define IOVA ((uint64_t)4 << 30)
#define ROUNDS 21

/* As in Linux 6.13; the imported header is older. */
struct map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define MAP_FILE_CALL _IO(IOMMUFD_TYPE, 0x8f)

static int iommufd, memory_fd;
static __u32 ioas;
static char *memory;

static void
fail(const char *what)
{
	fprintf(stderr, "map-file: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
open_cdev(const char *device)
{
	char path[512];
	const struct dirent *entry;
	DIR *dir;
	int fd = -1;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", device);
	dir = opendir(path);
	if (dir == NULL)
		fail(path);
	while (fd < 0 && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "vfio", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
		fd = open(path, O_RDWR);
	}
	closedir(dir);
	if (fd < 0)
		fail(path);
	return fd;
}

static void
attach(const char *device)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	const int fd = open_cdev(device);

	iommufd = open("/dev/iommu", O_RDWR);
	if (iommufd < 0)
		fail("/dev/iommu");
	bind.iommufd = iommufd;
	if (ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind) < 0)
		fail("bind");
	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc) < 0)
		fail("alloc");
	ioas = attach.pt_id = alloc.out_ioas_id;
	if (ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) < 0)
		fail("attach");
}

static int
map(bool by_file, uint64_t offset, uint64_t length)
{
	const __u32 flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			    IOMMU_IOAS_MAP_WRITEABLE;
	struct map_file file = {
		.size = sizeof(file),
		.flags = flags,
		.ioas_id = ioas,
		.fd = memory_fd,
		.start = offset,
		.length = length,
		.iova = IOVA + offset,
	};
	struct iommu_ioas_map address = {
		.size = sizeof(address),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory + offset,
		.length = length,
		.iova = IOVA + offset,
	};

	return by_file ? ioctl(iommufd, MAP_FILE_CALL, &file)
		       : ioctl(iommufd, IOMMU_IOAS_MAP, &address);
}

static void
unmap(uint64_t length)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg), .ioas_id = ioas, .iova = IOVA, .length = length,
	};

	if (ioctl(iommufd, IOMMU_IOAS_UNMAP, &arg) < 0)
		fail("unmap");
}

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* The time of all maps, so many pages a call. */
static double
once(bool by_file, unsigned int pages)
{
	const double start = now_us();
	double took;

	for (unsigned int i = 0; i < PAGES; i += pages)
		if (map(by_file, i * PAGE, pages * PAGE) < 0)
			fail(by_file ? "map by descriptor" : "map by address");
	took = now_us() - start;
	unmap(PAGES * PAGE);
	return took;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void
measure(unsigned int pages)
{
	double took[2][ROUNDS], ratio[ROUNDS];

	/* Who comes first changes; the first pair only warms up. */
	for (int round = -1; round < ROUNDS; round++) {
		double pair[2];

		for (int i = 0; i < 2; i++) {
			const bool by_file = (round + i) & 1;

			pair[by_file] = once(by_file, pages);
		}
		if (round < 0)
			continue;
		took[0][round] = pair[0];
		took[1][round] = pair[1];
		ratio[round] = pair[1] / pair[0];
	}
	printf("%u pages of 2 MiB a call, us a page: by address %.2f, by descriptor %.2f, ratio %.3f\n",
	       pages, median(took[0]) / PAGES, median(took[1]) / PAGES, median(ratio));
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: map-file DEVICE\n");
		return 2;
	}
	attach(argv[1]);
	memory_fd = memfd_create("map-file", MFD_HUGETLB);
	if (memory_fd < 0 || ftruncate(memory_fd, PAGES * PAGE) < 0)
		fail("memfd of huge pages");
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory_fd, 0);
	if (memory == MAP_FAILED)
		fail("huge pages");
	if (map(true, 0, PAGE) < 0) {
		if (errno != ENOTTY)
			fail("map by descriptor");
		printf("this kernel has no IOMMU_IOAS_MAP_FILE\n");
		return 77;
	}
	unmap(PAGE);
	measure(1);
	measure(PAGES);
	return 0;
}
