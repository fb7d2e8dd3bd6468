/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Strings from outside: arguments, files of the kernel, other results. JSON cannot have bytes that are not
 * UTF-8, and a string that was cut to its room may end inside a character.
 */

#include <string.h>

#include "perf.h"

/* The number of bytes of a character, by its first byte; 0: not a first byte. */
static unsigned int
wanted(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead >> 5 == 0x06 ? 2 : lead >> 4 == 0x0e ? 3
			   : lead >> 3 == 0x1e ? 4 : 0;
}

/* The number of bytes of the character at the start of a text; 0: it is not a character. have: this many
 * bytes belong together. */
static unsigned int
character(const char *text, unsigned int *have)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned int n = wanted((unsigned char)text[0]);
	uint32_t code = (unsigned char)text[0] & (0xff >> (n + 1));

	for (*have = 1; *have < n && ((unsigned char)text[*have] & 0xc0) == 0x80; (*have)++)
		code = code << 6 | ((unsigned char)text[*have] & 0x3f);
	/* The shortest form, no surrogate, and not beyond the last character. */
	return *have < n || code < least[n] || code >> 11 == 0x1b || code > 0x10ffff ? 0 : n;
}

void
utf8_mend(char *text, size_t size)
{
	const size_t length = strlen(text);
	unsigned int have;

	for (size_t i = 0, n; i < length; i += n) {
		n = character(&text[i], &have);
		if (n > 0)
			continue;
		if (i + have == length && length + 1 == size &&
		    have < wanted((unsigned char)text[i])) {
			text[i] = '\0';
			return;
		}
		text[i] = '?';
		n = 1;
	}
}

void
utf8_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
	utf8_mend(to, size);
}
