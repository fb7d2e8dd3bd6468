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

/* Records what the kernel has mapped. An area that is no alias has been prepared. */
void area_add(struct ioas *space, struct area *area);

/* Unmaps an area and frees it. */
void area_remove(struct ioas *space, struct area *area);

/* The line for a map that the kernel refused. */
void area_log_failure(const struct ioas *space, uint64_t va, uint64_t length, int error);

#endif /* IOAS_AREA_H */
