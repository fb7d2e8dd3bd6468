/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The real seam, as far as every machine supports it. */

#include <fcntl.h>
#include <numa.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "older.h"
#include "unit.h"

static const struct ioas_sys *const sys = &ioas_sys_linux;

static bool no_numa;

/* Replaces libnuma's function. */
int
numa_available(void)
{
	return no_numa ? -1 : 0;
}

/* A file of the kernel that returns another text than here, or, with NULL, does not exist. */
static const char *file_path, *file_text;

static void
set_file(const char *path, const char *text)
{
	file_path = path;
	file_text = text;
}

/* Replaces libc's function. */
FILE *
fopen(const char *path, const char *mode)
{
	FILE *file;
	int fd;

	if (file_path == NULL || strcmp(path, file_path) != 0) {
		fd = open(path, mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY | O_CLOEXEC, 0666);
		return fd < 0 ? NULL : fdopen(fd, mode);
	}
	errno = ENOENT;
	if (file_text == NULL)
		return NULL;
	file = tmpfile();
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(file_text, file);
	rewind(file);
	return file;
}

static void
descriptors(void)
{
	const int null = sys->open("/dev/null", O_RDWR | O_CLOEXEC);
	const int file = sys->open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	uint64_t number = 0;
	int duplicate;

	CU_ASSERT_TRUE_FATAL(null >= 0 && file >= 0);
	CU_ASSERT_EQUAL(sys->open("/dev/there/is/none", O_RDWR), -ENOENT);
	CU_ASSERT_EQUAL(sys->number(null, &number), 0);
	CU_ASSERT_EQUAL(number, makedev(1, 3));
	CU_ASSERT_EQUAL(sys->number(file, &number), -EINVAL);
	duplicate = sys->duplicate(null);
	CU_ASSERT_TRUE_FATAL(duplicate >= 0 && duplicate != null);
	CU_ASSERT_TRUE((fcntl(duplicate, F_GETFD) & FD_CLOEXEC) != 0);
	sys->close(null);
	CU_ASSERT_EQUAL(sys->number(null, &number), -EBADF);
	CU_ASSERT_EQUAL(sys->duplicate(null), -EBADF);
	CU_ASSERT_EQUAL(sys->ioctl(null, 0, NULL), -EBADF);
	CU_ASSERT_EQUAL(sys->number(duplicate, &number), 0);
	sys->close(duplicate);
	sys->close(file);
}

