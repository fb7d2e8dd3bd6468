/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Draws the IOVA spaces of an application as SVG (--svg). */
#include <inttypes.h>
#include <stdio.h>

#include "markup.h"
#include "picture.h"

#define MOST_STRETCHES 48
#define WIDTH 900
#define MARGIN 24
#define BAR_LEFT 196
#define BAR_WIDTH 120
#define TEETH 10
#define HEADER 64
#define TITLE 28
#define LEGEND 48

/* Each stretch has room for a line of text. */
static const struct heights pixels = { .least = 18, .most = 44, .mapped = 320 };

static const struct {
	const char *name, *fill;
} looks[KINDS] = {
	[FREE] = { "free", "#ffffff" },
	[MAPPED] = { "mapped", "#4477aa" },
	[FIXED] = { "mapped at a stated IOVA", "#66ccee" },
	[QUARANTINE] = { "in quarantine", "url(#dots)" },
	[RESERVED] = { "reserved", "url(#hatch)" },
};

static void
print_text(double x, double y, const char *class, const char *text, FILE *out)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	markup_text(text, out);
	fprintf(out, "</text>\n");
}

static void
print_box(double x, double y, double width, double height, enum kind kind, FILE *out)
{
	fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y,
		width, height, looks[kind].fill);
}

/* Two torn edges, where a part is left out. */
static void
print_cut(double y, FILE *out)
{
	fprintf(out, "<path class=\"cut\" d=\"");
	for (int i = 0; i <= TEETH; i++)
		fprintf(out, "%c%d %d", i == 0 ? 'M' : 'L', BAR_LEFT + i * BAR_WIDTH / TEETH,
			(int)y + (i % 2 == 0 ? 3 : -3));
	for (int i = TEETH; i >= 0; i--)
		fprintf(out, "L%d %d", BAR_LEFT + i * BAR_WIDTH / TEETH, (int)y + (i % 2 == 0 ? 9 : 3));
	fprintf(out, "\"/>\n");
}

static double
draw_stretch(const struct picture *picture, const struct stretch *stretch, double y, FILE *out)
{
	char text[256], address[24];
	double height;
	bool cut;

	height = stretch_height(picture, stretch, &pixels, &cut);
	print_box(BAR_LEFT, y, BAR_WIDTH, height, stretch_kind(stretch), out);
	if (cut)
		print_cut(y + height / 2, out);
	snprintf(address, sizeof(address), "0x%" PRIx64, stretch->first);
	print_text(BAR_LEFT - 10, y + 13, "iova", address, out);
	stretch_text(stretch, text, sizeof(text));
	print_text(BAR_LEFT + BAR_WIDTH + 12, y + 13, "what", text, out);
	return y + height;
}

static double
draw_picture(const struct picture *picture, double y, FILE *out)
{
	const struct stretch *const last = &picture->stretches[picture->n - 1];
	char address[24];

	if (picture->title[0] != '\0')
		print_text(MARGIN, y + 16, "title", picture->title, out);
	y += TITLE;
	for (unsigned int i = 0; i < picture->n; i++)
		y = draw_stretch(picture, &picture->stretches[i], y, out);
	snprintf(address, sizeof(address), "0x%" PRIx64, last->last);
	print_text(BAR_LEFT - 10, y + 13, "iova", address, out);
	return y + 18;
}

static double
height_of(const struct picture *picture)
{
	double height = TITLE + 18;
	bool cut;

	for (unsigned int i = 0; i < picture->n; i++)
		height += stretch_height(picture, &picture->stretches[i], &pixels, &cut);
	return height;
}

static void
draw_legend(double y, FILE *out)
{
	static const enum kind kinds[] = { MAPPED, FIXED, QUARANTINE, RESERVED, FREE };
	static const double at[] = { 0, 100, 310, 450, 560 };

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		print_box(MARGIN + at[i], y, 22, 14, kinds[i], out);
		print_text(MARGIN + at[i] + 30, y + 12, "what", looks[kinds[i]].name, out);
	}
	print_text(MARGIN + 650, y + 12, "note", "torn: cut short", out);
}

static void
start(double height, FILE *out)
{
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
		"viewBox=\"0 0 %d %.0f\">\n"
		"<style>text{font:13px sans-serif;fill:#222} .iova{font-family:monospace;text-anchor:end} "
		".head{font-size:16px;font-weight:bold} .title{font-weight:bold} .note{fill:#666} "
		"rect{stroke:#222} .cut{fill:#fff;stroke:#888}</style>\n"
		"<defs>\n"
		"<pattern id=\"hatch\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
		"patternTransform=\"rotate(45)\"><path d=\"M0 0H8V8H0Z\" fill=\"#e4e4e4\"/>"
		"<path d=\"M0 0V8\" stroke=\"#888\" stroke-width=\"3\"/></pattern>\n"
		"<pattern id=\"dots\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
		"<path d=\"M0 0H8V8H0Z\" fill=\"#eedd88\"/><circle cx=\"4\" cy=\"4\" r=\"1.6\" "
		"fill=\"#887711\"/></pattern>\n"
		"</defs>\n"
		"<path d=\"M0 0H%dV%.0fH0Z\" fill=\"#fff\"/>\n",
		WIDTH, height, WIDTH, height, WIDTH, height);
}

void
draw_svg(const struct pictures *pictures, FILE *out)
{
	double height = HEADER + LEGEND, y = HEADER;

	for (unsigned int i = 0; i < pictures->n; i++) {
		stretches_join(&pictures->list[i], MOST_STRETCHES);
		height += height_of(&pictures->list[i]);
	}
	start(height, out);
	print_text(MARGIN, 30, "head", "IOVA space", out);
	print_text(MARGIN, 52, "note", pictures->heading, out);
	for (unsigned int i = 0; i < pictures->n; i++)
		y = draw_picture(&pictures->list[i], y, out);
	draw_legend(y + 16, out);
	fprintf(out, "</svg>\n");
}
