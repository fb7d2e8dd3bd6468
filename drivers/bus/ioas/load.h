/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LOAD_H
#define IOAS_LOAD_H

#include <stdbool.h>

/* Whether the plugin works in this process. Decided by its constructor, or by the first call: another
 * library's constructor may start EAL before. */
bool bus_ioas_load(void);
/* How another process comes to the plugin, behind a line that says that it must. */
const char *bus_ioas_how_to_load(void);

#endif /* IOAS_LOAD_H */
