/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef INFO_COLOUR_H
#define INFO_COLOUR_H

#include <stdio.h>

enum colour { PLAIN, BOLD, RED, GREEN, YELLOW, BLUE, GREY, COLOURS };

/* The sequence that switches a colour on; "" if the output is not a terminal, is a dumb one, or NO_COLOR is
 * set. */
const char *colour(FILE *out, enum colour colour);

#endif /* INFO_COLOUR_H */
