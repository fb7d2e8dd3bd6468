/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SEAMS_LIBC_H
#define IOAS_SEAMS_LIBC_H

#include "seams.h"

/* The replacements for functions of libc (seams_libc.c), for the table of all seams. */
#define SEAM_LIBC_PROTOTYPE(result, name, params) result seam_ ## name params;
LIBC_SEAMS(SEAM_LIBC_PROTOTYPE)

#endif /* IOAS_SEAMS_LIBC_H */
