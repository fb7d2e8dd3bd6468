/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Spaces that follow another one: they have its memory, but it does not have theirs. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "unit.h"

#define NIC2 "0000:00:03.0"

/* Two spaces follow the space of the tests. The NIC is in the first, NIC2 in the second. */
static struct ioas *follower[2];
static struct ioas_device *nics[2];
static struct model_device *models[2];

static const struct model_iommu low_hole = {
	.name = "reserves 64 to 66 GiB",
	.aperture = { 0, GIB(512) - 1 },
	.reserved = { { GIB(64), GIB(66) - 1 } },
	.n_reserved = 1,
	.page = PAGE,
};

static int
create_follower(unsigned int i, bool same_iova)
{
	struct ioas_options options = unit_options();

	options.backend = NULL;
	options.follow = space;
	options.same_iova = same_iova;
	return ioas_create(&options, &follower[i]);
}

static void
create_all_with(bool same_iova, uint64_t quarantine)
{
	struct ioas_options options = unit_options();

	options.quarantine = quarantine;
	unit_create_with(&options, false);
	models[0] = nic_model;
	models[1] = unit_add_device(NIC2, &model_intel48);
	for (unsigned int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(create_follower(i, same_iova), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
}

static void
create_all(bool same_iova)
{
	create_all_with(same_iova, 0);
}

static void
destroy_all(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		ioas_destroy(follower[i]);
		follower[i] = NULL;
	}
}

static uint64_t
lookup(struct ioas *in, uint64_t offset)
{
	return ioas_lookup(ioas_table(in), VA(offset));
}

/* Whether a device can access all of the memory at these IOVAs, and lookups there return them. */
static bool
reaches(unsigned int i, uint64_t offset, uint64_t length, uint64_t iova)
{
	for (uint64_t at = 0; at < length; at += PAGE)
		if (model_translate(models[i], iova + at) != BASE + offset + at ||
		    lookup(follower[i], offset + at) != iova + at)
			return false;
	return true;
}

/* Whether lookups in a space find none of the memory. */
static bool
knows_none(struct ioas *in, uint64_t offset, uint64_t length)
{
	for (uint64_t at = 0; at < length; at += PAGE)
		if (lookup(in, offset + at) != IOAS_BAD_IOVA)
			return false;
	return true;
}

static uint64_t
maps_of(struct ioas *in)
{
	struct ioas_info info;

	ioas_get_info(in, &info);
	return info.maps;
}

static int
find_copy(const struct ioas_area *area, void *arg)
{
	*(unsigned int *)arg += area->copy;
	return 0;
}

static unsigned int
copies_in(struct ioas *in)
{
	unsigned int n = 0;

	ioas_walk(in, find_copy, &n);
	return n;
}

static void
shared(void)
{
	uint64_t iova;

	create_all(false);
	iova = unit_map(0, MIB(4) + KIB(12));
	CU_ASSERT_TRUE(iova != 0 && unit_lookup(VA(0)) == iova);
	for (unsigned int i = 0; i < 2; i++) {
		CU_ASSERT_TRUE(reaches(i, 0, MIB(4) + KIB(12), iova));
		CU_ASSERT_EQUAL(copies_in(follower[i]), 1);
	}
	CU_ASSERT_EQUAL(copies_in(space), 0);
	/* Pinned once for both. */
	CU_ASSERT_EQUAL(model_pinned(), MIB(4) + KIB(12));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(8)), 1);
	for (unsigned int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(model_translate(models[i], iova), UINT64_MAX);
		CU_ASSERT_TRUE(knows_none(follower[i], 0, MIB(5)));
		CU_ASSERT_EQUAL(maps_of(follower[i]), 0);
	}
	CU_ASSERT_EQUAL(model_areas(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	destroy_all();
}

/* Pinned as long as one device is left, whichever it is. */
static void
pinned_once(void)
{
	create_all(false);
	unit_map(0, MIB(4));
	model.memlock = MIB(5);
	unit_map(MIB(16), MIB(1));
	ioas_detach(nics[0]);
	CU_ASSERT_EQUAL(model_pinned(), MIB(5));
	CU_ASSERT_EQUAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	ioas_detach(nics[1]);
	CU_ASSERT_EQUAL(model_pinned(), MIB(5));
	ioas_detach(nics[0]);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
	CU_ASSERT_EQUAL(model_pinned(), MIB(5));
	REFUSED(ioas_map(space, VA(MIB(32)), MIB(1), NULL), -ENOMEM, "cannot map|1 MiB");
	destroy_all();
}

static void
own(void)
{
	uint64_t all, mine[2];

	create_all(false);
	all = unit_map(0, MIB(2));
	for (unsigned int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(ioas_map(follower[i], VA(MIB(16) * (i + 1)), MIB(2), &mine[i]), 0);
	CU_ASSERT_TRUE(reaches(0, MIB(16), MIB(2), mine[0]));
	CU_ASSERT_TRUE(reaches(1, MIB(32), MIB(2), mine[1]));
	/* A device of one space cannot access memory that only the other has. */
	CU_ASSERT_EQUAL(model_translate(models[1], mine[0]), UINT64_MAX);
	CU_ASSERT_EQUAL(model_translate(models[0], mine[1]), UINT64_MAX);
	CU_ASSERT_TRUE(knows_none(space, MIB(16), MIB(32)));
	CU_ASSERT_TRUE(knows_none(follower[1], MIB(16), MIB(2)));
	/* A follower can unmap only its own memory, and the root nothing of it. */
	CU_ASSERT_EQUAL(ioas_unmap(follower[0], VA(0), GIB(1)), 1);
	CU_ASSERT_TRUE(reaches(0, 0, MIB(2), all));
	CU_ASSERT_EQUAL(ioas_unmap_iova(follower[1], all, MIB(2)), 0);
	CU_ASSERT_EQUAL(ioas_unmap(follower[1], VA(PAGE), PAGE), 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), GIB(1)), 1);
	CU_ASSERT_TRUE(reaches(1, MIB(32), MIB(2), mine[1]));
	CU_ASSERT_EQUAL(ioas_unmap_iova(follower[1], mine[1], MIB(2)), 1);
	destroy_all();
}

