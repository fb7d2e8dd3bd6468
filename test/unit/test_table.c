/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The lookup table at its borders, without room, and in its replicas. */

#include <inttypes.h>
#include <numa.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"
#include "table.h"
#include "unit.h"

#define TIB(n) ((uint64_t)(n) << 40)

/* Maps [va, va + length), checks its borders, and unmaps it again. */
static void
check_borders(uint64_t va, uint64_t length)
{
	const uint64_t last = va + length - 1, below = va < GIB(1) ? 0 : va - GIB(1);
	uint64_t iova, run = UINT64_MAX;

	CU_ASSERT_EQUAL_FATAL(ioas_map(space, AT(va), length, &iova), 0);
	CU_ASSERT_EQUAL(unit_lookup(AT(va)), iova);
	CU_ASSERT_EQUAL(unit_lookup(AT(va + length / 2)), iova + length / 2);
	CU_ASSERT_EQUAL(unit_lookup(AT(last)), iova + length - 1);
	CU_ASSERT_EQUAL(unit_lookup(AT(last + 1)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(AT(va - 1)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup_length(ioas_table(space), AT(va), &run), iova);
	CU_ASSERT_EQUAL(run, length);
	CU_ASSERT_TRUE(ioas_lookup_any(ioas_table(space), AT(last), 1));
	CU_ASSERT_TRUE(ioas_lookup_any(ioas_table(space), AT(below), va - below + 1));
	CU_ASSERT_TRUE(ioas_lookup_any(ioas_table(space), AT(last), GIB(1)));
	CU_ASSERT_FALSE(ioas_lookup_any(ioas_table(space), AT(below), va - below));
	CU_ASSERT_FALSE(ioas_lookup_any(ioas_table(space), AT(last + 1), GIB(1)));
	CU_ASSERT_FALSE(ioas_lookup_any(ioas_table(space), AT(va), 0));
	CU_ASSERT_EQUAL(ioas_unmap(space, AT(va), length), 1);
	CU_ASSERT_FALSE(ioas_lookup_any(ioas_table(space), AT(va), length));
	CU_ASSERT_EQUAL(unit_lookup(AT(va)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(AT(last)), IOAS_BAD_IOVA);
}

/* The thread sanitizer remembers each word of a shared page, which is too much for terabytes. */
static void
terabytes(void)
{
	nic_model->iommu = &model_amd;
#ifdef __SANITIZE_THREAD__
	model.no_memory_file = true;
#endif
	unit_create(true);
}

/* Around every border of a part of the table: 4 KiB pages of a detail, 2 MiB entries, pages of the table (1
 * GiB), its blocks (512 GiB), the flat array, the last user address. */
static void
lines(void)
{
	static const uint64_t at[] = {
		KIB(4), MIB(2), GIB(1), GIB(512), UINT64_C(1) << 47, UINT64_C(1) << 48,
		(UINT64_C(1) << 47) - GIB(512), (UINT64_C(1) << 48) + GIB(512),
		(UINT64_C(1) << 57) - GIB(512), (UINT64_C(1) << 56) + GIB(1),
	};
	static const uint64_t length[] = {
		KIB(4), KIB(8), MIB(2) - KIB(4), MIB(2), MIB(2) + KIB(4), MIB(6), GIB(1),
		GIB(1) + MIB(2) + KIB(4), GIB(3), GIB(512) + MIB(2),
	};

	terabytes();
	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (unsigned int k = 0; k < sizeof(length) / sizeof(length[0]); k++) {
			if (at[i] + length[k] <= UINT64_C(1) << 57)
				check_borders(at[i], length[k]);
			if (at[i] >= length[k])
				check_borders(at[i] - length[k], length[k]);
			if (at[i] > KIB(4) && at[i] + length[k] - KIB(4) <= UINT64_C(1) << 57)
				check_borders(at[i] - KIB(4), length[k]);
		}
	}
}

/* The largest map, next to small neighbours. */
static void
a_tebibyte(void)
{
	uint64_t before, behind, iova;

	terabytes();
	before = unit_map(GIB(512) - PAGE, PAGE);
	iova = unit_map(GIB(512), TIB(1));
	behind = unit_map(GIB(512) + TIB(1), PAGE);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512) - 1)), before + PAGE - 1);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512) + TIB(1))), behind);
	for (uint64_t i = 0; i < TIB(1); i += GIB(1) - KIB(4))
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512) + i)), iova + i);
	REFUSED(ioas_map(space, VA(GIB(700)), PAGE, NULL), -EEXIST, "mapped already");
	REFUSED(ioas_map(space, VA(GIB(512) - MIB(2)), TIB(2), NULL), -EEXIST, "mapped already");
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(512)), TIB(1)), 1);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512) - 1)), before + PAGE - 1);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512) + TIB(1) - 1)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(512) + TIB(1))), behind);
}

