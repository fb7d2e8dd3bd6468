/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TABLE_SIZE_H
#define IOAS_TABLE_SIZE_H

#include "ioas.h"

/* The flat array covers the addresses that Linux uses by default: 47 bits on x86-64 and ppc64, 48 on arm64. */
#ifdef __aarch64__
#define TABLE_FLAT_BITS 48
#else
#define TABLE_FLAT_BITS 47
#endif
#define TABLE_FLAT_ENTRIES (UINT64_C(1) << (TABLE_FLAT_BITS - IOAS_TABLE_SHIFT))
#define TABLE_FLAT_SIZE (TABLE_FLAT_ENTRIES * sizeof(uint64_t))

#endif /* IOAS_TABLE_SIZE_H */
