/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/*
 * Shared by terminal and SVG pictures: the height of a stretch, the joining of stretches, and the text of
 * each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "info.h"
#include "picture.h"

enum kind
stretch_kind(const struct stretch *stretch)
{
	enum kind most = FREE;

	for (enum kind kind = MAPPED; kind < KINDS; kind++)
		if (stretch->bytes[kind] > (most == FREE ? 0 : stretch->bytes[most]))
			most = kind;
	return most;
}

/* Stretches that may be cut short. */
static bool
is_empty(const struct stretch *stretch)
{
	const enum kind kind = stretch_kind(stretch);

	return kind == FREE || kind == RESERVED;
}

static double
length(const struct stretch *stretch)
{
	return (double)(stretch->last - stretch->first) + 1;
}

double
stretch_height(const struct picture *picture, const struct stretch *stretch,
	       const struct heights *heights, bool *cut)
{
	double mapped = 0, height;

	for (unsigned int i = 0; i < picture->n; i++)
		if (!is_empty(&picture->stretches[i]))
			mapped += length(&picture->stretches[i]);
	/* Without a mapped stretch no scale exists. */
	height = mapped > 0 ? length(stretch) / mapped * heights->mapped
	       : stretch_kind(stretch) == FREE ? heights->most + 1 : heights->least;
	*cut = is_empty(stretch) && height > heights->most;
	if (*cut)
		return heights->most;
	return height < heights->least ? heights->least : height;
}

static int
compare_lengths(const void *a, const void *b)
{
	const double x = length(a), y = length(b);

	return x < y ? -1 : x > y;
}

/* The longest free stretch that must be joined so that at most this many stretches are left; 0: none. Each
 * joined one turns three into one. */
static double
longest_to_join(const struct picture *picture, unsigned int most)
{
	const unsigned int excess = picture->n > most ? (picture->n - most + 1) / 2 : 0;
	struct stretch *const empty = calloc(picture->n + 1, sizeof(*empty));
	unsigned int n = 0;
	double longest = 0;

	for (unsigned int i = 0; empty != NULL && i < picture->n; i++)
		if (stretch_kind(&picture->stretches[i]) == FREE)
			empty[n++] = picture->stretches[i];
	if (n > 0 && excess > 0) {
		qsort(empty, n, sizeof(*empty), compare_lengths);
		longest = length(&empty[excess < n ? excess - 1 : n - 1]);
	}
	free(empty);
	return longest;
}

static void
join(struct stretch *to, const struct stretch *from)
{
	to->last = from->last;
	for (enum kind kind = FREE; kind < KINDS; kind++)
		to->bytes[kind] += from->bytes[kind];
	to->maps += from->maps;
	to->runs += stretch_kind(from) != FREE ? from->runs : 0;
	to->address = 0;
}

void
stretches_join(struct picture *picture, unsigned int most)
{
	const double longest = longest_to_join(picture, most);
	struct stretch *const all = picture->stretches;
	unsigned int n = 1;

	if (longest == 0)
		return;
	for (unsigned int i = 1; i < picture->n; i++) {
		struct stretch *const last = &all[n - 1];
		const bool inner = i + 1 < picture->n && stretch_kind(&all[i]) == FREE &&
				   length(&all[i]) <= longest && !is_empty(&all[i + 1]);

		/* A short hole and the stretch after it, or a stretch that follows without a hole. */
		if (!is_empty(last) && (inner || !is_empty(&all[i])))
			join(last, &all[i]);
		else
			all[n++] = all[i];
	}
	picture->n = n;
}

static void
append(char *text, size_t size, const char *more)
{
	strncat(text, more, size - strlen(text) - 1);
}

void
stretch_text(const struct stretch *stretch, char *text, size_t size)
{
	static const char *const names[KINDS] = {
		[FREE] = "free", [MAPPED] = "mapped", [FIXED] = "mapped at a stated IOVA",
		[QUARANTINE] = "in quarantine", [RESERVED] = "reserved",
	};
	const bool joined = stretch->runs > 1;
	char more[96], bytes[BYTES_TEXT];

	text[0] = '\0';
	for (enum kind kind = KINDS; kind-- > 0;) {
		/* Free bytes come last. Of the others the largest kind comes first. */
		const enum kind shown = (kind + stretch_kind(stretch) + 1) % KINDS;

		if (stretch->bytes[shown] == 0)
			continue;
		snprintf(more, sizeof(more), "%s%s %s", text[0] != '\0' ? ", " : "", names[shown],
			 bytes_short(stretch->bytes[shown], bytes));
		append(text, size, more);
	}
	if (stretch->maps > 0) {
		snprintf(more, sizeof(more), ", %" PRIu64 " map%s", stretch->maps,
			 stretch->maps == 1 ? "" : "s");
		append(text, size, more);
	}
	if (joined) {
		snprintf(more, sizeof(more), ", in %" PRIu64 " pieces", stretch->runs);
		append(text, size, more);
	}
	if (stretch->address != 0) {
		snprintf(more, sizeof(more), ", address 0x%" PRIx64, stretch->address);
		append(text, size, more);
	}
}
