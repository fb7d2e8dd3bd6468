/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Writes text into XML and HTML, with special characters escaped. */
#include "markup.h"

void
markup_text(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			/* XML allows no other control character. */
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
		}
}
