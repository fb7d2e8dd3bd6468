/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_AREA_H
#define IOAS_AREA_H

#include "space.h"

/*
 * How an area enters the records of a space and leaves them. The caller has locked the space.
 */

/* Makes room in the table for an area that is not an alias. Logs the reason of a failure. */
int area_prepare(struct ioas *space, uint64_t va, uint64_t length);

/* Finds a place for memory in pages of that size; releases areas from quarantine if it must. */
bool area_place(struct ioas *space, uint64_t va, uint64_t length, uint64_t page, uint64_t *iova);
/* Ends a call of area_place(). 0: all areas of the call are mapped. A negative errno: none is, and the
 * released areas return to quarantine. */
void area_end_placing(struct ioas *space, int ret);

/* Records an area that the kernel has mapped. */
void area_add(struct ioas *space, struct area *area);
/* Lookups find the prepared area from now on, unless it is an alias. */
void area_show(struct ioas *space, struct area *area);

/* Takes a copy out of its origin's list. */
void area_unlink(struct area *copy);

/* area_remove() unmaps an area and its copies, and keeps them in the history; call area_end_removal() after
 * the last area of a call. area_undo() unmaps them and leaves no trace. */
void area_remove(struct ioas *space, struct area *area);
void area_end_removal(struct ioas *space);
void area_undo(struct ioas *space, struct area *area);

/* The area in the form that callers see. */
struct ioas_area area_public(const struct area *area);

/* Logs that the kernel has refused to unmap an area. */
void area_log_lost(const struct ioas *space, uint64_t length, uint64_t iova, int error);

/* Logs that the kernel has refused a map. */
void area_log_failure(const struct ioas *space, uint64_t va, uint64_t length, int error);

#endif /* IOAS_AREA_H */
