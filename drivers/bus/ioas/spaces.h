/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPACES_H
#define IOAS_SPACES_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_memory.h>

#include "ioas.h"

/* Makes this thread map for that device alone, if devices are isolated; NULL: for all. */
void spaces_aim(const char *name);
bool spaces_are_aimed(void);
/* The space in which this thread maps; NULL if the device is not owned. */
struct ioas *spaces_aimed_at(void);
/* The IOVA of an address that is mapped for one device alone; RTE_BAD_IOVA if there is none. */
rte_iova_t spaces_lookup(const void *va);
/* Whether memory is mapped at that IOVA, for that device ("": for all). */
bool spaces_have_mapped(const char *name, uint64_t va, uint64_t length, rte_iova_t iova);
/* Explains an IOVA in the space of that device, either its own (isolated) or the common one. Returns whether
 * the device exists. */
bool spaces_explain(const char *name, uint64_t iova, struct ioas_explanation *explanation, bool *isolated);
/* Calls fn with the space of that device; with the common space if the name is NULL, or devices are not
 * isolated. 0, -ENODEV, or -ENOTSUP if no device is owned. */
int spaces_call(const char *name, void (*fn)(struct ioas *space, void *arg), void *arg);

#endif /* IOAS_SPACES_H */
