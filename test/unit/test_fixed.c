/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>

#include "unit.h"

static void
anywhere(void)
{
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), PAGE), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), PAGE));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), KIB(4), MIB(64) + PAGE), 0);
	CU_ASSERT_TRUE(unit_translates(MIB(2), KIB(4), MIB(64) + PAGE));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(8)), MIB(2), GIB(512) - MIB(2)), 0);
	CU_ASSERT_TRUE(unit_translates(MIB(8), MIB(2), GIB(512) - MIB(2)));
}

static void
refused(void)
{
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), MIB(2)), 0);
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), 0), -EINVAL, "never an IOVA");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), MIB(4) + 1), -EINVAL, "aligned");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), MIB(2)), -EEXIST, "in use");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), MIB(4) - PAGE), -EEXIST, "in use");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), PAGE), -EEXIST, "in use");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), 0xfee00000), -EINVAL,
		"reserved|choose another");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), KIB(8), 0xfedff000), -EINVAL, "reserved");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), KIB(8), 0xfeeff000), -EINVAL, "reserved");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), PAGE, GIB(512)), -EINVAL, "aperture");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), KIB(8), GIB(512) - PAGE), -EINVAL, "aperture");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), KIB(8), -PAGE), -EINVAL, "");
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), PAGE, 0xfedff000), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(4)), PAGE, 0xfef00000), 0);
}

static void
aliases(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(2)), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(3)), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	CU_ASSERT_PTR_EQUAL(ioas_lookup_iova(space, GIB(2) + 77, NULL), VA(77));
	CU_ASSERT_EQUAL(model_translate(nic_model, GIB(3) + MIB(1)), BASE + MIB(1));
	/* One of them goes, the others stay. */
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, GIB(2), MIB(2)), 1);
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, GIB(2), NULL));
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	/* All go with the memory. */
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 2);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, GIB(3), NULL));
	CU_ASSERT_EQUAL(model_areas(), 0);
}

static void
alias_crosses(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(1)), PAGE, GIB(2)), 0);
	unit_map(MIB(4), PAGE);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(4)), PAGE, GIB(3)), 0);
	REFUSED(ioas_unmap(space, VA(MIB(1)), PAGE), -EBUSY, "whole");
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 2);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(4)), PAGE), 2);
}

/* Chosen maps avoid fixed ones, also those right where the next chosen map would go. */
static void
chosen_beside(void)
{
	uint64_t a, b;

	unit_create(true);
	a = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(1)), MIB(2), a + MIB(2)), 0);
	b = unit_map(MIB(2), MIB(2));
	CU_ASSERT_TRUE(b >= a + MIB(4) || b + MIB(2) <= a);
	CU_ASSERT_EQUAL(b % MIB(2), 0);
	for (uint64_t i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(2) + i * MIB(2)), PAGE,
					       MIB(512) + i * MIB(4)), 0);
	for (uint64_t i = 2; i < 300; i++)
		CU_ASSERT_TRUE(unit_translates(i * MIB(2), PAGE, unit_map(i * MIB(2), MIB(2))));
}

/* A caller that names one IOVA may name the next one for other memory. */
static void
chosen_not_behind(void)
{
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(8)), 0);
	CU_ASSERT_NOT_EQUAL(unit_map(MIB(2), MIB(2)), GIB(8) + MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(8)), MIB(2), GIB(8) + MIB(2)), 0);
}

static void
window_does_not_bind(void)
{
	unit_create_window(GIB(4), GIB(5) - 1);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), MIB(2)), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), MIB(2)));
}

/* Asserts which hole a range of IOVAs touches first. */
static void
expect_hole(uint64_t iova, uint64_t length, uint64_t first, uint64_t last)
{
	struct ioas_range hole = { 0 };

	CU_ASSERT_EQUAL(ioas_check_fixed(space, iova, length, &hole), -ERANGE);
	CU_ASSERT_EQUAL(hole.first, first);
	CU_ASSERT_EQUAL(hole.last, last);
	CU_ASSERT_EQUAL(ioas_check_fixed(space, iova, length, NULL), -ERANGE);
	CU_ASSERT_NOT_EQUAL(ioas_map_fixed(space, VA(GIB(4)), length, iova), 0);
}

