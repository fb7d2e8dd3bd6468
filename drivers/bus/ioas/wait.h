/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_WAIT_H
#define IOAS_WAIT_H

#include <stdbool.h>

#include <rte_bus.h>

#include "ioas.h"

/* Creates a space without a device if IOVAs can be chosen for one that comes later. Returns whether it has. */
bool wait_start(const struct ioas_options *options, enum rte_iova_mode mode, bool isolated);
/* Whether that space is usable for a device if EAL has this mode. */
bool wait_fits(enum rte_iova_mode mode);
/* Destroys the space, and logs the reason. */
void wait_give_up(void);
/* Logs why EAL continues without the plugin. */
void wait_log_unused(void);

#endif /* IOAS_WAIT_H */
