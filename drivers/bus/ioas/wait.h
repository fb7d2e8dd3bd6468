/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_WAIT_H
#define IOAS_WAIT_H

#include <stdbool.h>

#include <rte_bus.h>

#include "ioas.h"

/* Makes a space without a device, if IOVAs can be chosen for one that comes later. Whether it did. */
bool wait_start(const struct ioas_options *options, enum rte_iova_mode mode, bool isolated);
/* Whether that space serves a device that comes when EAL has this mode. */
bool wait_fits(enum rte_iova_mode mode);
/* Ends the space, and says why. */
void wait_give_up(void);
/* Says why EAL goes on without us. */
void wait_log_unused(void);

#endif /* IOAS_WAIT_H */
