/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_AREA_H
#define IOAS_AREA_H

#include "space.h"

/*
 * An area's way into the records of a space and out of them. Called with the space locked.
 */

/* Makes room in the table for an area that is no alias. Logs the reason of a failure. */
int area_prepare(struct ioas *space, uint64_t va, uint64_t length);

/* Finds where memory in pages of that size can go; lets go of the quarantine where it must. */
bool area_place(struct ioas *space, uint64_t va, uint64_t length, uint64_t page, uint64_t *iova);
/* All areas of a call are placed and mapped (0), or as they were before (an error): then the quarantine is
 * so as well. */
void area_end_placing(struct ioas *space, int ret);

/* Records what the kernel has mapped. */
void area_add(struct ioas *space, struct area *area);
/* From now on lookups find it, unless it is an alias; it has been prepared. */
void area_show(struct ioas *space, struct area *area);

/* Takes a copy out of the list of its origin. */
void area_unlink(struct area *copy);

/* Unmaps an area and its copies; they are history then, or it is as though they had never been. After
 * the last area of a call comes area_end_removal(). */
void area_remove(struct ioas *space, struct area *area);
void area_end_removal(struct ioas *space);
void area_undo(struct ioas *space, struct area *area);

/* As callers see it. */
struct ioas_area area_public(const struct area *area);

/* The line for an area that the kernel would not unmap. */
void area_log_lost(const struct ioas *space, uint64_t length, uint64_t iova, int error);

/* The line for a map that the kernel refused. */
void area_log_failure(const struct ioas *space, uint64_t va, uint64_t length, int error);

#endif /* IOAS_AREA_H */