/* Two devices can have different memory at one IOVA, and no memory for all is ever mapped there. */
static void
own_fixed(void)
{
	const uint64_t iova = GIB(64);

	create_all(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(follower[0], VA(0), MIB(2), iova), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(follower[1], VA(MIB(2)), MIB(2), iova), 0);
	CU_ASSERT_TRUE(reaches(0, 0, MIB(2), iova));
	CU_ASSERT_TRUE(reaches(1, MIB(2), MIB(2), iova));
	CU_ASSERT_TRUE(unit_map(MIB(16), MIB(2)) >= iova + MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap_iova(follower[0], iova, MIB(2)), 1);
	CU_ASSERT_NOT_EQUAL(unit_map(MIB(32), MIB(2)), iova);
	CU_ASSERT_EQUAL(ioas_unmap_iova(follower[1], iova, MIB(2)), 1);
	/* Memory that all have as well is an alias, in both directions. */
	CU_ASSERT_EQUAL(ioas_map_fixed(follower[0], VA(MIB(16)), MIB(2), GIB(3)), 0);
	CU_ASSERT_NOT_EQUAL(lookup(follower[0], MIB(16)), GIB(3));
	CU_ASSERT_EQUAL(model_translate(models[0], GIB(3)), BASE + MIB(16));
	CU_ASSERT_EQUAL(ioas_map_fixed(follower[1], VA(MIB(64)), MIB(2), GIB(5)), 0);
	CU_ASSERT_NOT_EQUAL(unit_map(MIB(64), MIB(2)), GIB(5));
	CU_ASSERT_EQUAL(lookup(follower[1], MIB(64)), GIB(5));
	destroy_all();
}

