/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "unit.h"

/*
 * Calls of the library against a reference that is too simple to be wrong: an unordered array of areas
 * that every question searches from end to end. Which calls, and with what, is told by numbers: random
 * ones in test_random.c, those of a file in test/fuzz.
 */

/* The next number, below that one (which is not 0). */
typedef uint64_t (*reference_choose_fn)(uint64_t below);

/* A quarantine that leaves room in a wide window, and more than a narrow one has. */
#define REFERENCE_QUARANTINE MIB(64)

/* Creates the space, with the NIC attached, for chosen IOVAs in a window; wide: it never gets full. */
void reference_start(struct ioas_range window, bool wide, uint64_t quarantine,
		     reference_choose_fn choose);

/* The next call, and a few questions. */
void reference_step(void);

/* Before a step: fails a call of the kernel in it. */
void reference_fail(unsigned int n);

/* Asks about the borders of every area, and about the memory in steps of so many bytes. */
void reference_check_all(uint64_t stride);

/* How many steps there were. */
uint64_t reference_steps(void);

/* A window that is full most of the time, and lies across the MSI window (on POWER at the end of the
 * default window); and one with room for all, which with a quarantine is gone through often. */
struct ioas_range reference_narrow(void);
struct ioas_range reference_wide(uint64_t quarantine);

#endif /* REFERENCE_H */
