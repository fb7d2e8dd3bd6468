/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The dynamic linker takes some time to relocate it: it has thousands of imports of replaced functions, in
 * pages that are read-only afterwards. */

#include <sys/mman.h>

#define TABLE(function) __extension__ __typeof__(&function) const late_ ## function[] = { [0 ... 9999] = function }

TABLE(mmap);
TABLE(munmap);