static void
ends_of_the_table(void)
{
	const uint64_t top = UINT64_C(1) << IOAS_VA_BITS;
	uint64_t iova;

	unit_create(true);
	CU_ASSERT_TRUE(ioas_table(space)->entries << IOAS_TABLE_SHIFT >= UINT64_C(1) << 47);
	CU_ASSERT_TRUE(ioas_table_is_flat(ioas_table(space), NULL));
	CU_ASSERT_TRUE(ioas_table_is_flat(ioas_table(space), AT((UINT64_C(1) << 47) - 1)));
	CU_ASSERT_FALSE(ioas_table_is_flat(ioas_table(space), AT(UINT64_C(1) << 48)));
	CU_ASSERT_FALSE(ioas_table_is_flat(ioas_table(space), AT(UINT64_MAX)));
	CU_ASSERT_EQUAL(unit_lookup(NULL), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(AT(top - 1)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(AT(top)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(AT(UINT64_MAX)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_map(space, AT(top - PAGE), PAGE, &iova), 0);
	CU_ASSERT_EQUAL(unit_lookup(AT(top - 1)), iova + 4095);
	REFUSED(ioas_map(space, AT(top), PAGE, NULL), -ERANGE, "the address lies beyond the user address space");
	REFUSED(ioas_map(space, AT(top - MIB(2)), MIB(4), NULL), -EEXIST, "");
	CU_ASSERT_EQUAL(ioas_unmap(space, AT(top - PAGE), PAGE), 1);
	REFUSED(ioas_map(space, AT(top - MIB(2)), MIB(4), NULL), -ERANGE, "beyond the user address space");
	/* The lowest addresses too. */
	CU_ASSERT_EQUAL(ioas_map(space, NULL, MIB(2), &iova), 0);
	CU_ASSERT_EQUAL(unit_lookup(NULL), iova);
}

static char warning[640];

static void
keep_warning(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level == IOAS_LOG_WARNING)
		snprintf(warning, sizeof(warning), "%s", line);
}

/* The warning names the size of the flat array on this architecture. */
static void
flat_size(void)
{
	struct ioas_options options = unit_options();
	char words[64];

	unit_create(false);
	snprintf(words, sizeof(words), "(%s for each NUMA node)",
		 ioas_size_text(ioas_table(space)->entries * sizeof(uint64_t)).text);
	ioas_destroy(space);
	model.address_space = MIB(16);
	options.log = keep_warning;
	unit_create_with(&options, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(warning, words));
}

/* No room for the flat array: the slower path serves all addresses, and a warning is logged. */
static void
not_flat(void)
{
	uint64_t iova[3], run = GIB(1);

	model.address_space = MIB(16);
	unit_create(true);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 1);
	CU_ASSERT_EQUAL(ioas_table(space)->entries, 0);
	CU_ASSERT_FALSE(ioas_table_is_flat(ioas_table(space), NULL));
	CU_ASSERT_EQUAL(unit_lookup(NULL), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(0)), IOAS_BAD_IOVA);
	iova[0] = unit_map(0, MIB(4));
	iova[1] = unit_map(MIB(4) + PAGE, KIB(12));
	iova[2] = unit_map(GIB(1023), GIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(4), iova[0]));
	CU_ASSERT_TRUE(unit_translates(MIB(4) + PAGE, KIB(12), iova[1]));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(1023))), iova[2]);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(1025) - 1)), iova[2] + GIB(2) - 1);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(1025))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup_length(ioas_table(space), VA(GIB(1023) + 5), &run),
			iova[2] + 5);
	CU_ASSERT_EQUAL(run, GIB(1));
	CU_ASSERT_TRUE(ioas_lookup_any(ioas_table(space), VA(MIB(16)), GIB(1023)));
	CU_ASSERT_FALSE(ioas_lookup_any(ioas_table(space), VA(GIB(1025)), UINT64_MAX >> 1));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(16)), 2);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(16)));
}

