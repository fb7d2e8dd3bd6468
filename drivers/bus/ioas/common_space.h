/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_COMMON_SPACE_H
#define IOAS_COMMON_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "ioas.h"

/*
 * The common space of all devices. If devices are isolated, it has no device, and the space of each device
 * follows it.
 */

/* NULL: the plugin owns no device. Constant once EAL has memory. */
extern struct ioas *bus_ioas_space;
/* Each device has its own space. */
extern bool bus_ioas_isolated;

/* Creates the space; its lines go to DPDK's log. 0, or negative after a log line: then no space exists. */
int common_space_create(const struct ioas_options *options, bool isolated);
/* The same if a failure does not matter: its lines have level debug. */
int common_space_try(const struct ioas_options *options, bool isolated);
void common_space_destroy(void);
/* Creates a space for one device, with all of EAL's memory at the same IOVAs as in the common space, because
 * an mbuf and a memseg have only one IOVA. */
int common_space_follow(struct ioas **space);
/* From now on stores the latest error line of this thread here; NULL: in the log. */
void common_space_keep_failures(char *line, size_t size);

#endif /* IOAS_COMMON_SPACE_H */
