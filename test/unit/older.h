/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef OLDER_H
#define OLDER_H

/* Simulates an older kernel than that of this machine: returns the error with which it refuses an ioctl(), or
 * 0. NULL: none. */
extern int (*older_kernel)(unsigned long request, const void *arg);

#endif /* OLDER_H */
