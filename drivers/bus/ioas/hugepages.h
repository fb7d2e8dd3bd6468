/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_HUGEPAGES_H
#define IOAS_HUGEPAGES_H

/* Warns if the user wants huge pages but none is reserved. */
void hugepages_check(void);
/* Warns if memory can grow by more pages than the kernel accepts maps. */
void hugepages_check_room(void);

#endif /* IOAS_HUGEPAGES_H */
