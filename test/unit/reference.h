/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "unit.h"

/*
 * Compares the library with a reference that is too simple to be wrong: an unordered array of areas that
 * every query searches from end to end. Numbers select the calls and their arguments: random ones in
 * test_random.c, those of a file in test/fuzz.
 */

/* The next number, below the given one (which is not 0). */
typedef uint64_t (*reference_choose_fn)(uint64_t below);

/* A quarantine that leaves room in a wide window, but exceeds a narrow one. */
#define REFERENCE_QUARANTINE MIB(64)

/* Creates the space, with the NIC attached, for chosen IOVAs in a window; wide: it never gets full. */
void reference_start(struct ioas_range window, bool wide, uint64_t quarantine,
		     reference_choose_fn choose);

/* Makes the next call and a few queries. */
void reference_step(void);

/* Before a step: makes a call of the kernel in it fail. */
void reference_fail(unsigned int n);

/* Queries the borders of every area, and the memory in steps of this many bytes. */
void reference_check_all(uint64_t stride);

/* The number of steps so far. */
uint64_t reference_steps(void);

/* The narrow window is full most of the time, and contains the MSI window (on POWER the end of the default
 * window). The wide one has room for all areas; with a quarantine the search often wraps in it. */
struct ioas_range reference_narrow(void);
struct ioas_range reference_wide(uint64_t quarantine);

#endif /* REFERENCE_H */
