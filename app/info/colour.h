/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef INFO_COLOUR_H
#define INFO_COLOUR_H

#include <stdio.h>

enum colour { PLAIN, BOLD, RED, GREEN, YELLOW, BLUE, GREY, COLOURS };

/* What switches a colour on; "" where the output is no terminal, a dumb one, or NO_COLOR is set. */
const char *colour(FILE *out, enum colour colour);

#endif /* INFO_COLOUR_H */
