/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>
#include <string.h>

#include "unit.h"

static void
defaults(void)
{
	struct ioas_range ranges[2];
	struct ioas_info info;

	CU_ASSERT_EQUAL_FATAL(ioas_create(NULL, &space), 0);
	ioas_get_info(space, &info);
	CU_ASSERT_STRING_EQUAL(info.backend, "iommufd");
	CU_ASSERT_EQUAL(info.devices, 0);
	CU_ASSERT_EQUAL(info.maps, 0);
	CU_ASSERT_EQUAL(info.bytes, 0);
	CU_ASSERT_EQUAL(info.alignment, PAGE);
	CU_ASSERT_EQUAL(info.aperture.first, 0);
	CU_ASSERT_EQUAL(info.aperture.last, UINT64_MAX - PAGE);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 2), 1);
	CU_ASSERT_EQUAL(model_open_files(), 1);
}

static void
backends(void)
{
	struct ioas_options options = unit_options();

	options.backend = "auto";
	CU_ASSERT_EQUAL(ioas_create(&options, &space), 0);
	ioas_destroy(space);
	space = NULL;
	options.backend = "iommufd";
	CU_ASSERT_EQUAL(ioas_create(&options, &space), 0);
}

static void
destroy_nothing(void)
{
	ioas_destroy(NULL);
	ioas_detach(NULL);
}

/* Destroying a space removes all it holds: the teardown of every test asserts what is left. */
static void
destroy_all(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	unit_map(MIB(5), KIB(12));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), MIB(512)), 0);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(1)), GIB(1)), 0);
	CU_ASSERT_EQUAL(model_areas(), 3);
}

static void
two_spaces(void)
{
	const struct ioas_options options = unit_options();
	struct ioas *other;
	uint64_t iova;

	unit_create(true);
	unit_add_device("0000:00:03.0", &model_amd);
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &other), 0);
	CU_ASSERT_EQUAL(ioas_attach(other, "0000:00:03.0", NULL, &nic), 0);
	CU_ASSERT_EQUAL(ioas_map(other, VA(0), MIB(2), &iova), 0);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_EQUAL(ioas_lookup(ioas_table(other), VA(0)), iova);
	ioas_destroy(other);
}

static void
ranges(void)
{
	struct ioas_range got[4];

	memset(got, 0xee, sizeof(got));
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 0), 2);
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 4), 2);
	CU_ASSERT_EQUAL(ioas_ranges(space, got, 1), 2);
	CU_ASSERT_EQUAL(got[0].first, 0);
	CU_ASSERT_EQUAL(got[0].last, 0xfedfffff);
	CU_ASSERT_EQUAL(got[1].first, UINT64_C(0xeeeeeeeeeeeeeeee));
	CU_ASSERT_EQUAL(ioas_ranges(space, got, 4), 2);
	CU_ASSERT_EQUAL(got[1].first, 0xfef00000);
	CU_ASSERT_EQUAL(got[1].last, 0x7fffffffff);
	CU_ASSERT_EQUAL(got[2].first, UINT64_C(0xeeeeeeeeeeeeeeee));
}

/* More ranges than the library expects at first: the kernel returns EMSGSIZE. */
static void
many_ranges(void)
{
	static struct model_iommu iommu[4];
	struct ioas_range got[32];
	char name[16];

	unit_create(true);
	for (unsigned int i = 0; i < 4; i++) {
		iommu[i] = model_intel39;
		iommu[i].n_reserved = 4;
		for (uint64_t k = 0; k < 4; k++)
			iommu[i].reserved[k] = (struct ioas_range){
				GIB(8) * (i * 4 + k + 1), GIB(8) * (i * 4 + k + 1) + PAGE - 1,
			};
		snprintf(name, sizeof(name), "0000:01:%02u.0", i);
		unit_add_device(name, &iommu[i]);
		CU_ASSERT_EQUAL_FATAL(ioas_attach(space, name, NULL, &nic), 0);
	}
	CU_ASSERT_EQUAL(ioas_ranges(space, got, 32), 18);
	for (unsigned int i = 2; i < 18; i++) {
		CU_ASSERT_EQUAL(got[i].first, GIB(8) * (i - 1) + PAGE);
		CU_ASSERT_EQUAL(got[i - 1].last, GIB(8) * (i - 1) - 1);
	}
}

/* Programs contain these numbers, and inline lookups that use them. */
static void
numbers(void)
{
	CU_ASSERT_EQUAL(IOAS_BAD_IOVA, UINT64_MAX);
	CU_ASSERT_EQUAL(IOAS_FEATURE_MAP_FILE, 1);
	CU_ASSERT_EQUAL(IOAS_FEATURE_CHANGE_PROCESS, 2);
	CU_ASSERT_EQUAL(IOAS_FEATURE_DIRTY_TRACKING, 4);
	CU_ASSERT_EQUAL(IOAS_LATENCY_STEPS, 40);
	CU_ASSERT_EQUAL(IOAS_ERRORS, 134);
	CU_ASSERT_EQUAL(IOAS_ENTRY_SIZES, 3);
	CU_ASSERT_EQUAL(IOAS_TABLE_SHIFT, 21);
	CU_ASSERT_EQUAL(IOAS_DETAIL_SHIFT, 12);
	CU_ASSERT_EQUAL(IOAS_FAR_SHIFT, 39);
	CU_ASSERT_EQUAL(IOAS_VA_BITS, 57);
	CU_ASSERT_EQUAL(IOAS_DETAIL_ENTRIES, 512);
	CU_ASSERT_EQUAL(IOAS_ENTRY_LINEAR, 1);
	CU_ASSERT_EQUAL(IOAS_ENTRY_DETAIL, 2);
	CU_ASSERT_EQUAL(IOAS_ENTRY_MASK, UINT64_MAX - 4095);
}

UNIT_MAIN("space",
	  { "numbers that programs know", numbers },
	  { "defaults", defaults },
	  { "backends by name", backends },
	  { "destroy nothing", destroy_nothing },
	  { "destroy takes everything away", destroy_all },
	  { "two spaces", two_spaces },
	  { "ranges", ranges },
	  { "many ranges", many_ranges })
