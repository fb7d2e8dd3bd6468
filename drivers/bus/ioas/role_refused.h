/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ROLE_REFUSED_H
#define IOAS_ROLE_REFUSED_H

#include <rte_vfio.h>

/* EAL must not start: no device is probed or comes later. */
int refused_probe(void);
int refused_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);

#endif /* IOAS_ROLE_REFUSED_H */