static void
page_size(void)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	char *const memory = mmap(NULL, 4 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t va = (uintptr_t)memory;
	struct ioas_range mapping = { 0 };
	struct ioas_memory told;
	bool shared;
	char *file;
	int fd;

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(memory, MAP_FAILED);
	CU_ASSERT_EQUAL(sys->memory_at(va + page + 1, &told), 0);
	CU_ASSERT_EQUAL(told.page, page);
	CU_ASSERT_TRUE(told.mapping.first <= va && told.mapping.last >= va + 4 * page - 1);
	CU_ASSERT_FALSE(told.shared || told.writable);
	CU_ASSERT_EQUAL(told.mapping.first % page, 0);
	CU_ASSERT_EQUAL(told.mapping.last % page, page - 1);
	/* Two adjacent mappings. */
	CU_ASSERT_EQUAL(mprotect(memory, 2 * page, PROT_READ | PROT_WRITE), 0);
	CU_ASSERT_EQUAL(sys->memory_at(va + 2 * page - 1, &told), 0);
	CU_ASSERT_EQUAL(told.mapping.last, va + 2 * page - 1);
	CU_ASSERT_TRUE(told.writable);
	CU_ASSERT_EQUAL(sys->memory_at(va + 2 * page, &told), 0);
	CU_ASSERT_EQUAL(told.mapping.first, va + 2 * page);
	CU_ASSERT_FALSE(told.writable);
	munmap(memory, 4 * page);
	CU_ASSERT_EQUAL(sys->memory_at(va + page + 1, &told), -ENOENT);
	CU_ASSERT_EQUAL(sys->memory_at(0, &told), -ENOENT);
	CU_ASSERT_EQUAL(sys->memory_at(UINT64_MAX, &told), -ENOENT);
	fd = memfd_create("test", MFD_CLOEXEC);
	CU_ASSERT_EQUAL(ftruncate(fd, page), 0);
	file = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CU_ASSERT_EQUAL(sys->memory_at((uintptr_t)file, &told), 0);
	CU_ASSERT_TRUE(told.shared && told.writable && told.inode != 0);
	CU_ASSERT_EQUAL(told.mapping.first, (uintptr_t)file);
	CU_ASSERT_EQUAL(told.mapping.last, (uintptr_t)file + page - 1);
	CU_ASSERT_TRUE(ioas_mapping_from(file + 1, &mapping, &shared));
	CU_ASSERT_TRUE(shared && mapping.first == (uintptr_t)file && mapping.last == (uintptr_t)file + page - 1);
	CU_ASSERT_TRUE(ioas_mapping_from(file + page - 1, &mapping, &shared));
	CU_ASSERT_EQUAL(mapping.first, (uintptr_t)file);
	CU_ASSERT_TRUE(!ioas_mapping_from(file + page, &mapping, &shared) || mapping.first > (uintptr_t)file);
	munmap(file, page);
	CU_ASSERT_TRUE(!ioas_mapping_from(file, &mapping, &shared) || mapping.first > (uintptr_t)file);
	CU_ASSERT_FALSE(ioas_mapping_from(AT(UINT64_MAX), &mapping, &shared));
	close(fd);
	/* The public function uses the current seam. */
	model.memory_page = MIB(16);
	CU_ASSERT_EQUAL(ioas_page_size(AT(va), NULL), MIB(16));
	CU_ASSERT_EQUAL(ioas_page_size(AT(va), &mapping), MIB(16));
}

/* PROCMAP_QUERY. */
static int
knows_no_query(unsigned long request, const void *arg)
{
	(void)arg;
	return _IOC_TYPE(request) == 'f' && _IOC_NR(request) == 17 ? ENOTTY : 0;
}

/* Before Linux 6.11 the text of all mappings has the same information. */
static void
page_size_as_text(void)
{
	older_kernel = knows_no_query;
	page_size();
	set_file("/proc/self/smaps", NULL);
	CU_ASSERT_EQUAL(sys->memory_at((uintptr_t)&sys, &(struct ioas_memory){ 0 }), -ENOENT);
	set_file(NULL, NULL);
	older_kernel = NULL;
}

/* As the kernel reports it. Otherwise the memory that one page of a page table can cover. */
static void
huge_page(void)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);

	set_file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "536870912\n");
	CU_ASSERT_EQUAL(sys->huge_page(), MIB(512));
	set_file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "");
	CU_ASSERT_EQUAL(sys->huge_page(), page * (page / 8));
	set_file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", NULL);
	CU_ASSERT_EQUAL(sys->huge_page(), page * (page / 8));
}

