/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "older.h"

int (*older_kernel)(unsigned long request, const void *arg);

/* Replaces libc's function. */
int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	errno = older_kernel == NULL ? 0 : older_kernel(request, arg);
	return errno != 0 ? -1 : syscall(SYS_ioctl, fd, request, arg);
}
