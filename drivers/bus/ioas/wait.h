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
/* Whether there was no device at the start, and IOVAs are chosen for those that come later. */
bool wait_has_begun(void);
/* Ends that, and bus_ioas_space is NULL again, if EAL has another IOVA mode than it was asked for. */
void wait_check_mode(void);
/* Says why EAL goes on without us. */
void wait_log_unused(void);

#endif /* IOAS_WAIT_H */