/* If a later device reserves a memory's IOVA, the memory gets another one there, or the device is refused. */
static void
moved(bool same_iova)
{
	uint64_t iova[2], other;

	unit_create(false);
	models[0] = nic_model;
	models[1] = unit_add_device(NIC2, &low_hole);
	CU_ASSERT_EQUAL_FATAL(create_follower(0, same_iova), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	iova[0] = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(iova[0], GIB(64));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), MIB(2), GIB(60)), 0);
	CU_ASSERT_EQUAL_FATAL(create_follower(1, same_iova), 0);
	if (same_iova) {
		REFUSED(ioas_attach(follower[1], NIC2, NULL, &nics[1]), -EADDRINUSE,
			"2 MiB|0x1000000000|other devices|before memory is mapped");
		CU_ASSERT_EQUAL(maps_of(follower[1]), 0);
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
		CU_ASSERT_EQUAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
	} else {
		CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
		other = lookup(follower[1], 0);
		CU_ASSERT_NOT_EQUAL(other, iova[0]);
		CU_ASSERT_TRUE(reaches(1, 0, MIB(2), other));
		CU_ASSERT_TRUE(reaches(0, 0, MIB(2), iova[0]));
		/* No other memory where the copy is. */
		CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(8)), MIB(2), other), 0);
		CU_ASSERT_NOT_EQUAL(lookup(follower[1], MIB(8)), other);
		CU_ASSERT_TRUE(reaches(1, MIB(8), MIB(2), lookup(follower[1], MIB(8))));
	}
	CU_ASSERT_TRUE(reaches(1, MIB(2), MIB(2), GIB(60)));
	/* From now on chosen IOVAs are usable by both. */
	iova[1] = unit_map(MIB(32), MIB(2));
	CU_ASSERT_TRUE(iova[1] >= GIB(66));
	CU_ASSERT_TRUE(reaches(0, MIB(32), MIB(2), iova[1]) && reaches(1, MIB(32), MIB(2), iova[1]));
	destroy_all();
	CU_ASSERT_EQUAL(model_areas(), maps_of(space));
}

static void
moved_copies(void)
{
	moved(false);
}

static void
refused_copies(void)
{
	moved(true);
}

/* The follower's own memory has the same IOVA: the map is refused, for all. */
static void
refused_map(void)
{
	create_all(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(follower[0], VA(0), MIB(2), GIB(8)), 0);
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), MIB(2), GIB(8)), -EADDRINUSE, "2 MiB|0x200000000");
	CU_ASSERT_EQUAL(model_translate(models[1], GIB(8)), UINT64_MAX);
	CU_ASSERT_TRUE(knows_none(follower[1], MIB(2), MIB(2)));
	destroy_all();
}

/* The usable IOVAs of the root are those that all can use. */
static void
ranges(void)
{
	struct ioas_range list[8];
	struct ioas_info info;

	create_all(false);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.devices, 0);
	CU_ASSERT_EQUAL(info.aperture.last, GIB(512) - 1);
	CU_ASSERT_EQUAL(ioas_ranges(space, list, 8), 2);
	CU_ASSERT_EQUAL(list[0].last, 0xfedfffff);
	CU_ASSERT_EQUAL(list[1].first, 0xfef00000);
	ioas_get_info(follower[1], &info);
	CU_ASSERT_EQUAL(info.aperture.last, (UINT64_C(1) << 48) - 1);
	REFUSED(ioas_map_fixed(space, VA(0), MIB(2), GIB(512)), -EINVAL, "beyond the aperture");
	CU_ASSERT_EQUAL(ioas_map_fixed(follower[1], VA(0), MIB(2), GIB(512)), 0);
	/* They grow when a device goes. With a space's last device they only grow when the space goes. */
	ioas_detach(nics[0]);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.aperture.last, GIB(512) - 1);
	ioas_destroy(follower[0]);
	follower[0] = NULL;
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.aperture.last, (UINT64_C(1) << 48) - 1);
	CU_ASSERT_EQUAL(ioas_check_fixed(space, GIB(512), MIB(2), NULL), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), MIB(2), GIB(512) + MIB(2)), 0);
	CU_ASSERT_TRUE(reaches(1, MIB(2), MIB(2), GIB(512) + MIB(2)));
	destroy_all();
}

/* After the last follower has gone, the root has the IOVAs of its own devices again. */
static void
alone_again(void)
{
	struct ioas_device *device;
	struct ioas_info info;

	unit_create(false);
	unit_add_device(NIC2, &model_intel48);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC2, NULL, &device), 0);
	CU_ASSERT_EQUAL_FATAL(create_follower(0, false), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.aperture.last, GIB(512) - 1);
	destroy_all();
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.aperture.last, (UINT64_C(1) << 48) - 1);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(512)), 0);
}

