/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A sequence that passes is run again and again; in the n-th run its n-th system call fails. A
 * function that fails must have changed nothing, must succeed when it is called again, and in the
 * end nothing may be left over.
 */

#include <stdio.h>

#include "unit.h"

#define NIC2 "0000:00:03.0"

static struct ioas_device *nic2;

static int
step_create(void)
{
	const struct ioas_options options = unit_options();

	return ioas_create(&options, &space);
}

static int
step_map_early(void)
{
	return ioas_map(space, VA(GIB(1)), MIB(2), NULL);
}

static int
step_attach(void)
{
	return ioas_attach(space, NIC, NULL, &nic);
}

static int
step_map(void)
{
	return ioas_map(space, VA(0), MIB(2), NULL);
}

static int
step_map_details(void)
{
	return ioas_map(space, VA(MIB(4) + PAGE), MIB(4), NULL);
}

static int
step_map_fixed(void)
{
	return ioas_map_fixed(space, VA(MIB(16)), KIB(12), MIB(512));
}

static int
step_alias(void)
{
	return ioas_map_fixed(space, VA(0), MIB(2), MIB(768));
}

static int
step_hot_attach(void)
{
	return ioas_attach(space, NIC2, NULL, &nic2);
}

static int
step_reserve(void)
{
	return ioas_reserve(space, VA(GIB(4) + MIB(256)), MIB(128));
}

static int
step_map_reserved(void)
{
	return ioas_map(space, VA(GIB(4) + MIB(256)), MIB(2), NULL);
}

static int
step_unmap(void)
{
	const int ret = ioas_unmap(space, VA(0), MIB(16));

	CU_ASSERT_TRUE(unit_unmapped(0, MIB(16)));
	return ret;
}

static int
step_detach(void)
{
	ioas_detach(nic2);
	return 0;
}

static int
step_map_again(void)
{
	return ioas_map(space, VA(0), MIB(2), NULL);
}

static int
step_unmap_reserved(void)
{
	return ioas_unmap(space, VA(GIB(4) + MIB(256)), GIB(1));
}

static int
step_map_reserved_again(void)
{
	return ioas_map(space, VA(GIB(4) + MIB(256)), MIB(2), NULL);
}

static const struct {
	const char *name;
	int (*run)(void);
	int answer;
} steps[] = {
	{ "create", step_create, 0 },
	{ "map early", step_map_early, 0 },
	{ "attach", step_attach, 0 },
	{ "map", step_map, 0 },
	{ "map details", step_map_details, 0 },
	{ "map fixed", step_map_fixed, 0 },
	{ "alias", step_alias, 0 },
	{ "hot attach", step_hot_attach, 0 },
	{ "reserve", step_reserve, 0 },
	{ "map reserved", step_map_reserved, 0 },
	{ "unmap", step_unmap, 3 },
	{ "detach", step_detach, 0 },
	{ "map again", step_map_again, 0 },
	{ "unmap reserved", step_unmap_reserved, 1 },
	{ "map reserved again", step_map_reserved_again, 0 },
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

/* Whether an area that the kernel has is one that the space does not know. */
static uint64_t
lost_areas(void)
{
	struct ioas_info info;

	ioas_get_info(space, &info);
	return model_areas() - unit_kernel_areas(info.maps);
}

static void
run_steps(unsigned int n, int error)
{
	bool failed_once = false;

	for (unsigned int i = 0; i < N_STEPS; i++) {
		const uint64_t before = unit_state();
		const unsigned int lines = unit_lines(IOAS_LOG_ERR);
		int ret = steps[i].run();

		if (ret < 0) {
			const int expected = model.failed == MODEL_RESERVE ? -ENOMEM : error;

			if (ret != expected || unit_state() != before || failed_once ||
			    unit_lines(IOAS_LOG_ERR) == lines)
				fprintf(stderr, "\ncall %u, error %d: %s: %d\n", n, error,
					steps[i].name, ret);
			CU_ASSERT_EQUAL(ret, expected);
			CU_ASSERT_EQUAL(unit_state(), before);
			CU_ASSERT_FALSE(failed_once);
			CU_ASSERT_NOT_EQUAL(unit_lines(IOAS_LOG_ERR), lines);
			failed_once = true;
			ret = steps[i].run();
		}
		if (ret != steps[i].answer)
			fprintf(stderr, "\ncall %u, error %d: %s: %d\n", n, error, steps[i].name,
				ret);
		CU_ASSERT_EQUAL_FATAL(ret, steps[i].answer);
	}
	/* On POWER also when a device goes, and then nothing is lost. */
	if (unit_backend_is("spapr") && model.failed == MODEL_UNMAP) {
		CU_ASSERT_TRUE(lost_areas() <= 1);
	} else {
		CU_ASSERT_EQUAL(lost_areas(), model.failed == MODEL_UNMAP ? 1 : 0);
	}
}

static void
sweep(int error)
{
	unsigned int n = 0;

	unit_add_device(NIC2, &model_intel48);
	do {
		model_fail(++n, 0, error);
		run_steps(n, error);
		ioas_destroy(space);
		space = NULL;
		CU_ASSERT_EQUAL(model_open_files(), 0);
		CU_ASSERT_EQUAL(model_pinned(), 0);
	} while (model.failed != MODEL_CALLS);
	printf("%u calls failed ", n - 1);
	CU_ASSERT_TRUE(n > 20);
}

static void
no_memory(void)
{
	sweep(-ENOMEM);
}

static void
io_error(void)
{
	sweep(-EIO);
}

static void
no_permission(void)
{
	sweep(-EPERM);
}

static void
interrupted(void)
{
	sweep(-EINTR);
}

/* An unmap that fails, which it never should: its IOVAs are not given to anything else. */
static void
unmap_fails(void)
{
	uint64_t iova;

	unit_create_window(MIB(512), MIB(520) - 1);
	iova = unit_map(0, MIB(2));
	model_fail(1, 1u << MODEL_UNMAP, -EIO);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_TRUE(unit_logged("cannot unmap|2 MiB|Input/output error"));
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	for (uint64_t i = 0; i < 3; i++)
		CU_ASSERT_NOT_EQUAL(unit_map(i * MIB(4), MIB(2)), iova);
	REFUSED(ioas_map(space, VA(GIB(1)), MIB(2), NULL), -ENOSPC, "no free range");
}

UNIT_MAIN("failure",
	  { "the n-th call: no memory", no_memory },
	  { "the n-th call: input/output error", io_error },
	  { "the n-th call: no permission", no_permission },
	  { "the n-th call: interrupted", interrupted },
	  { "an unmap fails", unmap_fails })
