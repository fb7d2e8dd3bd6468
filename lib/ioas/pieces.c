/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <sys/mman.h>

#include "pieces.h"

/* Pieces come in slabs; the first place holds the link to the next slab. */
#define SLAB_SIZE (UINT64_C(64) << 10)
#define SLAB_PIECES (SLAB_SIZE / sizeof(struct piece) - 1)

bool
pieces_add(struct ledger *ledger, const struct ioas_sys *sys)
{
	struct piece *slab;
	int error;

	slab = sys->reserve(SLAB_SIZE, PROT_READ | PROT_WRITE, &error);
	if (slab == NULL)
		return false;
	slab->next = ledger->slabs;
	ledger->slabs = slab;
	for (uint64_t i = 1; i <= SLAB_PIECES; i++) {
		slab[i].next = ledger->spare;
		ledger->spare = &slab[i];
	}
	return true;
}

bool
pieces_prepare_copy(struct ledger *ledger, const struct ioas_sys *sys, const struct area *origin)
{
	uint64_t wanted = 0, spare = 0;

	for (const struct piece *piece = origin->pieces->next; piece != NULL; piece = piece->next)
		wanted++;
	for (const struct piece *piece = ledger->spare; piece != NULL && spare < wanted; piece = piece->next)
		spare++;
	for (; spare < wanted; spare += SLAB_PIECES)
		if (!pieces_add(ledger, sys))
			return false;
	return true;
}

void
pieces_free(struct ledger *ledger, const struct ioas_sys *sys)
{
	while (ledger->slabs != NULL) {
		struct piece *const slab = ledger->slabs;

		ledger->slabs = slab->next;
		sys->unreserve(slab, SLAB_SIZE);
	}
}
