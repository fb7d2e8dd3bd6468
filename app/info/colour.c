/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Terminal colours, if the output is a terminal and the user wants them. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"

/* NO_COLOR as in https://no-color.org: set and not empty. */
static bool
is_wanted(FILE *out)
{
	const char *const no = getenv("NO_COLOR"), *const terminal = getenv("TERM");

	return (no == NULL || no[0] == '\0') && terminal != NULL && strcmp(terminal, "dumb") != 0 &&
	       fileno(out) >= 0 && isatty(fileno(out));
}

const char *
colour(FILE *out, enum colour colour)
{
	static const char *const codes[COLOURS] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m", [RED] = "\033[31m", [GREEN] = "\033[32m",
		[YELLOW] = "\033[33m", [BLUE] = "\033[34m", [GREY] = "\033[90m",
	};

	return is_wanted(out) ? codes[colour] : "";
}