static void
reservations(void)
{
	const uint64_t page = sysconf(_SC_PAGESIZE), size = 16 * page;
	int error = 0;
	char *const p = sys->reserve(size, PROT_READ, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_PTR_NULL(sys->reserve(UINT64_C(1) << 62, PROT_READ, &error));
	/* valgrind returns another error. */
	CU_ASSERT_TRUE(error == -ENOMEM || error == -EINVAL);
	CU_ASSERT_EQUAL(p[size - 1], 0);
	CU_ASSERT_EQUAL(sys->commit(p + page, page), 0);
	p[page] = 1;
	CU_ASSERT_EQUAL(sys->bind(p, size, 0), 0);
	CU_ASSERT_EQUAL(sys->bind(p, size, 100000), -EINVAL);
	/* A kernel without CONFIG_NUMA. */
	no_numa = true;
	CU_ASSERT_EQUAL(sys->bind(p, size, 0), 0);
	CU_ASSERT_EQUAL(sys->bind(p, size, 1), -ENOSYS);
	no_numa = false;
	CU_ASSERT_EQUAL(p[page], 1);
	sys->unreserve(p, size);
	CU_ASSERT_EQUAL(sys->commit(p, page), -ENOMEM);
}

/* A page of a file in memory replaces another page, and zeros replace that. */
static void
files(int node)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	const int fd = sys->memory_file(2 * page, node);
	int error;
	char *const p = sys->reserve(2 * page, PROT_READ, &error);
	char words[8] = "";

	CU_ASSERT_TRUE_FATAL(fd >= 0 && p != NULL);
	CU_ASSERT_EQUAL(sys->write_file(fd, "template", 8, page), 0);
	CU_ASSERT_EQUAL(sys->map_file(p + page, page, fd, page), 0);
	CU_ASSERT_EQUAL(p[0], 0);
	CU_ASSERT_EQUAL(memcmp(p + page, "template", 8), 0);
	/* Stores to it do not reach the file. */
	memset(p + page, 0, 8);
	CU_ASSERT_EQUAL(pread(fd, words, 8, page), 8);
	CU_ASSERT_EQUAL(memcmp(words, "template", 8), 0);
	CU_ASSERT_EQUAL(sys->map_file(p + page, page, fd, page), 0);
	CU_ASSERT_EQUAL(memcmp(p + page, "template", 8), 0);
	CU_ASSERT_EQUAL(sys->map_zeros(p + page, page), 0);
	CU_ASSERT_EQUAL(p[page], 0);
	p[page] = 1;
	sys->close(fd);
	CU_ASSERT_EQUAL(sys->write_file(fd, "template", 8, 0), -EBADF);
	CU_ASSERT_EQUAL(sys->map_file(p, page, fd, 0), -EBADF);
	CU_ASSERT_EQUAL(p[page], 1);
	sys->unreserve(p, 2 * page);
}

static void
memory_files(void)
{
	files(-1);
	files(0);
	CU_ASSERT_TRUE(sys->memory_file(UINT64_C(1) << 63, -1) < 0);
}

/* If the kernel counts all memory that could be written, or does not report this, the file does not exist. */
static void
counted_strictly(void)
{
	int fd;

	set_file("/proc/sys/vm/overcommit_memory", "2\n");
	CU_ASSERT_EQUAL(sys->memory_file(PAGE, -1), -EOPNOTSUPP);
	set_file("/proc/sys/vm/overcommit_memory", "");
	CU_ASSERT_EQUAL(sys->memory_file(PAGE, -1), -EOPNOTSUPP);
	set_file("/proc/sys/vm/overcommit_memory", NULL);
	CU_ASSERT_EQUAL(sys->memory_file(PAGE, -1), -EOPNOTSUPP);
	set_file("/proc/sys/vm/overcommit_memory", "1\n");
	fd = sys->memory_file(PAGE, -1);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	sys->close(fd);
}

/* RLIMIT_FSIZE, which also sends a signal. */
static void
file_limit(void)
{
	const int fd = sys->memory_file(MIB(1), -1);
	struct rlimit before, small;
	sigset_t set, pending;
	int ret[2];

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ PAGE, before.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	ret[0] = sys->memory_file(MIB(1), -1);
	ret[1] = sys->write_file(fd, "template", 8, KIB(64));
	/* A signal that was pending before stays pending. */
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	raise(SIGXFSZ);
	sys->write_file(fd, "template", 8, KIB(64));
	sigpending(&pending);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	CU_ASSERT_EQUAL(ret[0], -EFBIG);
	CU_ASSERT_EQUAL(ret[1], -EFBIG);
	CU_ASSERT_TRUE(sigismember(&pending, SIGXFSZ));
	CU_ASSERT_EQUAL(sigtimedwait(&set, NULL, &(struct timespec){ 0 }), SIGXFSZ);
	CU_ASSERT_TRUE(sigtimedwait(&set, NULL, &(struct timespec){ 0 }) < 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	sys->close(fd);
}

UNIT_MAIN("sys",
	  { "descriptors", descriptors },
	  { "the pages behind an address", page_size },
	  { "the same, of an older kernel", page_size_as_text },
	  { "huge pages", huge_page },
	  { "address space", reservations },
	  { "files that are memory", memory_files },
	  { "strict counting", counted_strictly },
	  { "the limit of files", file_limit })
