/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SECONDARY_H
#define IOAS_SECONDARY_H

#include <stdbool.h>

#include <rte_bus.h>
#include <rte_memory.h>
#include <rte_vfio.h>

#include "role.h"

/* After the bus scan: finds out whether the primary process uses the plugin, and how. Returns the role of
 * this process. */
const struct role *secondary_join(void);
/* The primary's IOVA mode. */
enum rte_iova_mode secondary_mode(void);
/* Before the first probe: whether EAL's mode equals the primary's. 0 or -1. */
int secondary_start(void);
/* The IOVA of memory that the primary process has mapped, else RTE_BAD_IOVA. */
rte_iova_t secondary_iova(const void *va);
/* The seams for devices of the primary process; 1: not owned. */
int secondary_setup(const char *name, int *fd, struct vfio_device_info *info);
int secondary_release(const char *name, int fd);
/* Sets the device for which this thread maps; NULL: all. */
void secondary_aim(const char *name);
/* Whether a map is for devices of the primary process. */
bool secondary_map_here(int container_fd);
/* Memory that the application maps must already be mapped by the primary process. 0, or -1 with rte_errno. */
int secondary_map(uint64_t va, uint64_t iova, uint64_t length);
int secondary_unmap(uint64_t va);

#endif /* IOAS_SECONDARY_H */
