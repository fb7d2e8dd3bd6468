/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_WINDOW_H
#define IOAS_WINDOW_H

#include "ioas.h"
#include "log.h"

/* The window to which the user restricts IOVAs. */

/* -EINVAL, logged, if it is not a range of whole pages. */
int window_check(struct ioas_range window, const struct ioas_log *log);

/* Both 0 in the options mean all IOVAs. */
struct ioas_range window_whole(struct ioas_range window);

#endif /* IOAS_WINDOW_H */
