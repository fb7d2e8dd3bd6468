/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include "ioas.h"
#include "sys.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* The largest number that Linux can be configured for. */
#define MAX_NODES 1024
#define BITS (8 * (int)sizeof(unsigned long))

static int
linux_open(const char *path, int flags)
{
	int fd;

	do
		fd = open(path, flags);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

static void
linux_close(int fd)
{
	close(fd);
}

static int
linux_duplicate(int fd)
{
	const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return duplicate < 0 ? -errno : duplicate;
}

static int
linux_number(int fd, uint64_t *number)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*number = st.st_rdev;
	return S_ISCHR(st.st_mode) ? 0 : -EINVAL;
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

/*
 * Uses system calls, not libc's functions. In a static program the plugin's seams have the names of those
 * functions (--wrap), and would call this library, which holds its locks. The thread sanitizer must see the
 * calls, though.
 */
static void *
map_pages(void *start, uint64_t size, int prot, int flags, int fd, uint64_t offset)
{
#ifdef __SANITIZE_THREAD__
	return mmap(start, size, prot, flags, fd, offset);
#else
	return (void *)syscall(SYS_mmap, start, size, prot, flags, fd, offset);
#endif
}

static void
linux_unreserve(void *start, uint64_t size)
{
#ifdef __SANITIZE_THREAD__
	munmap(start, size);
#else
	syscall(SYS_munmap, start, size);
#endif
}

static void *
linux_reserve(uint64_t size, int prot, int *error)
{
	void *const p = map_pages(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
				  0);

	if (p != MAP_FAILED)
		return p;
	*error = -errno;
	return NULL;
}

static int
linux_commit(void *start, uint64_t size)
{
	return mprotect(start, size, PROT_READ | PROT_WRITE) < 0 ? -errno : 0;
}

/* MPOL_PREFERRED, because a full node must not end the process. libnuma must not either: it exits if it has
 * no memory for a mask. */
static int
linux_bind(void *start, uint64_t size, int node)
{
	unsigned long mask[MAX_NODES / BITS] = { 0 };

	/* Without CONFIG_NUMA all memory is on node 0. */
	if (numa_available() < 0)
		return node == 0 ? 0 : -ENOSYS;
	if (node > numa_max_node() || node >= MAX_NODES)
		return -EINVAL;
	if (numa_max_node() == 0)
		return 0;
	mask[node / BITS] = 1ul << node % BITS;
	return mbind(start, size, MPOL_PREFERRED, mask, MAX_NODES + 1, 0) < 0 ? -errno : 0;
}

/* RLIMIT_FSIZE also holds for files in memory. A call that it forbids sends SIGXFSZ to this thread, which
 * must not end the program. The signal is blocked during the call, and discarded after it. */
struct no_signal {
	sigset_t before;
	bool pending;
};

static void
hold_signal(struct no_signal *held)
{
	sigset_t set;

	sigpending(&set);
	held->pending = sigismember(&set, SIGXFSZ) == 1;
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, &held->before);
}

/* ret: the result of the call. */
static void
drop_signal(const struct no_signal *held, int ret)
{
	const struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	while (ret == -EFBIG && !held->pending && sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}

/* Whether the kernel counts all memory that could be written to (vm.overcommit_memory 2). In this mode Linux
 * before 6.12 could remove a page that is to be replaced, and then have none to put in its place. */
static bool
is_counted_strictly(void)
{
	FILE *const file = fopen("/proc/sys/vm/overcommit_memory", "re");
	int mode = 2;

	if (file == NULL)
		return true;
	if (fscanf(file, "%d", &mode) != 1)
		mode = 2;
	fclose(file);
	return mode == 2;
}

static int
set_size(int fd, uint64_t size)
{
	struct no_signal held;
	int ret;

	hold_signal(&held);
	ret = ftruncate(fd, size) < 0 ? -errno : 0;
	drop_signal(&held, ret);
	return ret;
}

static int
linux_memory_file(uint64_t size, int node)
{
	int fd, ret;

	if (is_counted_strictly())
		return -EOPNOTSUPP;
	fd = memfd_create("ioas", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = set_size(fd, size);
	if (ret == 0 && node >= 0) {
		/* The file keeps the policy after the mapping is gone. */
		void *const p = map_pages(NULL, size, PROT_NONE, MAP_SHARED, fd, 0);

		if (p != MAP_FAILED) {
			linux_bind(p, size, node);
			linux_unreserve(p, size);
		}
	}
	if (ret < 0)
		close(fd);
	return ret < 0 ? ret : fd;
}

static int
linux_write_file(int fd, const void *from, uint64_t size, uint64_t offset)
{
	struct no_signal held;
	ssize_t n;
	int ret;

	hold_signal(&held);
	n = pwrite(fd, from, size, offset);
	ret = n < 0 ? -errno : (uint64_t)n == size ? 0 : -EIO;
	drop_signal(&held, ret);
	return ret;
}

/* Replaces pages by others. A reader sees the old ones or the new ones. A reader that sees the new ones also
 * sees all earlier writes: the kernel's page tables are the barrier. */
static int
replace_pages(void *start, uint64_t size, int flags, int fd, uint64_t offset)
{
	flags |= MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
#ifdef __SANITIZE_THREAD__
	/* The sanitizer would take mmap() for a plain write, so tell it. */
	for (uint64_t i = 0; i < size; i += sizeof(uint64_t))
		__tsan_release((char *)start + i);
#endif
	return syscall(SYS_mmap, start, size, PROT_READ | PROT_WRITE, flags, fd, offset) < 0 ? -errno : 0;
}

static int
linux_map_file(void *start, uint64_t size, int fd, uint64_t offset)
{
	const int ret = replace_pages(start, size, 0, fd, offset);

	/* Spares readers the first fault (since Linux 5.14). */
	if (ret == 0)
		madvise(start, size, MADV_POPULATE_READ);
	return ret;
}

static int
linux_map_zeros(void *start, uint64_t size)
{
	return replace_pages(start, size, MAP_ANONYMOUS, -1, 0);
}

static uint64_t
linux_page(void)
{
	return getpagesize();
}

const struct ioas_sys ioas_sys_linux = {
	.open = linux_open,
	.close = linux_close,
	.duplicate = linux_duplicate,
	.number = linux_number,
	.ioctl = linux_ioctl,
	.sysfs = "/sys",
	.page = linux_page,
	.huge_page = sys_huge_page,
	.memory_at = sys_memory_at,
	.process = sys_process,
	.has_ended = sys_has_ended,
	.mappings = sys_mappings,
	.watch_open = sys_watch_open,
	.watch_add = sys_watch_add,
	.watch_read = sys_watch_read,
	.reserve = linux_reserve,
	.unreserve = linux_unreserve,
	.commit = linux_commit,
	.bind = linux_bind,
	.memory_file = linux_memory_file,
	.write_file = linux_write_file,
	.map_file = linux_map_file,
	.map_zeros = linux_map_zeros,
};

const struct ioas_sys *ioas_sys = &ioas_sys_linux;
