/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SYS_H
#define IOAS_SYS_H

/*
 * The seam to the kernel: every descriptor that lib/ioas opens and every ioctl that it makes goes
 * through here, so that a test can put a model of the kernel in its place. Not a public header.
 */

/* All functions return a negative errno on failure; none of them sets errno for the caller. */
struct ioas_sys {
	int (*open)(const char *path, int flags);       /* the descriptor */
	void (*close)(int fd);
	int (*ioctl)(int fd, unsigned long request, void *arg); /* what ioctl() returned, EINTR retried */
	const char *sysfs;                              /* "/sys" */
};

/* In force for spaces created from now on. Constant while a space lives. */
extern const struct ioas_sys *ioas_sys;

/* The real thing. */
extern const struct ioas_sys ioas_sys_linux;

#endif /* IOAS_SYS_H */
