/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SETUP_H
#define IOAS_SETUP_H

#include <rte_vfio.h>

/* The seams for owned devices; 1: not owned. */
int setup_owned(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
int setup_release(const char *name, int fd);
/* For a secondary process: returns a descriptor of the device, which the caller closes. 0, a negative errno,
 * or 1: not owned. */
int setup_share(const char *name, int *fd, struct vfio_device_info *info);
/* A secondary process has closed its descriptor. */
void setup_unshare(const char *name);

#endif /* IOAS_SETUP_H */