/* They stay those of a device that has left the root, because it may come back. */
static void
comes_back(void)
{
	struct ioas_device *device;
	uint64_t iova;

	unit_create(false);
	unit_add_device(NIC2, &low_hole);
	models[0] = nic_model;
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC2, NULL, &device), 0);
	ioas_detach(device);
	CU_ASSERT_EQUAL_FATAL(create_follower(0, true), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_TRUE(iova >= GIB(66) && reaches(0, 0, MIB(2), iova));
	CU_ASSERT_EQUAL(ioas_attach(space, NIC2, NULL, &device), 0);
	destroy_all();
}

/* A device reserves all that is left of the window: a copy has no place. */
static void
no_place(void)
{
	const struct ioas_range around = { GIB(64) - MIB(4), GIB(64) + MIB(4) - 1 };

	unit_create_window(around.first, around.last);
	unit_add_device(NIC2, &low_hole);
	for (uint64_t i = 0; i < 4; i++)
		unit_map(i * MIB(2), MIB(2));
	CU_ASSERT_EQUAL_FATAL(create_follower(1, false), 0);
	REFUSED(ioas_attach(follower[1], NIC2, NULL, &nics[1]), -ENOSPC,
		"2 MiB|for another device|larger window");
	CU_ASSERT_EQUAL(maps_of(follower[1]), 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(8)), 4);
	CU_ASSERT_EQUAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
	destroy_all();
}

/* A device of a group that the program keeps open has no access after its space was destroyed. */
static void
kept_open(void)
{
	uint64_t iova, own;

	/* A character device can be detached while it is open. */
	if (!unit_backend_is("groups"))
		return;
	create_all(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_map(follower[0], VA(MIB(16)), MIB(2), &own), 0);
	model_device_hold(models[0], true);
	ioas_detach(nics[0]);
	ioas_destroy(follower[0]);
	follower[0] = NULL;
	CU_ASSERT_EQUAL(model_translate(models[0], iova), UINT64_MAX);
	CU_ASSERT_EQUAL(model_translate(models[0], own), UINT64_MAX);
	CU_ASSERT_EQUAL(model_areas(), 2);
	model_device_hold(models[0], false);
	destroy_all();
}

/* Window and reservations are those of the root. */
static void
window(void)
{
	uint64_t iova;

	create_all(false);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), GIB(1)), 0);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(unit_map(GIB(1) - MIB(2), MIB(2)), iova + GIB(1) - MIB(2));
	CU_ASSERT_EQUAL(ioas_map(follower[0], VA(GIB(4)), MIB(2), &iova), 0);
	REFUSED(ioas_set_window(space, (struct ioas_range){ 0, iova - 1 }), -EADDRINUSE, "already");
	CU_ASSERT_EQUAL(ioas_unmap(follower[0], VA(GIB(4)), MIB(2)), 1);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), GIB(1)), 2);
	CU_ASSERT_EQUAL(ioas_set_window(follower[0], (struct ioas_range){ GIB(2), GIB(3) - 1 }), 0);
	iova = unit_map(GIB(8), MIB(2));
	CU_ASSERT_TRUE(iova >= GIB(2) && iova < GIB(3));
	CU_ASSERT_EQUAL(ioas_map(follower[1], VA(GIB(4)), MIB(2), &iova), 0);
	CU_ASSERT_TRUE(iova >= GIB(2) && iova < GIB(3));
	/* The IOVAs of a destroyed space are free. */
	CU_ASSERT_EQUAL(ioas_map(follower[1], VA(GIB(64)), MIB(512), NULL), 0);
	CU_ASSERT_EQUAL(ioas_map(space, VA(GIB(65)), MIB(512), NULL), -ENOSPC);
	destroy_all();
	unit_map(GIB(65), MIB(512));
}

/* Only with iommufd. */
static void
other_backends(void)
{
	struct ioas_options options = unit_options();
	struct ioas *other = NULL;

	options.backend = "type1";
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &space), 0);
	options.backend = NULL;
	options.follow = space;
	REFUSED(ioas_create(&options, &other), -EOPNOTSUPP, "backend type1|use backend iommufd");
}

