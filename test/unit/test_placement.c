/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>

#include "placement.h"
#include "unit.h"

static bool
congruent(uint64_t offset, uint64_t iova, uint64_t modulus)
{
	return ((BASE + offset) & (modulus - 1)) == (iova & (modulus - 1));
}

/* The IOVA is congruent to the address modulo the largest power of two in the length. */
static void
congruence(void)
{
	unit_create(true);
	for (uint64_t size = PAGE, n = 0; size <= GIB(4); size <<= 1, n++) {
		const uint64_t modulus = size < GIB(1) ? size : GIB(1);
		const uint64_t offset = GIB(16) * (n + 1) + (n % 3) * MIB(34) + (n % 2) * KIB(12);

		CU_ASSERT_TRUE(congruent(offset, unit_map(offset, size), modulus));
		CU_ASSERT_TRUE(congruent(offset + GIB(8), unit_map(offset + GIB(8), size + PAGE),
					 modulus));
	}
}

static void
pages_of_1gib(void)
{
	uint64_t iova;

	unit_create(true);
	unit_map(KIB(4), KIB(4));
	iova = unit_map(GIB(1), GIB(1));
	CU_ASSERT_EQUAL(iova % GIB(1), 0);
	CU_ASSERT_EQUAL(unit_map(GIB(2), GIB(1)), iova + GIB(1));
	CU_ASSERT_EQUAL(unit_map(GIB(8), GIB(3)) % GIB(1), 0);
	/* Next to the MSI window a whole one does not fit. */
	for (uint64_t i = 0; i < 16; i++) {
		iova = unit_map(GIB(16 + 2 * i), GIB(1));
		CU_ASSERT_EQUAL(iova % GIB(1), 0);
		CU_ASSERT_TRUE(iova != GIB(3));
	}
}

/* Memory that comes page by page, in the order of addresses, is one run of IOVAs; also if other memory grows
 * at the same time, from the first page on that is not blocked. */
static void
growth(void)
{
	uint64_t first, other, more;

	unit_create(true);
	first = unit_map(0, MIB(2));
	for (uint64_t i = 1; i < 100; i++)
		CU_ASSERT_EQUAL(unit_map(i * MIB(2), MIB(2)), first + i * MIB(2));
	other = unit_map(GIB(100), PAGE);
	more = unit_map(MIB(200), MIB(2));
	for (uint64_t i = 1; i < 100; i++) {
		CU_ASSERT_EQUAL(unit_map(GIB(100) + i * PAGE, PAGE), other + i * PAGE);
		CU_ASSERT_EQUAL(unit_map(MIB(200) + i * MIB(2), MIB(2)), more + i * MIB(2));
	}
}

/* Chosen IOVAs never equal the address. Otherwise a driver that confuses the two would go unnoticed. */
static void
never_the_address(void)
{
	uint64_t iova;

	nic_model->iommu = &model_intel48;
	unit_create_window(BASE, BASE + MIB(8) - 1);
	for (uint64_t i = 0; i < 3; i++) {
		iova = unit_map(i * MIB(2), MIB(2));
		CU_ASSERT_NOT_EQUAL(iova, BASE + i * MIB(2));
		CU_ASSERT_TRUE(unit_translates(i * MIB(2), MIB(2), iova));
	}
}

static void
never_zero(void)
{
	uint64_t n = 0;

	unit_create_window(0, KIB(64) - 1);
	while (ioas_map(space, VA(n * KIB(8)), PAGE, NULL) == 0)
		n++;
	CU_ASSERT_EQUAL(n, 15);
	CU_ASSERT_EQUAL(model_translate(nic_model, 0), UINT64_MAX);
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, 0, NULL));
	CU_ASSERT_TRUE(unit_logged("no free range|larger window"));
}

static void
stays_in_window(void)
{
	unit_create_window(GIB(4), GIB(4) + MIB(64) - 1);
	for (uint64_t i = 0; i < 32; i++) {
		const uint64_t iova = unit_map(i * MIB(4), MIB(2));

		CU_ASSERT_TRUE(iova >= GIB(4) && iova + MIB(2) <= GIB(4) + MIB(64));
	}
	REFUSED(ioas_map(space, VA(GIB(1)), PAGE, NULL), -ENOSPC, "no free range|larger window");
}

static void
window_beside_aperture(void)
{
	unit_create_window(GIB(512), GIB(600) - 1);
	REFUSED(ioas_map(space, VA(0), PAGE, NULL), -ENOSPC, "no free range");
}