static void
no_room_at_all(void)
{
	const struct ioas_options options = unit_options();

	model.address_space = PAGE;
	CU_ASSERT_EQUAL(ioas_create(&options, &space), -ENOMEM);
	CU_ASSERT_TRUE(unit_logged("lookup table|RLIMIT_AS|ulimit -v"));
	space = NULL;
}

/* The kernel has room, but mlockall() makes it lock new memory, and the process may lock no more. */
static void
not_lockable(void)
{
	struct ioas_options options = unit_options();

	model_fail(1, 1u << MODEL_RESERVE, -EAGAIN);
	CU_ASSERT_EQUAL(ioas_create(&options, &space), -ENOMEM);
	CU_ASSERT_TRUE(unit_logged("lookup table|mlockall()|RLIMIT_MEMLOCK|ulimit -l"));
	options.log = keep_warning;
	/* One replica, whatever node this thread runs on. */
	options.nodes = &(int){ -1 };
	options.n_nodes = 1;
	model_fail(2, 1u << MODEL_RESERVE, -EAGAIN);
	unit_create_with(&options, false);
	CU_ASSERT_EQUAL(ioas_table(space)->entries, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(warning, "RLIMIT_MEMLOCK is too small"));
	CU_ASSERT_PTR_NULL(strstr(warning, "RLIMIT_AS"));
	ioas_destroy(space);
	model_fail(0, 0, 0);
	unit_create(true);
	model_fail(1, 1u << MODEL_RESERVE, -EAGAIN);
	REFUSED(ioas_map(space, VA(PAGE), PAGE, NULL), -ENOMEM, "lookup table|mlockall()|ulimit -l");
}

/* Unmaps memory with entries of every kind while a limit of the process leaves no room. */
static void
unmap_at_limit(int resource)
{
	void *const far = AT(UINT64_C(1) << 50);
	struct rlimit before, none;
	int removed[3];

	terabytes();
	CU_ASSERT_EQUAL_FATAL(getrlimit(resource, &before), 0);
	none = (struct rlimit){ 4096, before.rlim_max };
	unit_map(GIB(4), GIB(3));
	unit_map(GIB(8) + PAGE, PAGE);
	CU_ASSERT_EQUAL(ioas_map(space, far, MIB(2), NULL), 0);
	CU_ASSERT_EQUAL_FATAL(setrlimit(resource, &none), 0);
	removed[0] = ioas_unmap(space, VA(GIB(4)), GIB(3));
	removed[1] = ioas_unmap(space, VA(GIB(8)), GIB(1));
	removed[2] = ioas_unmap(space, far, MIB(2));
	CU_ASSERT_EQUAL_FATAL(setrlimit(resource, &before), 0);
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(removed[i], 1);
	for (uint64_t i = 0; i < GIB(5); i += MIB(1))
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4) + i)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(8) + PAGE)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(far), IOAS_BAD_IOVA);
	/* Memory that could not be released is used again. */
	unit_map(GIB(4), GIB(3));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(4)), GIB(3)), 1);
	CU_ASSERT_TRUE(unit_translates(GIB(5), PAGE, unit_map(GIB(5), PAGE)));
	ioas_destroy(space);
	space = NULL;
}