/* With its first device a space gets the existing memory, and aliases as aliases. */
static void
late(void)
{
	uint64_t iova;

	unit_create(true);
	models[0] = nic_model;
	models[1] = unit_add_device(NIC2, &model_intel39);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(9)), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), GIB(7)), 0);
	iova = unit_map(MIB(4), MIB(2));
	CU_ASSERT_EQUAL_FATAL(create_follower(1, true), 0);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(8)), MIB(2), GIB(5)), 0);
	CU_ASSERT_EQUAL(maps_of(follower[1]), 0);
	CU_ASSERT_EQUAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
	CU_ASSERT_EQUAL(maps_of(follower[1]), 4);
	CU_ASSERT_TRUE(reaches(1, MIB(8), MIB(2), GIB(5)));
	CU_ASSERT_TRUE(reaches(1, 0, MIB(2), GIB(9)));
	CU_ASSERT_TRUE(reaches(1, MIB(4), MIB(2), iova));
	CU_ASSERT_EQUAL(model_translate(models[1], GIB(7) + PAGE), BASE + PAGE);
	/* The devices of the root cannot access the follower's own memory. */
	CU_ASSERT_EQUAL(ioas_map(follower[1], VA(GIB(1)), MIB(2), &iova), 0);
	CU_ASSERT_EQUAL(model_translate(models[0], iova), UINT64_MAX);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 2);
	CU_ASSERT_EQUAL(maps_of(follower[1]), 3);
	destroy_all();
}

static void
wrong(void)
{
	struct ioas_options options = unit_options();
	struct ioas *third = NULL;

	create_all(false);
	options.backend = NULL;
	options.follow = follower[0];
	REFUSED(ioas_create(&options, &third), -EINVAL, "must not follow a third");
	options.follow = space;
	options.window.last = MIB(4) - 1;
	REFUSED(ioas_create(&options, &third), -EINVAL, "takes backend, window, descriptors and quarantine");
	options.window.last = 0;
	options.backend = "iommufd";
	REFUSED(ioas_create(&options, &third), -EINVAL, "takes backend, window, descriptors and quarantine");
	REFUSED(ioas_attach(follower[1], NIC, NULL, &nics[1]), -EEXIST, "attached already");
	REFUSED(ioas_attach(space, NIC2, NULL, &nics[1]), -EEXIST, "attached already");
	/* The root stays. */
	ioas_destroy(space);
	CU_ASSERT_TRUE(unit_logged("others follow|destroy those first"));
	unit_map(0, MIB(2));
	destroy_all();
}

/* The IOMMU cannot tell devices of one group apart. */
static void
one_group(void)
{
	struct model_device *second;

	unit_create(false);
	second = unit_add_device(NIC2, &model_intel39);
	model_device_join(second, nic_model);
	CU_ASSERT_EQUAL_FATAL(create_follower(0, true), 0);
	CU_ASSERT_EQUAL_FATAL(create_follower(1, true), 0);
	CU_ASSERT_EQUAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	REFUSED(ioas_attach(follower[1], NIC2, NULL, &nics[1]), -EINVAL,
		NIC2 "|group 0|" NIC "|cannot tell them apart");
	CU_ASSERT_EQUAL(ioas_attach(follower[0], NIC2, NULL, &nics[1]), 0);
	destroy_all();
}

/* The n-th call of a map, an attach or an unmap fails: no space changes. */
static uint64_t
state_of_all(void)
{
	uint64_t state = unit_state();

	for (unsigned int i = 0; i < 2; i++)
		state = state * 31 + maps_of(follower[i]) + copies_in(follower[i]) * 7 +
			lookup(follower[i], 0) + lookup(follower[i], MIB(4));
	return state;
}

