/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_BYTES_H
#define APP_BYTES_H

#include <stdint.h>

#define BYTES_TEXT 32

/* "512 MiB": in the largest unit that divides the number. Returns text. */
const char *bytes_exact(uint64_t bytes, char text[BYTES_TEXT]);

/* "512 MiB", "3.5 GiB": the same if that is short, else rounded to a tenth. Returns text. */
const char *bytes_short(uint64_t bytes, char text[BYTES_TEXT]);

#endif /* APP_BYTES_H */