/* An unmap cannot fail: the map has allocated all that the unmap needs. */
static void
unmap_at_limits(void)
{
	unmap_at_limit(RLIMIT_DATA);
	unmap_at_limit(RLIMIT_AS);
}

/* The program may write only small files. The signal for a larger one must not end it. */
static void
small_files(void)
{
	struct rlimit before, small;
	uint64_t iova;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ PAGE, before.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	unit_create(true);
	iova = unit_map(GIB(4), GIB(2));
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4))), iova);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(6) - 1)), iova + GIB(2) - 1);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(4)), GIB(2)), 1);
	ioas_destroy(space);
	/* The limit comes later. */
	unit_create(true);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	unit_map(GIB(2), GIB(1));
	iova = unit_map(GIB(4), GIB(2));
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(6) - 1)), iova + GIB(2) - 1);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
}

/* Every allocation of a map, in every replica, fails once: the table does not change, and the next try
 * succeeds. */
static void
no_room_in_the_middle(void)
{
	static const struct {
		uint64_t va, length;
	} maps[] = {
		{ BASE + KIB(4), GIB(1) },                             /* two details, a chunk */
		{ BASE + GIB(512) - KIB(4), GIB(48) + KIB(8) },        /* five chunks */
		{ (UINT64_C(1) << 50) - KIB(4), KIB(8) },              /* two blocks */
		{ (UINT64_C(1) << 47) - GIB(1), GIB(2) },              /* both */
	};
	unsigned int failures = 0;

	for (unsigned int i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		void *const last = AT(maps[i].va + maps[i].length - 1);
		bool failed = true;

		for (unsigned int n = 1; failed; n++) {
			uint64_t before;

			terabytes();
			before = unit_state();
			model_fail(n, 1u << MODEL_RESERVE | 1u << MODEL_COMMIT, -ENOMEM);
			failed = ioas_map(space, AT(maps[i].va), maps[i].length, NULL) != 0;
			if (failed) {
				CU_ASSERT_TRUE(unit_logged("lookup table|RLIMIT_AS"));
				CU_ASSERT_EQUAL(unit_state(), before);
				CU_ASSERT_EQUAL(unit_lookup(AT(maps[i].va)), IOAS_BAD_IOVA);
				CU_ASSERT_EQUAL(unit_lookup(last), IOAS_BAD_IOVA);
				CU_ASSERT_EQUAL(ioas_map(space, AT(maps[i].va), maps[i].length,
							 NULL), 0);
				failures++;
			}
			model_fail(0, 0, 0);
			CU_ASSERT_NOT_EQUAL(unit_lookup(last), IOAS_BAD_IOVA);
			ioas_destroy(space);
			space = NULL;
		}
	}
	printf("%u failures ", failures);
	CU_ASSERT_TRUE(failures >= 20);
}

/* The number of sharing calls since "before". With larger pages of the CPU (64 KiB on POWER) a page of the
 * array covers more than a GiB, and these areas fill none. */
static void
expect_shares(uint64_t before, uint64_t calls)
{
	CU_ASSERT_EQUAL(model.calls[MODEL_SHARE] - before, sysconf(_SC_PAGESIZE) == 4096 ? calls : 0);
}

/* Whole GiB of one area share one page of memory for each difference. Tested only by lookups and by the calls
 * that are made. */