static void
failures(void)
{
	unsigned int failed = 0;

	create_all(true);
	unit_map(0, MIB(2));
	for (unsigned int n = 1;; n++) {
		const uint64_t before = state_of_all();
		int ret;

		model_fail(n, 0, -EIO);
		ret = ioas_map(space, VA(MIB(4) + PAGE), MIB(2), NULL);
		if (ret < 0) {
			failed++;
			CU_ASSERT_TRUE(unit_logged("cannot map|2 MiB"));
			CU_ASSERT_EQUAL(state_of_all(), before);
			continue;
		}
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(4)), MIB(4)), 1);
		if (model.failed == MODEL_CALLS)
			break;
	}
	ioas_detach(nics[1]);
	for (unsigned int n = 1;; n++) {
		uint64_t areas;
		int ret;

		ioas_destroy(follower[1]);
		CU_ASSERT_EQUAL_FATAL(create_follower(1, true), 0);
		areas = model_areas();
		model_fail(n, ~(1u << MODEL_UNMAP), -EIO);
		ret = ioas_attach(follower[1], NIC2, NULL, &nics[1]);
		if (ret == 0)
			break;
		failed++;
		CU_ASSERT_TRUE(unit_logged("cannot"));
		CU_ASSERT_EQUAL(maps_of(follower[1]), 0);
		CU_ASSERT_EQUAL(model_attached(), 1);
		CU_ASSERT_EQUAL(model_areas(), areas);
	}
	model_fail(0, 0, 0);
	CU_ASSERT_TRUE(reaches(1, 0, MIB(2), unit_lookup(VA(0))));
	printf("%u calls failed ", failed);
	CU_ASSERT_TRUE(failed >= 6);
	destroy_all();
}

/* Memory of all spaces comes and goes, and so do the own memory of one space and the device of the other. */
static atomic_uint mistakes;

static void
map_and_unmap(struct ioas *in, uint64_t offset)
{
	for (unsigned int i = 0; i < 500; i++) {
		uint64_t iova;

		if (ioas_map(in, VA(offset), PAGE * (1 + i % 7), &iova) != 0 ||
		    lookup(in, offset) != iova || lookup(follower[0], offset) != iova ||
		    model_translate(models[0], iova) != BASE + offset ||
		    ioas_unmap(in, VA(offset), MIB(1)) != 1 ||
		    lookup(follower[0], offset) != IOAS_BAD_IOVA)
			atomic_fetch_add(&mistakes, 1);
	}
}

static void *
all_goes_on(void *arg)
{
	map_and_unmap(space, *(uint64_t *)arg);
	return NULL;
}

static void *
own_goes_on(void *arg)
{
	map_and_unmap(follower[0], *(uint64_t *)arg);
	return NULL;
}

static void
at_once(void)
{
	uint64_t at[] = { MIB(16), MIB(32), MIB(48) };
	pthread_t threads[3];
	uint64_t iova;

	create_all(true);
	iova = unit_map(0, MIB(2));
	atomic_store(&mistakes, 0);
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, i < 2 ? all_goes_on
							     : own_goes_on, &at[i]), 0);
	for (unsigned int i = 0; i < 30; i++) {
		ioas_detach(nics[1]);
		ioas_destroy(follower[1]);
		CU_ASSERT_EQUAL_FATAL(create_follower(1, true), 0);
		CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
		CU_ASSERT_TRUE(reaches(1, 0, MIB(2), iova));
	}
	for (unsigned int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(atomic_load(&mistakes), 0);
	CU_ASSERT_EQUAL(maps_of(space), 1);
	CU_ASSERT_EQUAL(maps_of(follower[0]), 1);
	CU_ASSERT_EQUAL(maps_of(follower[1]), 1);
	CU_ASSERT_EQUAL(model_areas(), 3);
	destroy_all();
}

static uint64_t
in_quarantine(struct ioas *in)
{
	struct ioas_info info;

	ioas_get_info(in, &info);
	return info.quarantine;
}

static bool
holds(struct ioas *in, uint64_t iova)
{
	struct ioas_explanation is;

	ioas_explain(in, iova, &is);
	return is.state == IOAS_IOVA_UNMAPPED && is.quarantined;
}

