/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_MARKUP_H
#define APP_MARKUP_H

#include <stdio.h>

/* Prints a text as that of an element of XML or HTML. */
void markup_text(const char *text, FILE *out);

#endif /* APP_MARKUP_H */
