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

/* After the buses were scanned: finds out whether the primary process uses the plugin, and how. The role that
 * the plugin plays then. */
const struct role *secondary_join(void);
/* The primary's IOVA mode. */
enum rte_iova_mode secondary_mode(void);
/* Before the first probe: whether EAL's mode is the primary's. 0 or -1. */
int secondary_start(void);
/* The IOVA of memory that the primary has mapped, else RTE_BAD_IOVA. */
rte_iova_t secondary_iova(const void *va);
/* The seams for devices of the primary; 1 means "not ours". */
int secondary_setup(const char *name, int *fd, struct vfio_device_info *info);
int secondary_release(const char *name, int fd);
/* What this thread maps is for that device; NULL: for all. */
void secondary_aim(const char *name);
/* Whether that is for devices of the primary. */
bool secondary_map_here(int container_fd);
/* What the application maps must be mapped by the primary already. 0, or -1 with rte_errno. */
int secondary_map(uint64_t va, uint64_t iova, uint64_t length);
int secondary_unmap(uint64_t va);

#endif /* IOAS_SECONDARY_H */