/* IOVAs in quarantine in any space are not chosen. Maps that failed half-way are in no quarantine. */
static void
quarantine(void)
{
	uint64_t iova, own;

	create_all_with(true, MIB(6));
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), MIB(64)), 0);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_TRUE(holds(space, iova) && holds(follower[0], iova) && holds(follower[1], iova));
	CU_ASSERT_EQUAL(ioas_map(follower[1], VA(0), MIB(2), &own), 0);
	CU_ASSERT_NOT_EQUAL(own, iova);
	CU_ASSERT_EQUAL(ioas_unmap(follower[1], VA(0), MIB(2)), 1);
	CU_ASSERT_TRUE(holds(follower[1], own) && !holds(follower[0], own) && !holds(space, own));
	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t next = unit_map(0, MIB(2));

		CU_ASSERT_TRUE(next != iova && next != own);
		CU_ASSERT_TRUE(reaches(0, 0, MIB(2), next) && reaches(1, 0, MIB(2), next));
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	}
	CU_ASSERT_EQUAL(in_quarantine(space), MIB(6));
	CU_ASSERT_EQUAL(in_quarantine(follower[0]), MIB(6));
	CU_ASSERT_EQUAL(in_quarantine(follower[1]), MIB(6));
	CU_ASSERT_FALSE(holds(follower[1], iova));

	model_fail(2, 1u << MODEL_COPY, -ENOMEM);
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), MIB(2), NULL), -ENOMEM);
	model_fail(0, 0, 0);
	CU_ASSERT_EQUAL(in_quarantine(space), MIB(6));
	CU_ASSERT_TRUE(holds(space, iova));
	model_fail(2, 1u << MODEL_COPY, -ENOMEM);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), own), -ENOMEM);
	model_fail(0, 0, 0);
	CU_ASSERT_TRUE(holds(follower[1], own));
	for (unsigned int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(in_quarantine(follower[i]), MIB(6));

	/* A fixed IOVA leads there for all. */
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), MIB(2), own), 0);
	CU_ASSERT_TRUE(reaches(0, 0, MIB(2), own) && reaches(1, 0, MIB(2), own));
	/* A device that goes takes its quarantine along, and comes back to the mapped memory. */
	ioas_detach(nics[1]);
	ioas_destroy(follower[1]);
	CU_ASSERT_EQUAL_FATAL(create_follower(1, true), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[1], NIC2, NULL, &nics[1]), 0);
	CU_ASSERT_EQUAL(in_quarantine(follower[1]), 0);
	CU_ASSERT_TRUE(reaches(1, 0, MIB(2), own));
	destroy_all();
}

/* All IOVAs are in use, or in quarantine in some space. */
static void
quarantine_gives_way(void)
{
	struct ioas_options options = unit_options();
	uint64_t iova;

	options.window = (struct ioas_range){ MIB(64), MIB(72) - 1 };
	options.quarantine = UINT64_MAX;
	unit_create_with(&options, false);
	CU_ASSERT_EQUAL_FATAL(create_follower(0, false), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(follower[0], NIC, NULL, &nics[0]), 0);
	for (unsigned int i = 0; i < 9; i++) {
		struct ioas *const in = i % 2 == 0 ? space : follower[0];

		CU_ASSERT_EQUAL(ioas_map(in, VA(0), MIB(2), &iova), 0);
		CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING) > 0, i >= 4);
		CU_ASSERT_EQUAL(ioas_unmap(in, VA(0), MIB(2)), 1);
	}
	ioas_destroy(follower[0]);
	follower[0] = NULL;
}

UNIT_MAIN("follow",
	  { "memory of all", shared },
	  { "pinned once", pinned_once },
	  { "memory of one", own },
	  { "memory of one, at stated IOVAs", own_fixed },
	  { "another IOVA where a device reserves it", moved_copies },
	  { "the same IOVA or none", refused_copies },
	  { "the same IOVA is in use", refused_map },
	  { "no IOVA for a copy", no_place },
	  { "usable IOVAs", ranges },
	  { "those that follow are gone", alone_again },
	  { "a device of what is followed comes back", comes_back },
	  { "a device is kept open", kept_open },
	  { "window and reservations", window },
	  { "a space that comes late", late },
	  { "wrong options", wrong },
	  { "other backends", other_backends },
	  { "devices of one group", one_group },
	  { "calls that fail", failures },
	  { "quarantine", quarantine },
	  { "the quarantine gives way", quarantine_gives_way },
	  { "all at once", at_once })
