/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PIECES_H
#define IOAS_PIECES_H

#include "ledger.h"
#include "sys.h"

/* Spare pieces for a ledger. Their memory does not come from an allocator, because the allocator may be
 * waiting (forget.h). */

/* Adds spare pieces; false without memory. */
bool pieces_add(struct ledger *ledger, const struct ioas_sys *sys);

/* Makes sure that the spare pieces suffice for a copy of an area; false without memory. */
bool pieces_prepare_copy(struct ledger *ledger, const struct ioas_sys *sys, const struct area *origin);

/* Frees the memory of all pieces. */
void pieces_free(struct ledger *ledger, const struct ioas_sys *sys);

#endif /* IOAS_PIECES_H */
