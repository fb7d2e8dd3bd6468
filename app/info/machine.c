/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Reads from the system: files of sysfs and procfs, limits, users, memory. Tests replace it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <hugetlbfs.h>
#include <limits.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

#include "info.h"
#include "machine.h"

static bool
linux_may_use(const char *node)
{
	return faccessat(AT_FDCWD, node, R_OK | W_OK, AT_EACCESS) == 0;
}

static bool
linux_exists(const char *node)
{
	return faccessat(AT_FDCWD, node, F_OK, AT_EACCESS) == 0;
}

static uint64_t
limit(rlim_t value)
{
	return value == RLIM_INFINITY ? UINT64_MAX : value;
}

static void
linux_memlock(uint64_t *soft, uint64_t *hard)
{
	struct rlimit memlock = { 0 };

	getrlimit(RLIMIT_MEMLOCK, &memlock);
	*soft = limit(memlock.rlim_cur);
	*hard = limit(memlock.rlim_max);
}

static const char *
linux_user(void)
{
	const struct passwd *const user = getpwuid(geteuid());
	static char number[16];

	/* A container may have no name for the user. chown and udev accept the number as well. */
	snprintf(number, sizeof(number), "%u", geteuid());
	return user != NULL ? user->pw_name : number;
}

static bool
linux_is_root(void)
{
	return geteuid() == 0;
}

static bool
linux_may_join(const char *name)
{
	const struct group *const group = getgrnam(name);

	return group != NULL && group->gr_gid != getegid() && !group_member(group->gr_gid);
}

static bool
linux_is_of_group(const char *node, const char *name)
{
	const struct group *const group = getgrnam(name);
	const mode_t needed = S_IRGRP | S_IWGRP;
	struct stat st;

	return group != NULL && stat(node, &st) == 0 && st.st_gid == group->gr_gid &&
	       (st.st_mode & needed) == needed;
}

static void *
linux_allocate(uint64_t bytes, uint64_t page_size)
{
	const int size = __builtin_ctzll(page_size) << MAP_HUGE_SHIFT;
	void *const memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | size, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void
linux_release(void *memory, uint64_t bytes)
{
	munmap(memory, bytes);
}

static int
linux_userfaultfd(void)
{
	const int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static const struct info_sys linux_sys = {
	.root = "",
	.may_use = linux_may_use,
	.exists = linux_exists,
	.page_sizes = gethugepagesizes,
	.page_mount = hugetlbfs_find_path_for_size,
	.memlock = linux_memlock,
	.userfaultfd = linux_userfaultfd,
	.user = linux_user,
	.is_root = linux_is_root,
	.may_join = linux_may_join,
	.is_of_group = linux_is_of_group,
	.allocate = linux_allocate,
	.release = linux_release,
};

const struct info_sys *info_sys = &linux_sys;

static void
join(char *path, size_t size, const char *format, va_list args)
{
	const int n = snprintf(path, size, "%s", info_sys->root);

	if (n >= 0 && (size_t)n < size)
		vsnprintf(path + n, size - n, format, args);
}

#define JOIN(path, format)                                                               \
	do {                                                                             \
		va_list args_;                                                           \
                                                                                         \
		va_start(args_, format);                                                 \
		join(path, sizeof(path), format, args_);                                 \
		va_end(args_);                                                           \
	} while (0)

void
sys_path(char *path, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	join(path, size, format, args);
	va_end(args);
}

static bool
first_line(const char *path, char *text, size_t size)
{
	FILE *const file = fopen(path, "re");
	bool found;

	text[0] = '\0';
	if (file == NULL)
		return false;
	found = fgets(text, size, file) != NULL;
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
	return found;
}

bool
sys_text(char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX];

	JOIN(path, format);
	return first_line(path, text, size);
}

bool
sys_number(uint64_t *number, int base, const char *format, ...)
{
	char path[PATH_MAX], text[64], *end;

	*number = 0;
	JOIN(path, format);
	if (!first_line(path, text, sizeof(text)))
		return false;
	*number = strtoull(text, &end, base);
	return end != text;
}

bool
sys_link(char *name, size_t size, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	name[0] = '\0';
	JOIN(path, format);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash != NULL ? slash + 1 : target);
	return true;
}

static int
is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

char **
sys_list(const char *format, ...)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX], **names = NULL;
	unsigned int n_names = 0;
	int n;

	JOIN(path, format);
	n = scandir(path, &entries, is_name, versionsort);
	for (int i = 0; i < n; i++) {
		*GROW(names, n_names) = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	*GROW(names, n_names) = NULL;
	return names;
}

void
sys_free(char **names)
{
	for (char **name = names; *name != NULL; name++)
		free(*name);
	free(names);
}
