/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_EALS_H
#define IOAS_EALS_H

/* The EAL of this process, and what is beside it. */

/* Whether the plugin can work beside it: 0; -EEXIST if this process has the plugin already, -ENOTSUP. A line
 * says why not. */
int eals_check(void);
/* A handle of the EAL that this program uses. NULL: there is none. */
void *eals_open(void);

#endif /* IOAS_EALS_H */