/* An IOVA is not used again at once. When the tail is used up, the holes are used. */
static void
wraps_to_holes(void)
{
	uint64_t iova[16];

	unit_create_window(MIB(64), MIB(96) - 1);
	for (uint64_t i = 0; i < 16; i++) {
		iova[i] = unit_map(i * MIB(4), MIB(2));
		CU_ASSERT_EQUAL(iova[i], MIB(64) + i * MIB(2));
		if (i % 4 == 0)
			CU_ASSERT_EQUAL(ioas_unmap(space, VA(i * MIB(4)), MIB(2)), 1);
	}
	/* The first is in the hole of i = 0. The last hole can only be that of i = 12. */
	for (uint64_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(unit_map(GIB(1) + i * MIB(4), MIB(2)), iova[i * 4]);
	REFUSED(ioas_map(space, VA(GIB(2)), MIB(2), NULL), -ENOSPC, "no free range");
}

static void
not_again_at_once(void)
{
	uint64_t before = 0;

	unit_create(true);
	for (uint64_t i = 0; i < 100; i++) {
		const uint64_t iova = unit_map(0, MIB(2));

		CU_ASSERT_NOT_EQUAL(iova, before);
		before = iova;
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	}
}

/* If the best alignment is not available, less is used, down to the least that the kernel demands. */
static void
less_alignment(void)
{
	uint64_t iova;

	unit_create_window(MIB(1), MIB(5) - 1);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(iova, MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	/* 3 MiB do not fit at a multiple of 2 MiB. At an odd address any place is right. */
	REFUSED(ioas_map(space, VA(0), MIB(4), NULL), -ENOSPC, "no free range");
	iova = unit_map(MIB(1), MIB(4));
	CU_ASSERT_EQUAL(iova, MIB(1));
}

static void
less_than_1gib(void)
{
	uint64_t iova;

	unit_create_window(MIB(512), MIB(512) + GIB(1) + MIB(256) - 1);
	iova = unit_map(0, GIB(1));
	CU_ASSERT_EQUAL(iova % MIB(2), 0);
	CU_ASSERT_TRUE(unit_translates(0, PAGE, iova));
}

/* Fills an aperture of a few MiB around a reserved window, page by page. */
static void
reserved_windows(void)
{
	static const struct model_iommu small = {
		.name = "small",
		.aperture = { MIB(1), MIB(2) - 1 },
		.reserved = { { MIB(1) + KIB(64), MIB(1) + KIB(80) - 1 },
			      { MIB(1) + KIB(128), MIB(1) + KIB(132) - 1 } },
		.n_reserved = 2,
		.page = PAGE,
	};
	uint64_t n = 0, iova;

	nic_model->iommu = &small;
	unit_create(true);
	while (ioas_map(space, VA(n * KIB(8)), PAGE, &iova) == 0) {
		CU_ASSERT_TRUE(iova >= MIB(1) && iova < MIB(2));
		CU_ASSERT_FALSE(iova >= MIB(1) + KIB(64) && iova < MIB(1) + KIB(80));
		CU_ASSERT_FALSE(iova == MIB(1) + KIB(128));
		n++;
	}
	CU_ASSERT_EQUAL(n, (1024 - 16 - 4) / 4);
	CU_ASSERT_TRUE(unit_logged("no free range"));
}

static void
other_iommus(void)
{
	static const struct model_iommu *const iommus[] = {
		&model_intel48, &model_amd, &model_smmuv3,
	};

	for (unsigned int i = 0; i < 3; i++) {
		nic_model->iommu = iommus[i];
		unit_create(true);
		for (uint64_t k = 0; k < 300; k++) {
			const uint64_t iova = unit_map(k * MIB(4), MIB(2));

			CU_ASSERT_TRUE(unit_translates(k * MIB(4), PAGE, iova));
		}
		ioas_destroy(space);
		space = NULL;
	}
}

/* For any alignment that a kernel gives to chosen IOVAs, up to its HPAGE_SIZE: runs of any length get their
 * places, next to each other and in a narrow window. */
static void
other_kernels(void)
{
	static const uint64_t sizes[] = { KIB(4), MIB(1), MIB(2), MIB(32), MIB(512) };

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t iova;

		nic_model->iommu = &model_smmuv3;
		model.max_alignment = sizes[i];
		unit_create(true);
		for (uint64_t k = 1; k <= 64; k++) {
			const uint64_t offset = GIB(1) * k + (k % 4) * MIB(16);
			const uint64_t length = MIB(2) * (k % 5 + 1) + (k % 3) * PAGE;

			iova = unit_map(offset, length);
			CU_ASSERT_TRUE(unit_translates(offset, PAGE, iova));
		}
		iova = unit_map(GIB(128), MIB(2));
		for (uint64_t k = 1; k < 32; k++)
			CU_ASSERT_EQUAL(unit_map(GIB(128) + k * MIB(2), MIB(2)), iova + k * MIB(2));
		ioas_destroy(space);
		/* Only the alignment that the kernel demands takes room. */
		unit_create_window(MIB(514), MIB(514) + MIB(10) - 1);
		if (unit_backend_is("type1") || sizes[i] < MIB(8)) {
			CU_ASSERT_EQUAL(unit_map(0, MIB(6)), MIB(516));
		} else {
			REFUSED(ioas_map(space, VA(0), MIB(6), NULL), -ENOSPC, "no free range");
		}
		iova = unit_map(GIB(1) + MIB(2), MIB(2));
		CU_ASSERT_TRUE(unit_translates(GIB(1) + MIB(2), PAGE, iova));
		ioas_destroy(space);
		space = NULL;
	}
}

/* The kernel never chooses its last page, so the library must not ask for it. */
static void
top_of_everything(void)
{
	nic_model->iommu = &model_amd;
	unit_create_window(-MIB(2), UINT64_MAX);
	for (uint64_t i = 0; i < 512; i++) {
		uint64_t iova;
		const int ret = ioas_map(space, VA(i * KIB(8)), PAGE, &iova);

		CU_ASSERT_TRUE(ret == 0 || ret == -ENOSPC);
		if (ret == 0)
			CU_ASSERT_TRUE(unit_translates(i * KIB(8), PAGE, iova));
	}
}

static void
reservation(void)
{
	uint64_t first, aside;

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(4)), GIB(8)), 0);
	REFUSED(ioas_reserve(space, VA(GIB(5)), GIB(1)), -EEXIST, "overlaps");
	first = unit_map(GIB(5), MIB(2));
	/* Linear from now on, in whatever order it comes. */
	CU_ASSERT_EQUAL(unit_map(GIB(11), MIB(2)), first + GIB(6));
	CU_ASSERT_EQUAL(unit_map(GIB(4), KIB(12)), first - GIB(1));
	CU_ASSERT_EQUAL(unit_map(GIB(7) + KIB(4), KIB(20)), first + GIB(2) + KIB(4));
	/* Other memory does not use it. */
	for (uint64_t i = 0; i < 100; i++) {
		aside = unit_map(GIB(20) + i * MIB(4), MIB(2));
		CU_ASSERT_TRUE(aside + MIB(2) <= first - GIB(1) || aside >= first + GIB(7));
	}
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(5)), MIB(2)), 1);
	CU_ASSERT_EQUAL(unit_map(GIB(5), MIB(2)), first);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(30)), GIB(512)), -ENOSPC);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), 0);
	REFUSED(ioas_reserve(space, VA(1), GIB(1)), -EINVAL, "4 KiB");
	REFUSED(ioas_reserve(space, VA(0), 0), -EINVAL, "empty");
}

