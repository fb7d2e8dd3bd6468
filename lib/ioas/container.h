/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_CONTAINER_H
#define IOAS_CONTAINER_H

#include "log.h"
#include "node.h"
#include "sys.h"

/* VFIO's own container, as far as all IOMMUs in it have the same calls. */

#define CONTAINER "/dev/vfio/vfio"

/* The descriptor of a new one, or a negative errno; the reason has been logged. */
int container_open(const struct nodes *nodes, const struct ioas_log *log);

/* Whether it has this extension: an IOMMU's type, mostly. 1, 0, or a negative errno. */
int container_has(const struct ioas_sys *sys, int fd, unsigned long extension);
/* Gives it that IOMMU; it must have a group. */
int container_set_iommu(const struct ioas_sys *sys, int fd, unsigned long type);

int container_map(const struct ioas_sys *sys, int fd, uint64_t va, uint64_t length, uint64_t iova);
/* How many bytes it has unmapped is in *length, where the IOMMU counts them. */
int container_unmap(const struct ioas_sys *sys, int fd, uint64_t iova, uint64_t *length);

#endif /* IOAS_CONTAINER_H */
