/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The window of a space in use: devices come that reach fewer IOVAs than the IOMMU. */

#include <stdio.h>

#include "unit.h"

static struct ioas_range
window_now(void)
{
	struct ioas_info info;

	ioas_get_info(space, &info);
	return info.window;
}

static int
set_window(uint64_t first, uint64_t last)
{
	return ioas_set_window(space, (struct ioas_range){ first, last });
}

/* Asserts that memory is mapped inside a range of IOVAs, both inclusive. */
static void
maps_between(uint64_t offset, uint64_t length, uint64_t first, uint64_t last)
{
	const uint64_t iova = unit_map(offset, length);

	CU_ASSERT_TRUE(iova >= first && iova + (length - 1) <= last);
	CU_ASSERT_TRUE(unit_translates(offset, PAGE, iova));
}

static void
narrowed(void)
{
	unit_create(true);
	CU_ASSERT_EQUAL(window_now().first, 0);
	CU_ASSERT_EQUAL(window_now().last, UINT64_MAX);
	CU_ASSERT_EQUAL(set_window(0, GIB(4) - 1), 0);
	CU_ASSERT_EQUAL(window_now().last, GIB(4) - 1);
	maps_between(0, GIB(1), GIB(1), GIB(4) - 1);
	maps_between(GIB(1), GIB(1), GIB(1), GIB(4) - 1);
	REFUSED(ioas_map(space, VA(GIB(4)), GIB(1), NULL), -ENOSPC, "no free range|0xffffffff");
}

static void
widened(void)
{
	unit_create_window(GIB(1), GIB(1) + MIB(2) - 1);
	maps_between(0, MIB(2), GIB(1), GIB(1) + MIB(2) - 1);
	CU_ASSERT_EQUAL(ioas_map(space, VA(MIB(2)), MIB(2), NULL), -ENOSPC);
	CU_ASSERT_EQUAL(set_window(0, 0), 0);
	CU_ASSERT_EQUAL(window_now().last, UINT64_MAX);
	unit_map(MIB(2), MIB(2));
	unit_map(GIB(1), GIB(1));
}

/* The part of a reservation inside the window is used. Other memory goes elsewhere. */
static void
across_reservation(void)
{
	uint64_t base;

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), GIB(4)), 0);
	base = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(set_window(0, base + GIB(2) - 1), 0);
	CU_ASSERT_EQUAL(unit_map(MIB(2), MIB(2)), base + MIB(2));
	CU_ASSERT_EQUAL(unit_map(GIB(2) - MIB(2), MIB(2)), base + GIB(2) - MIB(2));
	maps_between(GIB(2), MIB(2), PAGE, base - 1);
	maps_between(GIB(4) - MIB(2), MIB(2), PAGE, base - 1);
	/* The next reservation as well. */
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(8)), GIB(4)), 0);
	maps_between(GIB(12) - MIB(2), MIB(2), PAGE, base - 1);
}

static void
mapped_outside(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(2));
	REFUSED(set_window(0, iova - 1), -EADDRINUSE, "mapped at|already|before memory is mapped");
	REFUSED(set_window(0, iova + MIB(1) - 1), -EADDRINUSE, "already");
	REFUSED(set_window(iova + PAGE, GIB(512) - 1), -EADDRINUSE, "already");
	CU_ASSERT_EQUAL(set_window(iova, iova + MIB(2) - 1), 0);
	CU_ASSERT_EQUAL(set_window(0, 0), 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_EQUAL(set_window(0, iova - 1), 0);
}

/* Fixed IOVAs may lie outside. */
static void
fixed_outside(void)
{
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(8)), 0);
	CU_ASSERT_EQUAL(set_window(GIB(1), GIB(2) - 1), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), MIB(2), GIB(9)), 0);
	maps_between(MIB(4), MIB(2), GIB(1), GIB(2) - 1);
}

static void
nothing_usable(void)
{
	unit_create(true);
	REFUSED(set_window(GIB(512), GIB(1024) - 1), -ERANGE,
		"0x8000000000-0xffffffffff|aperture 0x0-0x7fffffffff");
	REFUSED(set_window(0xfee00000, 0xfeefffff), -ERANGE, "no IOVA that the devices can use");
	REFUSED(set_window(0, PAGE - 1), -ERANGE, "no IOVA");
	CU_ASSERT_EQUAL(set_window(0xfee00000, 0xfef00fff), 0);
	CU_ASSERT_EQUAL(set_window(GIB(512) - PAGE, GIB(1024) - 1), 0);
	maps_between(0, PAGE, GIB(512) - PAGE, GIB(512) - 1);
}

static void
wrong(void)
{
	unit_create(true);
	REFUSED(set_window(GIB(2), GIB(1) - 1), -EINVAL, "whole 4 KiB pages");
	REFUSED(set_window(GIB(1) + 1, GIB(2) - 1), -EINVAL, "whole 4 KiB pages");
	REFUSED(set_window(GIB(1), GIB(2)), -EINVAL, "whole 4 KiB pages");
	CU_ASSERT_EQUAL(window_now().last, UINT64_MAX);
}

UNIT_MAIN("window",
	  { "narrowed", narrowed },
	  { "widened", widened },
	  { "across a reservation", across_reservation },
	  { "memory is mapped outside", mapped_outside },
	  { "fixed maps outside", fixed_outside },
	  { "nothing usable in it", nothing_usable },
	  { "wrong windows", wrong })