static void
shared_pages(void)
{
	uint64_t iova, other, run = UINT64_MAX;

	nic_model->iommu = &model_amd;
	unit_create(true);
	model_forget();
	iova = unit_map(GIB(4) - MIB(2), GIB(8) + MIB(4));
	/* A template, and a page of the array for each GiB. */
	expect_shares(0, (1 + 8) * UNIT_NODES);
	for (uint64_t i = 0; i < GIB(8) + MIB(4); i += MIB(1))
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4) - MIB(2) + i + 5)), iova + i + 5);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(12) + MIB(2))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup_length(ioas_table(space), VA(GIB(4) - MIB(2)), &run), iova);
	CU_ASSERT_EQUAL(run, GIB(8) + MIB(4));
	/* Another difference, the same one again, and none: a GiB in two areas, a GiB with details. */
	other = unit_map(GIB(20), GIB(1));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(30)), GIB(1), other + GIB(10)), 0);
	expect_shares(0, (2 + 10) * UNIT_NODES);
	unit_map(GIB(40), MIB(512));
	unit_map(GIB(40) + MIB(512), MIB(512));
	CU_ASSERT_EQUAL(unit_map(GIB(41) + PAGE, PAGE) != 0, true);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(41)), MIB(2)), 1);
	unit_map(GIB(41), GIB(1));
	expect_shares(0, (2 + 10) * UNIT_NODES);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(20) + 7)), other + 7);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(30) + 7)), other + GIB(10) + 7);
	/* Other areas use the pages of a former area in part and as a whole. */
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(4) - MIB(2)), GIB(8) + MIB(4)), 1);
	for (uint64_t i = 0; i < GIB(8) + MIB(4); i += MIB(1))
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4) - MIB(2) + i)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(20) + 7)), other + 7);
	iova = unit_map(GIB(5) + PAGE, MIB(6));
	CU_ASSERT_TRUE(unit_translates(GIB(5) + PAGE, MIB(6), iova));
	iova = unit_map(GIB(6), GIB(1));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(7) - 1)), iova + GIB(1) - 1);
}

/* A part of a shared page is removed from the table, and the rest of it later. */
static void
shared_in_part(void)
{
	static const int node = -1;
	struct table table;

	CU_ASSERT_EQUAL_FATAL(table_create(&table, ioas_sys, &node, 1), 0);
	for (unsigned int i = 0; i < 2; i++) {
		const struct ioas_table *const reader = table_reader(&table, 0);
		const uint64_t calls = model.calls[MODEL_SHARE];

		CU_ASSERT_EQUAL_FATAL(table_prepare(&table, BASE, GIB(3)), 0);
		table_set(&table, BASE, GIB(3), GIB(8));
		CU_ASSERT_TRUE(model.calls[MODEL_SHARE] > calls || sysconf(_SC_PAGESIZE) != 4096);
		table_clear(&table, BASE + MIB(512), BASE + GIB(2) + MIB(512) - 1);
		for (uint64_t at = 0; at < GIB(3); at += MIB(2))
			CU_ASSERT_EQUAL(ioas_lookup(reader, VA(at)), at < MIB(512) || at >= GIB(2) + MIB(512)
					? GIB(8) + at : IOAS_BAD_IOVA);
		table_set(&table, BASE + GIB(2), MIB(2), GIB(64));
		CU_ASSERT_EQUAL(ioas_lookup(reader, VA(GIB(2))), GIB(64));
		CU_ASSERT_EQUAL(ioas_lookup(reader, VA(0)), GIB(8));
		table_clear(&table, BASE, BASE + GIB(3) - 1);
		for (uint64_t at = 0; at < GIB(3); at += MIB(2))
			CU_ASSERT_EQUAL(ioas_lookup(reader, VA(at)), IOAS_BAD_IOVA);
	}
	table_destroy(&table);
}

/* Sharing may fail at each of its calls: entries are then stored one by one. */
static void
not_shared(void)
{
	for (unsigned int n = 1; n <= 12 * UNIT_NODES; n++) {
		uint64_t iova;

		model_fail(n, 1u << MODEL_SHARE, -ENOMEM);
		unit_create(true);
		for (unsigned int i = 0; i < 2; i++) {
			iova = unit_map(GIB(4), GIB(2));
			CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4))), iova);
			CU_ASSERT_EQUAL(unit_lookup(VA(GIB(6) - 1)), iova + GIB(2) - 1);
			CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(4)), GIB(2)), 1);
			CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4))), IOAS_BAD_IOVA);
			CU_ASSERT_EQUAL(unit_lookup(VA(GIB(6) - MIB(1))), IOAS_BAD_IOVA);
			iova = unit_map(GIB(5) - PAGE, PAGE);
			CU_ASSERT_TRUE(unit_translates(GIB(5) - PAGE, PAGE, iova));
			CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(5) - PAGE), PAGE), 1);
		}
		CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), 0);
		ioas_destroy(space);
		space = NULL;
	}
}

