/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_EALS_H
#define IOAS_EALS_H

/* The EALs of this process. */

/* Whether the plugin can work in this process: 0; -EEXIST if another copy of the plugin is in use; -ENOTSUP.
 * Logs the reason of a failure. */
int eals_check(void);
/* A handle of the EAL that this program uses. NULL: none. */
void *eals_open(void);

#endif /* IOAS_EALS_H */
