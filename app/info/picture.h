/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef INFO_PICTURE_H
#define INFO_PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * The IOVA space of a running application, as a row of stretches without gaps from the first usable IOVA to
 * the last, and how to draw it.
 */

enum kind { FREE, MAPPED, FIXED, QUARANTINE, RESERVED, KINDS };

struct stretch {
	uint64_t first, last;
	/* The bytes of each kind: of one kind only, unless stretches_join() has joined several. */
	uint64_t bytes[KINDS];
	uint64_t maps, runs;
	uint64_t address;     /* of the first byte; 0: not linear */
};

/* One I/O address space. */
struct picture {
	char title[256];
	struct stretch *stretches;
	unsigned int n;
};

struct pictures {
	char heading[256];
	struct picture *list;
	unsigned int n;
	json_t *answers;      /* answers of the application */
};

/* Asks the application. Returns 0, or 1 with a line to err. */
int pictures_ask(struct pictures *pictures, const char *socket, const char *prefix, FILE *err);
void pictures_free(struct pictures *pictures);

/* The telemetry socket of a process; false if it has none. */
bool socket_of_process(unsigned int pid, char *path, size_t size);

/* Joins stretches with little between them until at most this many are left. */
void stretches_join(struct picture *picture, unsigned int most);

/* How to draw a stretch, in units of the medium; at least least units. Mapped stretches are to scale with
 * each other. A free or reserved stretch is cut short if it would take more than most units. */
struct heights {
	double least, most, mapped; /* mapped: for all mapped and quarantined stretches together */
};
double stretch_height(const struct picture *picture, const struct stretch *stretch,
		      const struct heights *heights, bool *cut);

/* The kind of most of its bytes; FREE only if all of it is free. */
enum kind stretch_kind(const struct stretch *stretch);
/* "mapped 512 MiB, 3 maps, ..." */
void stretch_text(const struct stretch *stretch, char *text, size_t size);

void draw_text(const struct pictures *pictures, FILE *out);
void draw_svg(const struct pictures *pictures, FILE *out);

#endif /* INFO_PICTURE_H */
