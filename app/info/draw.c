/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Draws the IOVA spaces of an application on a terminal, one line for each stretch. */
#include <inttypes.h>
#include <stdio.h>

#include "colour.h"
#include "picture.h"

#define WIDTH 16
#define MOST_STRETCHES 60

static const struct heights rows = { .least = 1, .most = 2, .mapped = 16 };

static void
draw_bar(enum kind kind, bool cut, FILE *out)
{
	static const struct {
		char mark;
		enum colour colour;
	} looks[KINDS] = {
		[FREE] = { ' ', PLAIN },
		[MAPPED] = { '#', GREEN },
		[FIXED] = { '=', BLUE },
		[QUARANTINE] = { '.', YELLOW },
		[RESERVED] = { '/', GREY },
	};
	const char edge = cut ? '~' : '|';

	fprintf(out, "%c%s", edge, colour(out, looks[kind].colour));
	for (unsigned int i = 0; i < WIDTH; i++)
		fputc(looks[kind].mark, out);
	fprintf(out, "%s%c", colour(out, PLAIN), edge);
}

static void
draw_stretch(const struct picture *picture, const struct stretch *stretch, FILE *out)
{
	char text[256], address[24];
	unsigned int n;
	bool cut;

	n = stretch_height(picture, stretch, &rows, &cut) + 0.5;
	snprintf(address, sizeof(address), "0x%" PRIx64, stretch->first);
	stretch_text(stretch, text, sizeof(text));
	for (unsigned int i = 0; i < n; i++) {
		fprintf(out, "%18s ", i == 0 ? address : "");
		draw_bar(stretch_kind(stretch), cut, out);
		fprintf(out, "%s%s\n", i == 0 ? " " : "", i == 0 ? text : "");
	}
}

void
draw_text(const struct pictures *pictures, FILE *out)
{
	fprintf(out, "%s%s%s\n", colour(out, BOLD), pictures->heading, colour(out, PLAIN));
	for (unsigned int i = 0; i < pictures->n; i++) {
		struct picture *const picture = &pictures->list[i];

		fprintf(out, "\n%s%s", picture->title, picture->title[0] != '\0' ? "\n" : "");
		stretches_join(picture, MOST_STRETCHES);
		for (unsigned int k = 0; k < picture->n; k++)
			draw_stretch(picture, &picture->stretches[k], out);
		fprintf(out, "%18s\n", "the end");
	}
	fprintf(out, "\n# mapped  = at a stated IOVA  . in quarantine  / reserved  ~ cut short\n");
}
