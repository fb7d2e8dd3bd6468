/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_RELEASE_H
#define IOAS_RELEASE_H

/* 0 if the plugin supports this release of DPDK (NULL: DPDK does not report one), else -ENOTSUP after a log
 * line. */
int release_check(const char *version);
/* The running release, for log lines. */
const char *release_running(void);

#endif /* IOAS_RELEASE_H */
