/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_MARKUP_H
#define APP_MARKUP_H

#include <stdio.h>

/* Prints the text of an XML or HTML element. */
void markup_text(const char *text, FILE *out);

#endif /* APP_MARKUP_H */
