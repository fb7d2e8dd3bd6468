/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing.h"

static unsigned int fail_at, interrupts;
static bool has_failed;

void
failing_arm(unsigned int n)
{
	fail_at = n;
	has_failed = false;
}

bool
failing_has_failed(void)
{
	return has_failed;
}

void
failing_interrupt(unsigned int n)
{
	interrupts = n;
}

static bool
fails(void)
{
	if (fail_at == 0 || --fail_at > 0)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

static bool
is_interrupted(void)
{
	if (interrupts == 0)
		return false;
	interrupts--;
	errno = EINTR;
	return true;
}

/* In lib/ioas the headers of libc declare these, under these names. Nothing else does. */
void *failing_malloc(size_t size);
void *failing_calloc(size_t n, size_t size);
void *failing_realloc(void *old, size_t size);
FILE *failing_fopen(const char *path, const char *mode);
DIR *failing_opendir(const char *path);
ssize_t failing_readlink(const char *path, char *target, size_t size);
char *failing_realpath(const char *path, char *real);
int failing_stat(const char *path, struct stat *st);
int failing_open(const char *path, int flags, ...);
int failing_ioctl(int fd, unsigned long request, ...);

void *
failing_malloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *
failing_calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

void *
failing_realloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}

FILE *
failing_fopen(const char *path, const char *mode)
{
	return fails() ? NULL : fopen(path, mode);
}

DIR *
failing_opendir(const char *path)
{
	return fails() ? NULL : opendir(path);
}

ssize_t
failing_readlink(const char *path, char *target, size_t size)
{
	return fails() ? -1 : readlink(path, target, size);
}

char *
failing_realpath(const char *path, char *real)
{
	return fails() ? NULL : realpath(path, real);
}

int
failing_stat(const char *path, struct stat *st)
{
	return fails() ? -1 : stat(path, st);
}

/* The library opens existing files only, so it passes no mode. */
int
failing_open(const char *path, int flags, ...)
{
	return is_interrupted() ? -1 : open(path, flags);
}

int
failing_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	return is_interrupted() ? -1 : ioctl(fd, request, arg);
}
