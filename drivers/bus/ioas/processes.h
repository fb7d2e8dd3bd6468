/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PROCESSES_H
#define IOAS_PROCESSES_H

#include <rte_bus.h>
#include <rte_memory.h>
#include <rte_vfio.h>

#include "role.h"

/* ---- in the primary process ---- */

/* Memory is mapped: from now on secondary processes get answers. */
void processes_serve(void);
/* EAL's own VFIO stays off in this process: nobody else would answer what that of a secondary process
 * without the plugin asks. */
void processes_without_vfio(void);

/* ---- in a secondary process ---- */

/* After the buses were scanned: finds out whether the primary process uses the plugin, and how. The role that
 * the plugin plays then. */
const struct role *processes_join(void);
/* The primary's IOVA mode. */
enum rte_iova_mode processes_mode(void);
/* Before the first probe: whether EAL's mode is the primary's. 0 or -1. */
int processes_start(void);
/* The IOVA of memory that the primary has mapped, else RTE_BAD_IOVA. */
rte_iova_t processes_iova(const void *va);
/* The seams for devices of the primary; 1 means "not ours". */
int processes_setup(const char *name, int *fd, struct vfio_device_info *info);
int processes_release(const char *name, int fd);
/* What this thread maps is for that device; NULL: for all. */
void processes_aim(const char *name);
/* Whether that is for devices of the primary. */
bool processes_map_here(int container_fd);
/* What the application maps must be mapped by the primary already. 0, or -1 with rte_errno. */
int processes_map(uint64_t va, uint64_t iova, uint64_t length);
int processes_unmap(uint64_t va);

#endif /* IOAS_PROCESSES_H */
