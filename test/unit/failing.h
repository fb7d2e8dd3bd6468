/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

/*
 * What lib/ioas calls beside its seam: memory, and looks into sysfs. For the test of failures it is
 * built once more with these functions in the place of libc's (meson.build), so that one call can
 * fail, or be interrupted.
 */

/* Fails the n-th call from now on (1 is the next); 0: none. */
void failing_arm(unsigned int n);

/* Whether that call has come. */
bool failing_has_failed(void);

/* So many system calls from now on are interrupted by a signal. */
void failing_interrupt(unsigned int n);

#endif /* FAILING_H */