static void
checked_before(void)
{
	uint64_t state;

	unit_create(true);
	unit_map(0, MIB(2));
	state = unit_state();
	expect_hole(0, MIB(2), 0, PAGE - 1);
	expect_hole(0xfedff000, KIB(8), 0xfee00000, 0xfeefffff);
	expect_hole(0xfedff000, PAGE + 1, 0xfee00000, 0xfeefffff);
	expect_hole(0xfee00000, PAGE, 0xfee00000, 0xfeefffff);
	expect_hole(0xfeeff000, KIB(8), 0xfee00000, 0xfeefffff);
	expect_hole(PAGE, GIB(8), 0xfee00000, 0xfeefffff);
	expect_hole(PAGE, GIB(1024), 0xfee00000, 0xfeefffff);
	expect_hole(GIB(512) - PAGE, KIB(8), GIB(512), UINT64_MAX);
	expect_hole(GIB(512), PAGE, GIB(512), UINT64_MAX);
	expect_hole(BASE, MIB(2), GIB(512), UINT64_MAX);
	CU_ASSERT_EQUAL(ioas_check_fixed(space, PAGE, 0xfee00000 - PAGE, NULL), 0);
	CU_ASSERT_EQUAL(ioas_check_fixed(space, 0xfef00000, GIB(512) - 0xfef00000, NULL), 0);
	/* Memory that is mapped there does not matter. */
	CU_ASSERT_EQUAL(ioas_check_fixed(space, unit_lookup(VA(0)), MIB(2), NULL), 0);
	CU_ASSERT_EQUAL(unit_state(), state);
	REFUSED(ioas_check_fixed(space, PAGE, 0, NULL), -EINVAL, "empty");
	REFUSED(ioas_check_fixed(space, -PAGE, KIB(8), NULL), -EINVAL, "beyond the last");
}

/* The last page contains the IOVA IOAS_BAD_IOVA. */
static void
last_page(void)
{
	const uint64_t last = UINT64_MAX - PAGE - (PAGE - 1);

	nic_model->iommu = &model_amd;
	unit_create(true);
	expect_hole(-PAGE, PAGE, -PAGE, UINT64_MAX);
	expect_hole(last, KIB(8), -PAGE, UINT64_MAX);
	REFUSED(ioas_map_fixed(space, VA(0), PAGE, -PAGE), -EINVAL, "0xfffffffffffff000|beyond the aperture");
	CU_ASSERT_EQUAL(ioas_check_fixed(space, last, PAGE, NULL), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), PAGE, last), 0);
	CU_ASSERT_TRUE(unit_translates(0, PAGE, last));
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, -MIB(2), MIB(2)), 1);
}

/* If the kernel has refused an unmap, nothing can be mapped there either. */
static void
checked_lost(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	model_fail(1, 1u << MODEL_UNMAP, -EIO);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	expect_hole(iova - PAGE, KIB(16), iova, iova + MIB(2) - 1);
	CU_ASSERT_EQUAL(ioas_check_fixed(space, iova - PAGE, PAGE, NULL), 0);
}

UNIT_MAIN("fixed",
	  { "anywhere in the aperture", anywhere },
	  { "refused", refused },
	  { "aliases", aliases },
	  { "an alias across the border", alias_crosses },
	  { "chosen ones beside them", chosen_beside },
	  { "chosen ones do not follow them", chosen_not_behind },
	  { "the window does not bind them", window_does_not_bind },
	  { "checked before a map", checked_before },
	  { "the last page", last_page },
	  { "checked where IOVAs were lost", checked_lost })