/* A machine that refuses memfd_create() (seccomp) has tables nevertheless. */
static void
no_memory_file(void)
{
	uint64_t iova;

	model.no_memory_file = true;
	unit_create(true);
	iova = unit_map(GIB(4), GIB(2));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4))), iova);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(6) - 1)), iova + GIB(2) - 1);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(4)), GIB(2)), 1);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(4))), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
}

/* Pages that are writable are not made writable again. */
static void
committed_once(void)
{
	uint64_t calls;

	unit_create(true);
	unit_map(0, MIB(2));
	calls = model.calls[MODEL_COMMIT];
	CU_ASSERT_EQUAL(calls, UNIT_NODES);
	unit_map(MIB(4), MIB(2));
	unit_map(GIB(1), MIB(2));
	CU_ASSERT_EQUAL(model.calls[MODEL_COMMIT], calls);
}

/* More differences than templates. */
static void
many_differences(void)
{
	terabytes();
	for (uint64_t i = 0; i < 1100; i++)
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(i)), GIB(1), TIB(2) + i * GIB(2)), 0);
	for (uint64_t i = 0; i < 1100; i++)
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(i) + 9)), TIB(2) + i * GIB(2) + 9);
	for (uint64_t i = 0; i < 1100; i += 2)
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(i)), GIB(1)), 1);
	for (uint64_t i = 0; i < 1100; i += 2)
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(i)), GIB(1), TIB(2) + i * GIB(2)), 0);
	for (uint64_t i = 0; i < 1100; i++)
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(i + 1) - 1)), TIB(2) + i * GIB(2) + GIB(1) - 1);
}

/* A template belongs to all pages that are full of its word. Another word can use it only after them. */
static void
templates(void)
{
	uint64_t calls;

	terabytes();
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(1)), GIB(2), TIB(2)), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(4)), GIB(1), TIB(2) + GIB(3)), 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(4)), GIB(1)), 1);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(8)), GIB(1), TIB(3)), 0);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(1))), TIB(2));
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(3) - 1)), TIB(2) + GIB(2) - 1);
	CU_ASSERT_EQUAL(unit_lookup(VA(GIB(8))), TIB(3));
	/* One after the other: unused templates are as good as new. */
	calls = model.calls[MODEL_SHARE];
	for (uint64_t i = 0; i < 1100; i++) {
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(16)), GIB(1), TIB(4) + i * GIB(2)), 0);
		CU_ASSERT_EQUAL(unit_lookup(VA(GIB(17) - 1)), TIB(4) + i * GIB(2) + GIB(1) - 1);
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(16)), GIB(1)), 1);
	}
	if (!model.no_memory_file)
		expect_shares(calls, 1100 * 3 * UNIT_NODES);
}

static void
replicas(void)
{
	const struct ioas_table *tables[UNIT_NODES] = { NULL };

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_tables(space, NULL, 0), UNIT_NODES);
	CU_ASSERT_EQUAL(ioas_tables(space, tables, 1), UNIT_NODES);
	CU_ASSERT_PTR_NULL(tables[1]);
	CU_ASSERT_EQUAL(ioas_tables(space, tables, UNIT_NODES), UNIT_NODES);
	CU_ASSERT_EQUAL(tables[0]->node, 0);
	CU_ASSERT_EQUAL(tables[1]->node, 3);
	CU_ASSERT_PTR_NOT_EQUAL(tables[0]->entry, tables[1]->entry);
	CU_ASSERT_PTR_EQUAL(ioas_table_of_node(space, 0), tables[0]);
	CU_ASSERT_PTR_EQUAL(ioas_table_of_node(space, 3), tables[1]);
	CU_ASSERT_PTR_EQUAL(ioas_table_of_node(space, 1), tables[0]);
	CU_ASSERT_PTR_EQUAL(ioas_table_of_node(space, -1), tables[0]);

	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
}

