/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Takes the dynamic linker some time to relocate: thousands of imports of functions that are replaced, in
 * pages that are read-only afterwards. */

#include <sys/mman.h>

#define TABLE(function) __extension__ __typeof__(&function) const late_ ## function[] = { [0 ... 9999] = function }

TABLE(mmap);
TABLE(munmap);
