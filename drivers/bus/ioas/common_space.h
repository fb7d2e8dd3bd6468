/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_COMMON_SPACE_H
#define IOAS_COMMON_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "ioas.h"

/*
 * The space that all devices have in common. Where each device is isolated, it has none of them, and the
 * space of each follows it.
 */

/* NULL: no device is ours. Constant once EAL has memory. */
extern struct ioas *bus_ioas_space;
/* Each device has a space of its own. */
extern bool bus_ioas_isolated;

/* Makes the space; its lines go to DPDK's log. 0, or negative after a log line: then there is none. */
int common_space_create(const struct ioas_options *options, bool isolated);
/* The same, where a failure does not matter: its lines are for debugging. */
int common_space_try(const struct ioas_options *options, bool isolated);
void common_space_destroy(void);
/* A space for one device, with all of EAL's memory at the IOVAs that it has for all: an mbuf and a
 * memseg have room for one. */
int common_space_follow(struct ioas **space);
/* Of this thread the latest line about a failure goes here from now on; NULL: to the log again. */
void common_space_keep_failures(char *line, size_t size);

#endif /* IOAS_COMMON_SPACE_H */
