/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Memory of each kind goes by each route. A refusal of the kernel is a case too: then nothing may change. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "foreign.h"

struct trial {
	const struct kind *kind;
	const struct route *route;
	int error; /* errno of the kernel */
};

static void
ask_all(const char *when, const struct memory *memory, struct spot *spots)
{
	for (unsigned int i = 0; i < UNITS; i++) {
		spots[i].va = memory->p + i * memory->unit;
		spots[i].iova = rte_mem_virt2iova(spots[i].va);
		need(spots[i].iova != RTE_BAD_IOVA, "%s: no IOVA for unit %u", when, i);
	}
	need_seen(when, spots, UNITS);
}

static void
check_gone(unsigned int unit, struct spot *spot, const struct memory *memory, bool is_mapped)
{
	const rte_iova_t iova = rte_mem_virt2iova(spot->va);

	need(iova == RTE_BAD_IOVA, "unit %u is gone and has IOVA 0x%" PRIx64 ", it was 0x%" PRIx64, unit, iova,
	     spot->iova);
	if (is_mapped)
		do_munmap((char *)(uintptr_t)spot->va, memory->unit);
	new_memory((char *)(uintptr_t)spot->va, memory->unit);
}

/* Afterwards the CPU writes to all units, and a device must see that. */
static void
check_unit(const struct trial *trial, const struct memory *memory, unsigned int unit, struct spot *spot)
{
	const bool kept = trial->error != 0 && !trial->route->told;
	const enum effect effect = kept ? KEPT : effect_on(trial->route, memory, unit);
	rte_iova_t iova;

	if (effect == GONE)
		check_gone(unit, spot, memory, trial->route->holds);
	write_new((char *)(uintptr_t)spot->va);
	iova = rte_mem_virt2iova(spot->va);
	need(iova != RTE_BAD_IOVA, "unit %u has no IOVA afterwards", unit);
	need(effect != KEPT || iova == spot->iova, "unit %u stays and had IOVA 0x%" PRIx64 ", now 0x%" PRIx64, unit,
	     spot->iova, iova);
	spot->iova = iova;
}

static void
try_route(void *arg)
{
	struct trial *const trial = arg;
	struct memory memory = make_memory(trial->kind);
	struct spot spots[UNITS];

	ask_all("before", &memory, spots);
	trial->error = trial->route->take(&memory) == 0 ? 0 : errno;
	settle();
	for (unsigned int i = 0; i < UNITS; i++)
		check_unit(trial, &memory, i, &spots[i]);
	need_seen("afterwards", spots, UNITS);
	if (memory.moved != NULL) {
		write_new(memory.moved);
		need_asked("where it was moved", memory.moved);
	}
	drop_memory(&memory);
}

void
matrix_cases(void)
{
	struct trial first = { .kind = &kinds[0], .route = &routes[0] };
	unsigned int taken = 0, refused = 0;
	char name[200];

	/* At first use the library allocates memory, perhaps at the address that was freed. */
	try_case(try_route, &first);

	for (unsigned int k = 0; k < n_kinds; k++)
		for (unsigned int r = 0; r < n_routes; r++) {
			struct trial trial = { .kind = &kinds[k], .route = &routes[r] };

			if (!is_seen(trial.route))
				continue;
			snprintf(name, sizeof(name), "%s, %s", trial.kind->name, trial.route->name);
			run_case(name, try_route, &trial);
			if (trial.error == 0)
				taken++;
			else
				refused++;
		}
	printf("%u routes taken, %u refused by the kernel\n", taken, refused);
}
