/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LOAD_H
#define IOAS_LOAD_H

#include <stdbool.h>

/* Whether the plugin works in this process. The constructor or the first call decides, because another
 * library's constructor may start EAL earlier. */
bool bus_ioas_load(void);
/* How to load the plugin in another process: the end of a log line that says that the process needs it. */
const char *bus_ioas_how_to_load(void);

#endif /* IOAS_LOAD_H */
