/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

/*
 * Functions that lib/ioas calls without its seam: memory, and reads of sysfs. For the test of failures the
 * library is built once more with these functions instead of libc's (meson.build), so that one call can fail
 * or be interrupted.
 */

/* Fails the n-th call from now on (1 is the next); 0: none. */
void failing_arm(unsigned int n);

/* Whether that call has happened. */
bool failing_has_failed(void);

/* A signal interrupts this many system calls from now on. */
void failing_interrupt(unsigned int n);

#endif /* FAILING_H */