/* Half of the free IOVAs stay free. */
static void
reservation_half(void)
{
	unit_create_window(GIB(4), GIB(8) - 1);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(4)), GIB(2) + PAGE), -ENOSPC);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(4)), GIB(2)), 0);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(16)), GIB(1) + PAGE), -ENOSPC);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(16)), GIB(1)), 0);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(32)), MIB(512) + PAGE), -ENOSPC);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), 0);
	unit_map(0, MIB(512));
}

/* With a quarantine free IOVAs stay between areas, also behind an area that another one continues. */
static void
guarded(void)
{
	struct ioas_options options = unit_options();
	uint64_t first, iova;

	options.quarantine = MIB(64);
	unit_create_with(&options, true);
	first = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(1)), MIB(2), first + MIB(4) + PLACEMENT_GUARD), 0);
	CU_ASSERT_EQUAL(unit_map(MIB(2), MIB(2)), first + MIB(2));
	/* With one page less the area goes elsewhere. */
	first = unit_map(GIB(2), MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(GIB(3)), MIB(2), first + MIB(4) + PLACEMENT_GUARD - PAGE), 0);
	iova = unit_map(GIB(2) + MIB(2), MIB(2));
	CU_ASSERT_TRUE(iova + MIB(2) <= first || iova >= first + MIB(6));
	CU_ASSERT_TRUE(unit_translates(GIB(2) + MIB(2), MIB(2), iova));
}

/* A fixed area is where the reservation would place memory: the memory gets another place. */
static void
reservation_taken(void)
{
	uint64_t first, iova;

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(GIB(4)), GIB(8)), 0);
	first = unit_map(GIB(4), MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(4), first + GIB(1)), 0);
	iova = unit_map(GIB(5), MIB(2));
	CU_ASSERT_TRUE(unit_translates(GIB(5), MIB(2), iova));
	CU_ASSERT_TRUE(iova >= first + GIB(8) || iova + MIB(2) <= first);
}

UNIT_MAIN("placement",
	  { "congruent to the address", congruence },
	  { "pages of 1 GiB", pages_of_1gib },
	  { "growth is contiguous", growth },
	  { "never 0", never_zero },
	  { "never the address", never_the_address },
	  { "stays in the window", stays_in_window },
	  { "a window outside the aperture", window_beside_aperture },
	  { "wraps round to holes", wraps_to_holes },
	  { "not again at once", not_again_at_once },
	  { "less alignment where there is none", less_alignment },
	  { "1 GiB without its alignment", less_than_1gib },
	  { "reserved windows", reserved_windows },
	  { "other IOMMUs", other_iommus },
	  { "other kernels", other_kernels },
	  { "the top of a 64-bit aperture", top_of_everything },
	  { "a reservation is linear", reservation },
	  { "a reservation leaves half", reservation_half },
	  { "guards", guarded },
	  { "a reservation that is taken", reservation_taken })
