/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BIND_H
#define IOAS_BIND_H

/* Binds the seams: bind_slots.c for shared DPDK, bind_link.c for static DPDK. */

/* Binds all seams or none. 0, or a negative errno after a log line. */
int seams_bind(void);
/* Binds objects that were loaded since, and slots that a thread has bound to the original meanwhile. */
void seams_bind_late(void);

#endif /* IOAS_BIND_H */
