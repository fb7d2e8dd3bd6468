/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_CONTAINER_H
#define IOAS_CONTAINER_H

#include "log.h"
#include "node.h"
#include "sys.h"

/* VFIO's own container: the calls that are the same for all its IOMMUs. */

#define CONTAINER "/dev/vfio/vfio"

/* Opens a new container. Returns its descriptor, or a negative errno after a log line. */
int container_open(const struct nodes *nodes, const struct ioas_log *log);

/* Whether the container supports an extension, which is mostly an IOMMU's type. 1, 0, or a negative errno. */
int container_has(const struct ioas_sys *sys, int fd, unsigned long extension);
/* Sets the type of the container's IOMMU. The container must have a group. */
int container_set_iommu(const struct ioas_sys *sys, int fd, unsigned long type);

int container_map(const struct ioas_sys *sys, int fd, uint64_t va, uint64_t length, uint64_t iova);
/* Stores the number of unmapped bytes in *length if the IOMMU counts them. */
int container_unmap(const struct ioas_sys *sys, int fd, uint64_t iova, uint64_t *length);

#endif /* IOAS_CONTAINER_H */