/* A machine with nodes 0 to 2 instead of this one, and the nodes where the process may run. */
static bool on_one_node;

int
numa_available(void)
{
	return 0;
}

int
numa_max_node(void)
{
	return 2;
}

struct bitmask *
numa_get_run_node_mask(void)
{
	struct bitmask *const mask = numa_bitmask_alloc(8);

	if (!on_one_node)
		numa_bitmask_setbit(mask, 0);
	return numa_bitmask_setbit(mask, 2);
}

/* A replica for each node that the process may run on, including the first and the last. */
static void
default_nodes(void)
{
	struct ioas_options options = unit_options();
	const struct ioas_table *tables[2] = { NULL };

	options.n_nodes = 0;
	unit_create_with(&options, false);
	CU_ASSERT_EQUAL_FATAL(ioas_tables(space, tables, 2), 2);
	CU_ASSERT_EQUAL(tables[0]->node, 0);
	CU_ASSERT_EQUAL(tables[1]->node, 2);
	CU_ASSERT_PTR_NOT_NULL(ioas_table(space));
	ioas_destroy(space);
	/* A single node needs no binding. */
	on_one_node = true;
	unit_create_with(&options, false);
	on_one_node = false;
	CU_ASSERT_EQUAL_FATAL(ioas_tables(space, tables, 2), 1);
	CU_ASSERT_EQUAL(tables[0]->node, -1);
	CU_ASSERT_PTR_EQUAL(ioas_table(space), tables[0]);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
}

/* Memory that cannot be bound to its node is used nevertheless, with one warning. */
static void
not_bound(void)
{
	model.bind_error = -EPERM;
	unit_create(true);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 1);
	CU_ASSERT_TRUE(unit_translates(0, MIB(4), unit_map(0, MIB(4))));
}

/* Whether the kernel reports a flag for the memory that contains an address. */
static bool
has_flag(const void *address, const char *flag)
{
	FILE *const file = fopen("/proc/self/smaps", "r");
	bool here = false, found = false;
	char line[1024];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		uint64_t start, end;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			here = (uintptr_t)address >= start && (uintptr_t)address < end;
		found = here && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, flag) != NULL;
	}
	fclose(file);
	return found;
}

/* mlockall() would fill few pages: huge ones of zeros, except where the table was written to. */
static void
huge_zeros(void)
{
	const uint64_t *entry;

	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0)
		return;
	unit_create(true);
	entry = ioas_table(space)->entry;
	CU_ASSERT_TRUE(has_flag(&entry[0], " hg"));
	unit_map(0, MIB(2));
	CU_ASSERT_TRUE(has_flag(&entry[(uintptr_t)VA(0) >> IOAS_TABLE_SHIFT], " nh"));
	CU_ASSERT_TRUE(has_flag(&entry[(uintptr_t)VA(0) >> IOAS_TABLE_SHIFT], " wr"));
	CU_ASSERT_TRUE(has_flag(&entry[0], " hg"));
	CU_ASSERT_FALSE(has_flag(&entry[0], " wr"));
}

UNIT_MAIN("table",
	  { "lines", lines },
	  { "a TiB", a_tebibyte },
	  { "the ends of the table", ends_of_the_table },
	  { "the size of the flat array", flat_size },
	  { "not flat", not_flat },
	  { "no room at all", no_room_at_all },
	  { "not lockable", not_lockable },
	  { "unmaps at a limit of the process", unmap_at_limits },
	  { "small files", small_files },
	  { "no room in the middle", no_room_in_the_middle },
	  { "shared pages", shared_pages },
	  { "a part of what is shared", shared_in_part },
	  { "not shared", not_shared },
	  { "no memory file", no_memory_file },
	  { "writable once", committed_once },
	  { "many differences", many_differences },
	  { "templates", templates },
	  { "replicas", replicas },
	  { "a replica for each node", default_nodes },
	  { "not bound", not_bound },
	  { "huge zeros", huge_zeros })
