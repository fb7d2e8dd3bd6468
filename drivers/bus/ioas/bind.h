/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BIND_H
#define IOAS_BIND_H

/* The replaced functions: bind_slots.c where DPDK is shared, bind_link.c where it is static. */

/* Binds all seams or none. 0, or a negative errno after a log line. */
int seams_bind(void);
/* Binds what was loaded since, and what a thread has bound to the original meanwhile. */
void seams_bind_late(void);

#endif /* IOAS_BIND_H */
