/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Memory goes without a call of the library. This machine's kernel reports it. */

#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "older.h"
#include "unit.h"

#ifdef __SANITIZE_THREAD__
/* The child has its own thread. */
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
	return "die_after_fork=0";
}
#endif

/* Of userfaultfd; newer than the headers of Debian 12. */
#define WP_ASYNC (UINT64_C(1) << 15)
static uint64_t unknown_features;

static int
knows_less(unsigned long request, const void *arg)
{
	const struct uffdio_api *const api = arg;

	return request == UFFDIO_API && (api->features & unknown_features) != 0 ? EINVAL : 0;
}

static char *
map_memory(int flags, int fd)
{
	char *const p = mmap(NULL, MIB(4), PROT_READ | PROT_WRITE, flags, fd, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(p, MAP_FAILED);
	memset(p, 1, MIB(4));
	CU_ASSERT_EQUAL_FATAL(ioas_watch(space, p, MIB(4), (flags & MAP_SHARED) != 0), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_map(space, p, MIB(4), NULL), 0);
	return p;
}

static char *
anonymous(void)
{
	return map_memory(MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* The thread has read the event, and handles it. Meanwhile replicas need not agree. */
static bool
is_forgotten(const void *va)
{
	for (unsigned int i = 0; i < 10000 && ioas_lookup_or_wait(space, va) != IOAS_BAD_IOVA; i++)
		usleep(100);
	return ioas_lookup_or_wait(space, va) == IOAS_BAD_IOVA && unit_lookup(va) == IOAS_BAD_IOVA;
}

static void
raw_munmap(void)
{
	char *p;

	unit_create(true);
	p = anonymous();
	CU_ASSERT_EQUAL(syscall(SYS_munmap, p + MIB(1), PAGE), 0);
	CU_ASSERT_TRUE(is_forgotten(p + MIB(1)));
	CU_ASSERT_NOT_EQUAL(unit_lookup(p + MIB(1) - 1), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(syscall(SYS_munmap, p, MIB(4)), 0);
	CU_ASSERT_TRUE(is_forgotten(p));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

static void
over_it(void)
{
	char *p;

	unit_create(true);
	p = anonymous();
	CU_ASSERT_EQUAL(syscall(SYS_mmap, p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			(long)p);
	CU_ASSERT_TRUE(is_forgotten(p));
	munmap(p, MIB(4));
	CU_ASSERT_TRUE(is_forgotten(p + PAGE));
}

static void
moved(void)
{
	char *p, *q;

	unit_create(true);
	p = anonymous();
	q = mmap(NULL, MIB(4), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_EQUAL(syscall(SYS_mremap, p, MIB(4), MIB(4), MREMAP_MAYMOVE | MREMAP_FIXED, q), (long)q);
	CU_ASSERT_TRUE(is_forgotten(p) && is_forgotten(p + MIB(4) - 1));
	munmap(q, MIB(4));
}

static void
dropped(void)
{
	const int fd = memfd_create("test", MFD_CLOEXEC);
	uint64_t iova;
	char *p;

	unit_create(true);
	p = anonymous();
	CU_ASSERT_EQUAL(syscall(SYS_madvise, p, PAGE, MADV_DONTNEED), 0);
	CU_ASSERT_TRUE(is_forgotten(p));
	munmap(p, MIB(4));
	/* The pages of a file come back unchanged. */
	CU_ASSERT_EQUAL(ftruncate(fd, MIB(4)), 0);
	p = map_memory(MAP_SHARED, fd);
	iova = unit_lookup(p);
	CU_ASSERT_EQUAL(syscall(SYS_madvise, p, PAGE, MADV_DONTNEED), 0);
	usleep(10000);
	CU_ASSERT_EQUAL(unit_lookup(p), iova);
	CU_ASSERT_EQUAL(syscall(SYS_munmap, p, MIB(4)), 0);
	CU_ASSERT_TRUE(is_forgotten(p));
	close(fd);
}

/* libc's own call, which cannot be intercepted. The sanitizers' free() keeps the memory. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FREE
static void
freed(void)
{
	const char *first;
	char *p;

	unit_create(true);
	p = malloc(MIB(8));
	memset(p, 1, MIB(8));
	first = (char *)(((uintptr_t)p + PAGE - 1) & ~(PAGE - 1));
	CU_ASSERT_EQUAL_FATAL(ioas_watch(space, first, MIB(4), false), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_map(space, (void *)(uintptr_t)first, MIB(4), NULL), 0);
	free(p);
	CU_ASSERT_TRUE(is_forgotten(first));
}
#endif

/* New memory at an address, mapped at once: the event of the old memory must not remove it. */
static void
again_and_again(void)
{
	char *p;

	unit_create(true);
	p = anonymous();
	for (unsigned int i = 0; i < (unit_quick() ? 20 : 500); i++) {
		CU_ASSERT_EQUAL(syscall(SYS_munmap, p, MIB(4)), 0);
		CU_ASSERT_EQUAL(syscall(SYS_mmap, p, MIB(4), PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), (long)p);
		p[0] = 1;
		CU_ASSERT_EQUAL(ioas_watch(space, p, MIB(4), false), 0);
		CU_ASSERT_EQUAL(ioas_map(space, p, MIB(4), NULL), 0);
		CU_ASSERT_NOT_EQUAL(unit_lookup(p), IOAS_BAD_IOVA);
	}
	munmap(p, MIB(4));
}

/* The thread has read an event and gets no CPU time: memory is not watched before the thread has handled it. */
static atomic_bool has_read, has_waited;

static int
read_slowly(int fd, struct ioas_range *gone)
{
	const int ret = unit_model->watch_read(fd, gone);

	if (ret > 0) {
		atomic_store(&has_read, true);
		usleep(50000);
		atomic_store(&has_waited, true);
	}
	return ret;
}

static void
waits_for_events(void)
{
	char *p, *q;

	unit_change_sys()->watch_read = read_slowly;
	unit_create(true);
	p = anonymous();
	q = anonymous();
	CU_ASSERT_FALSE(atomic_load(&has_read));
	CU_ASSERT_EQUAL(syscall(SYS_munmap, p, MIB(4)), 0);
	while (!atomic_load(&has_read))
		usleep(100);
	CU_ASSERT_EQUAL(ioas_watch(space, q, MIB(4), false), 0);
	CU_ASSERT_TRUE(atomic_load(&has_waited));
	CU_ASSERT_EQUAL(unit_lookup(p), IOAS_BAD_IOVA);
	munmap(q, MIB(4));
	CU_ASSERT_TRUE(is_forgotten(q));
}

/* More processors than a CPU set can hold. */
static bool many_cpus;

int
sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	memset(set, 0, size);
	if (!many_cpus)
		return syscall(SYS_sched_getaffinity, pid, size, set) < 0 ? -1 : 0;
	errno = EINVAL;
	return -1;
}

static void
many_processors(void)
{
	char *p;

	many_cpus = true;
	unit_create(true);
	many_cpus = false;
	p = anonymous();
	munmap(p, MIB(4));
	CU_ASSERT_TRUE(is_forgotten(p));
}

/* Nothing stays open. */
static void
closes(void)
{
	const unsigned int before = unit_open_descriptors();
	char *p;

	unit_create(true);
	p = anonymous();
	munmap(p, MIB(4));
	ioas_destroy(space);
	space = NULL;
	CU_ASSERT_EQUAL(unit_open_descriptors(), before);
}

static void
child(void)
{
	pid_t pid;
	int status;
	char *p;

	unit_create(true);
	p = anonymous();
	/* The thread runs. While it starts it holds locks of the address sanitizer, which a child would keep. */
	CU_ASSERT_EQUAL(syscall(SYS_munmap, p, PAGE), 0);
	CU_ASSERT_TRUE(is_forgotten(p));
	pid = fork();
	if (pid == 0) {
		char *const q = anonymous();

		syscall(SYS_munmap, q, MIB(4));
		_exit(!is_forgotten(q));
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_NOT_EQUAL(unit_lookup(p + PAGE), IOAS_BAD_IOVA);
	munmap(p, MIB(4));
	CU_ASSERT_TRUE(is_forgotten(p + PAGE));
}

/* A thread that polls on its own processor calls first: the thread that reads events must get CPU time. */
static void
elsewhere(void)
{
	char path[64], name[16], *p;
	cpu_set_t all, one, its;
	struct dirent *entry;
	unsigned int n = 0;
	FILE *comm;
	DIR *tasks;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	unit_create(true);
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(one), &one), 0);
	p = anonymous();
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(all), &all), 0);
	munmap(p, MIB(4));
	/* By now it runs. */
	CU_ASSERT_TRUE(is_forgotten(p));
	tasks = opendir("/proc/self/task");
	CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
	while ((entry = readdir(tasks)) != NULL) {
		const int task = atoi(entry->d_name);

		/* A sanitizer may have a thread as well. */
		snprintf(path, sizeof(path), "/proc/self/task/%d/comm", task);
		comm = fopen(path, "re");
		if (comm == NULL)
			continue;
		if (fgets(name, sizeof(name), comm) == NULL)
			name[0] = 0;
		fclose(comm);
		if (strcmp(name, "ioas-watch\n") != 0)
			continue;
		CU_ASSERT_EQUAL(sched_getaffinity(task, sizeof(its), &its), 0);
		CU_ASSERT_TRUE(CPU_EQUAL(&its, &all));
		CU_ASSERT_EQUAL(sched_getscheduler(task), SCHED_OTHER);
		n++;
	}
	closedir(tasks);
	CU_ASSERT_EQUAL(n, 1);
}

static bool
kernel_has(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	const int fd = syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
	const bool has = ioctl(fd, UFFDIO_API, &api) == 0;

	close(fd);
	return has;
}

/* Since Linux 6.7 memory of any kind: here of a file on a disk. */
static void
any_kind(void)
{
	const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *const p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(p, MAP_FAILED);
	unit_create(true);
	if (kernel_has(WP_ASYNC)) {
		CU_ASSERT_EQUAL(ioas_watch(space, p, PAGE, false), 0);
		CU_ASSERT_EQUAL(ioas_map(space, p, PAGE, NULL), 0);
		CU_ASSERT_EQUAL(syscall(SYS_munmap, p, PAGE), 0);
		CU_ASSERT_TRUE(is_forgotten(p));
	} else {
		munmap(p, PAGE);
	}
	close(fd);
}

/* Older kernels have fewer features, which suffice. */
static void
older_kernels(void)
{
	static const uint64_t unknown[] = { WP_ASYNC, WP_ASYNC | UFFD_FEATURE_WP_HUGETLBFS_SHMEM };
	char *p;

	older_kernel = knows_less;
	for (unsigned int i = 0; i < 2; i++) {
		unknown_features = unknown[i];
		unit_create(true);
		p = anonymous();
		CU_ASSERT_EQUAL(syscall(SYS_munmap, p, MIB(4)), 0);
		CU_ASSERT_TRUE(is_forgotten(p));
		ioas_destroy(space);
		space = NULL;
	}
	unknown_features = UINT64_MAX;
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_watch(space, VA(0), MIB(2), false), -EINVAL);
	older_kernel = NULL;
}

static void
refused(void)
{
	model.watch_error = -EPERM;
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_watch(space, VA(0), MIB(2), false), -EPERM);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 2);
	CU_ASSERT_EQUAL(ioas_watch(space, VA(0), MIB(2), false), -EPERM);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 2);
	model.watch_error = 0;
}

/* Whether this machine allows its use. A container's seccomp filter may not. */
static void
not_here(void)
{
	unit_create(true);
	CU_ASSERT_TRUE(ioas_watch(space, VA(0), MIB(2), false) < 0);
}

int
main(void)
{
	static const struct unit_test all[] = {
		{ "a raw munmap()", raw_munmap },
		{ "a map over it", over_it },
		{ "moved", moved },
		{ "dropped pages", dropped },
#ifdef CAN_FREE
		{ "free()", freed },
#endif
		{ "again and again", again_and_again },
		{ "waits for events", waits_for_events },
		{ "many processors", many_processors },
		{ "closes its descriptors", closes },
		{ "a child of fork()", child },
		{ "elsewhere", elsewhere },
		{ "memory of any kind", any_kind },
		{ "older kernels", older_kernels },
		{ "refused", refused },
	};
	static const struct unit_test few[] = {
		{ "no userfaultfd on this machine", not_here },
		{ "refused", refused },
	};
	const int fd = ioas_sys_linux.watch_open(true);

	if (fd < 0)
		return unit_run("watch", few, sizeof(few) / sizeof(few[0]));
	close(fd);
	return unit_run("watch", all, sizeof(all) / sizeof(all[0]));
}
