/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Runs successful sequences again and again. In the n-th run the n-th system call fails, or the n-th call of
 * libc (failing.h). A function that fails must have changed nothing and logged the reason, must succeed when
 * it is called again, and in the end nothing may be left over.
 */

#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failing.h"
#include "unit.h"

#define NIC2 "0000:00:03.0"
/* Memory that fits only into a further window of POWER. */
#define LARGE GIB(16)

struct step {
	const char *name;
	int (*run)(void);
	int answer;
};

static struct ioas_device *nic2;
/* Followers. */
static struct ioas *follower, *follower2;
static int backend_fd, device_fd;

/* --- One space --- */

static int
create(void)
{
	const struct ioas_options options = unit_options();

	return ioas_create(&options, &space);
}

static int
map_early(void)
{
	return ioas_map(space, VA(GIB(1)), MIB(2), NULL);
}

/* Opened through the right node, whatever has failed. */
static int
attach_to(struct ioas *in, const char *name, const struct ioas_attach_options *options,
	  struct ioas_device **device)
{
	const int ret = ioas_attach(in, name, options, device);

	if (ret == 0)
		CU_ASSERT_EQUAL(model_device_find(name)->bound_fd >= 0, unit_backend_is("iommufd"));
	return ret;
}

static int
attach(void)
{
	return attach_to(space, NIC, NULL, &nic);
}

static int
device_info(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return ioas_device_info(nic, &info);
}

static int
map(void)
{
	return ioas_map(space, VA(0), MIB(2), NULL);
}

static int
map_details(void)
{
	return ioas_map(space, VA(MIB(4) + PAGE), MIB(4), NULL);
}

/* Beyond the flat table. */
static int
map_far(void)
{
	return ioas_map(space, AT(UINT64_C(1) << 50), MIB(2), NULL);
}

static int
map_fixed(void)
{
	return ioas_map_fixed(space, VA(MIB(16)), KIB(12), MIB(512));
}

static int
alias(void)
{
	return ioas_map_fixed(space, VA(0), MIB(2), MIB(768));
}

static int
hot_attach(void)
{
	return attach_to(space, NIC2, NULL, &nic2);
}

static int
reserve(void)
{
	return ioas_reserve(space, VA(GIB(4) + MIB(256)), MIB(128));
}

static int
map_reserved(void)
{
	return ioas_map(space, VA(GIB(4) + MIB(256)), MIB(2), NULL);
}

static int
set_window(void)
{
	return ioas_set_window(space, (struct ioas_range){ PAGE, GIB(256) - 1 });
}

static int
unmap(void)
{
	const int ret = ioas_unmap(space, VA(0), MIB(16));

	CU_ASSERT_TRUE(unit_unmapped(0, MIB(16)));
	return ret;
}

/* Memory goes in parts. Lookups still find the rest. */
static int
forget_part(void)
{
	ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(4) + PAGE), MIB(1)), true);
	ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(6)), PAGE), true);
	CU_ASSERT_TRUE(unit_unmapped(MIB(4), MIB(1)));
	CU_ASSERT_EQUAL(ioas_lookup_or_wait(space, VA(MIB(6))), IOAS_BAD_IOVA);
	CU_ASSERT_NOT_EQUAL(ioas_lookup_or_wait(space, VA(MIB(7))), IOAS_BAD_IOVA);
	ioas_forget_end(space, ioas_forget_begin(space, VA(MIB(6)), MIB(1)), false);
	CU_ASSERT_NOT_EQUAL(ioas_lookup_or_wait(space, VA(MIB(7) - 1)), IOAS_BAD_IOVA);
	CU_ASSERT_EQUAL(ioas_lookup_or_wait(space, VA(MIB(6))), IOAS_BAD_IOVA);
	return 0;
}

/* All of an area and its alias. */
static int
forget_all(void)
{
	ioas_forget_end(space, ioas_forget_begin(space, VA(0), MIB(2)), true);
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
	CU_ASSERT_EQUAL(ioas_lookup_or_wait(space, VA(0)), IOAS_BAD_IOVA);
	return 0;
}

static int
unmap_iova(void)
{
	return ioas_unmap_iova(space, MIB(512), MIB(1));
}

static int
detach(void)
{
	ioas_detach(nic2);
	return 0;
}

static int
unmap_reserved(void)
{
	return ioas_unmap(space, VA(GIB(4) + MIB(256)), GIB(1));
}

/* The last device goes, and comes back to mapped memory. */
static int
detach_last(void)
{
	ioas_detach(nic);
	return 0;
}

static const struct step one_space[] = {
	{ "create", create, 0 },
	{ "map early", map_early, 0 },
	{ "attach", attach, 0 },
	{ "device info", device_info, 0 },
	{ "map", map, 0 },
	{ "map details", map_details, 0 },
	{ "map far", map_far, 0 },
	{ "map fixed", map_fixed, 0 },
	{ "alias", alias, 0 },
	{ "hot attach", hot_attach, 0 },
	{ "reserve", reserve, 0 },
	{ "map reserved", map_reserved, 0 },
	{ "forget a part", forget_part, 0 },
	{ "forget all", forget_all, 0 },
	{ "unmap", unmap, 1 },
	{ "unmap by IOVA", unmap_iova, 1 },
	{ "detach", detach, 0 },
	{ "map again", map, 0 },
	{ "unmap reserved", unmap_reserved, 1 },
	{ "map reserved again", map_reserved, 0 },
	{ "detach the last", detach_last, 0 },
	{ "attach again", attach, 0 },
	{ NULL, NULL, 0 },
};

/* --- A window on POWER --- */

static int
map_large(void)
{
	return ioas_map(space, VA(LARGE), GIB(2), NULL);
}

static int
unmap_large(void)
{
	return ioas_unmap(space, VA(LARGE), GIB(2));
}

static const struct step further_window[] = {
	{ "create", create, 0 },
	{ "attach", attach, 0 },
	{ "map", map, 0 },
	{ "map large", map_large, 0 },
	{ "hot attach", hot_attach, 0 },
	{ "unmap large", unmap_large, 1 },
	{ "map large again", map_large, 0 },
	{ "detach", detach, 0 },
	{ NULL, NULL, 0 },
};

static const struct step windows_of_two[] = {
	{ "create", create, 0 },
	{ "attach", attach, 0 },
	{ "hot attach", hot_attach, 0 },
	{ "map large", map_large, 0 },
	{ "detach", detach, 0 },
	{ "attach again", hot_attach, 0 },
	{ NULL, NULL, 0 },
};

/* --- Followers --- */

static int
follow(struct ioas **out, bool same_iova)
{
	struct ioas_options options = unit_options();

	options.backend = NULL;
	options.follow = space;
	options.same_iova = same_iova;
	return ioas_create(&options, out);
}

static int
create_follower(void)
{
	return follow(&follower, false);
}

static int
create_follower2(void)
{
	return follow(&follower2, true);
}

static int
attach_follower(void)
{
	return attach_to(follower, NIC, NULL, &nic);
}

static int
attach_follower2(void)
{
	return attach_to(follower2, NIC2, NULL, &nic2);
}

static int
map_own(void)
{
	return ioas_map(follower, VA(GIB(2)), MIB(2), NULL);
}

static int
unmap_own(void)
{
	return ioas_unmap(follower, VA(GIB(2)), MIB(2));
}

static int
destroy_follower2(void)
{
	ioas_destroy(follower2);
	follower2 = NULL;
	return 0;
}

static const struct step followed[] = {
	{ "create", create, 0 },
	{ "map early", map_early, 0 },
	{ "map", map, 0 },
	{ "alias", alias, 0 },
	{ "create a follower", create_follower, 0 },
	{ "attach to it", attach_follower, 0 },
	{ "create another", create_follower2, 0 },
	{ "attach to that", attach_follower2, 0 },
	{ "map for both", map_details, 0 },
	{ "map fixed for both", map_fixed, 0 },
	{ "reserve", reserve, 0 },
	{ "map reserved", map_reserved, 0 },
	{ "map for one", map_own, 0 },
	{ "set a window", set_window, 0 },
	{ "forget a part", forget_part, 0 },
	{ "forget all", forget_all, 0 },
	{ "unmap", unmap, 1 },
	{ "unmap by IOVA", unmap_iova, 1 },
	{ "map again", map, 0 },
	{ "unmap of one", unmap_own, 1 },
	{ "detach", detach, 0 },
	{ "attach again", attach_follower2, 0 },
	{ "destroy a follower", destroy_follower2, 0 },
	{ "unmap again", unmap, 1 },
	{ NULL, NULL, 0 },
};

/* --- Descriptors, explicit page tables, PASIDs --- */

static const char *
backend_node(void)
{
	return unit_backend_is("type1") ? "/dev/vfio/vfio" : "/dev/iommu";
}

static int
create_with_descriptors(void)
{
	const struct ioas_descriptor given[] = {
		{ backend_node(), backend_fd },
		{ unit_node(), device_fd },
	};
	struct ioas_options options = unit_options();

	options.descriptors = given;
	options.n_descriptors = 2;
	return ioas_create(&options, &space);
}

static const struct step handed_in[] = {
	{ "create", create_with_descriptors, 0 },
	{ "map early", map_early, 0 },
	{ "attach", attach, 0 },
	{ "map", map, 0 },
	{ "detach the last", detach_last, 0 },
	{ NULL, NULL, 0 },
};

/* A group that the kernel has not released, and that the caller keeps open, cannot come back. */
static const struct step handed_in_cdev[] = {
	{ "create", create_with_descriptors, 0 },
	{ "attach", attach, 0 },
	{ "map", map, 0 },
	{ "detach the last", detach_last, 0 },
	{ "attach again", attach, 0 },
	{ NULL, NULL, 0 },
};

/* The second is IOMMU_HWPT_ALLOC_PASID, as in Linux 6.15. */
#define HWPT_FLAGS (IOMMU_HWPT_ALLOC_DIRTY_TRACKING | 1u << 3)

static int
attach_hwpt(void)
{
	static const struct ioas_attach_options options = {
		.size = sizeof(options), .hwpt = true, .hwpt_flags = HWPT_FLAGS,
	};

	return attach_to(space, NIC, &options, &nic);
}

static int
attach_pasid(void)
{
	return ioas_attach_pasid(nic, 7);
}

static int
detach_pasid(void)
{
	ioas_detach_pasid(nic, 7);
	return 0;
}

static const struct step page_table[] = {
	{ "create", create, 0 },
	{ "map", map, 0 },
	{ "attach", attach_hwpt, 0 },
	{ "attach a PASID", attach_pasid, 0 },
	{ "detach it", detach_pasid, 0 },
	{ "attach it again", attach_pasid, 0 },
	{ "map fixed", map_fixed, 0 },
	{ "detach the last", detach_last, 0 },
	{ "attach again", attach_hwpt, 0 },
	{ NULL, NULL, 0 },
};

/* --- The sweep --- */

static uint64_t
maps_of(struct ioas *in)
{
	struct ioas_info info = { 0 };

	if (in != NULL)
		ioas_get_info(in, &info);
	return info.maps;
}

static uint64_t
known_areas(void)
{
	return unit_kernel_areas(maps_of(space) + maps_of(follower) + maps_of(follower2));
}

/* Everything that a failed call must not change. */
struct state {
	uint64_t all, followers[2];
};

static struct state
state_now(void)
{
	return (struct state){
		.all = unit_state(),
		.followers = { unit_state_of(follower), unit_state_of(follower2) },
	};
}

static void
destroy_all(void)
{
	ioas_destroy(follower2);
	ioas_destroy(follower);
	ioas_destroy(space);
	space = follower = follower2 = NULL;
}

/* The caller's descriptors. What they have bound stays bound while they are open. */
static void
open_nodes(void)
{
	backend_fd = ioas_sys->open(backend_node(), O_RDWR);
	device_fd = ioas_sys->open(unit_node(), O_RDWR);
	CU_ASSERT_TRUE_FATAL(backend_fd >= 0 && device_fd >= 0);
}

static void
close_nodes(void)
{
	ioas_sys->close(device_fd);
	ioas_sys->close(backend_fd);
}

/* A step that fails does so with this error, and only once. */
static void
run_step(const struct step *step, const char *what, unsigned int n, int error, bool *failed_once)
{
	const struct state before = state_now();
	const unsigned int lines = unit_lines(IOAS_LOG_ERR);
	struct state after;
	int ret = step->run();
	bool right;

	if (ret < 0) {
		after = state_now();
		right = ret == error && memcmp(&after, &before, sizeof(after)) == 0 &&
			!*failed_once && unit_lines(IOAS_LOG_ERR) != lines;
		if (!right)
			fprintf(stderr, "\n%s: call %u, error %d: %s: %d%s%s\n", what, n, error,
				step->name, ret,
				memcmp(&after, &before, sizeof(after)) == 0 ? "" : ", changed",
				unit_lines(IOAS_LOG_ERR) != lines ? "" : ", no line");
		CU_ASSERT_TRUE(right);
		*failed_once = true;
		ret = step->run();
	}
	if (ret != step->answer)
		fprintf(stderr, "\n%s: call %u, error %d: %s: %d\n", what, n, error, step->name, ret);
	CU_ASSERT_EQUAL_FATAL(ret, step->answer);
}

/* Runs a sequence in which at most one call fails. Returns whether the sequence reached that call. */
static bool
run_steps(const struct step *steps, const char *what, unsigned int n, int error, bool in_libc)
{
	const bool has_descriptors = steps == handed_in || steps == handed_in_cdev;
	const unsigned int descriptors = unit_open_descriptors();
	bool failed_once = false, came;

	model_fail(0, 0, 0);
	if (has_descriptors)
		open_nodes();
	if (in_libc)
		failing_arm(n);
	else
		model_fail(n, 0, error);
	for (; steps->name != NULL; steps++)
		run_step(steps, what, n, error, &failed_once);
	came = in_libc ? failing_has_failed() : model.failed != MODEL_CALLS;
	failing_arm(0);
	/* Only a failed unmap leaves an area behind; if a container ends, not even that does. */
	CU_ASSERT_TRUE(model_areas() <= known_areas() + (model.failed == MODEL_UNMAP));
	destroy_all();
	if (has_descriptors)
		close_nodes();
	CU_ASSERT_EQUAL(model_open_files(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(model_reserved(), 0);
	CU_ASSERT_EQUAL(unit_open_descriptors(), descriptors);
	return came;
}

static void
sweep_steps(const struct step *steps, const char *what)
{
	static const int errors[] = { -ENOMEM, -EIO, -EPERM, -EINTR };
	const unsigned int failures = CU_get_number_of_failures();
	unsigned int n;

	for (unsigned int i = 0; i < (unit_quick() ? 1 : 4); i++) {
		for (n = 1; run_steps(steps, what, n, errors[i], false); n++)
			if (CU_get_number_of_failures() > failures)
				return;
	}
	printf("%u system calls, ", n - 1);
	CU_ASSERT_TRUE(n > 10);
	for (n = 1; run_steps(steps, what, n, -ENOMEM, true); n++)
		if (CU_get_number_of_failures() > failures)
			return;
	printf("%u of libc failed ", n - 1);
	CU_ASSERT_TRUE(n > 10);
}

static void
sweep_one_space(void)
{
	unit_add_device(NIC2, &model_intel48);
	sweep_steps(one_space, "one space");
}

static void
sweep_old_container(void)
{
	unit_add_device(NIC2, &model_intel48);
	model.no_info_caps = true;
	sweep_steps(one_space, "a container that tells no ranges");
}

static void
sweep_emulated(void)
{
	unit_add_device(NIC2, &model_intel48);
	model.emulated = true;
	sweep_steps(one_space, "iommufd's emulated container");
}

static void
sweep_window(void)
{
	unit_add_device(NIC2, &model_intel48);
	sweep_steps(further_window, "a further window");
	sweep_steps(windows_of_two, "a further window in two containers");
}

static void
sweep_followed(void)
{
	unit_add_device(NIC2, &model_intel48);
	sweep_steps(followed, "spaces that follow");
}

static void
sweep_handed_in(void)
{
	sweep_steps(handed_in, "descriptors");
	if (unit_backend_is("iommufd"))
		sweep_steps(handed_in_cdev, "descriptors of a character device");
}

static void
sweep_page_table(void)
{
	model.hwpt_flags = HWPT_FLAGS;
	model.pasid = true;
	sweep_steps(page_table, "page table and PASID");
}

/* --- Outside the sweep --- */

/* An unmap fails, which should never happen: its IOVAs are not used again. */
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

/* Each time the kernel has more ranges than fit. */
static void
ranges_grow(void)
{
	struct ioas_range ranges[4];

	unit_create(false);
	model.growing = 3;
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_EQUAL(model.growing, unit_backend_is("spapr") ? 3 : 0);
	if (unit_backend_is("spapr"))
		return;
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 4), 2);
	CU_ASSERT_EQUAL(ranges[0].last, 0xfedfffff);
	CU_ASSERT_EQUAL(ranges[1].last, GIB(512) - 1);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), unit_map(0, MIB(2))));
}

/* A system call that a signal has interrupted is repeated. */
static void
interrupted(void)
{
	int ends[2], fd, n = 0;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	CU_ASSERT_EQUAL(write(ends[1], "abc", 3), 3);
	failing_interrupt(3);
	CU_ASSERT_EQUAL(ioas_sys_linux.ioctl(ends[0], FIONREAD, &n), 0);
	CU_ASSERT_EQUAL(n, 3);
	failing_interrupt(2);
	fd = ioas_sys_linux.open("/dev/null", O_RDONLY | O_CLOEXEC);
	CU_ASSERT_TRUE(fd >= 0);
	ioas_sys_linux.close(fd);
	close(ends[0]);
	close(ends[1]);
}

#define COMMON                                                                           \
	{ "the n-th call: one space", sweep_one_space },                                 \
	{ "an unmap fails", unmap_fails },                                               \
	{ "ranges grow", ranges_grow },                                                  \
	{ "interrupted", interrupted }

int
main(void)
{
	static const struct unit_test common[] = { COMMON };
	static const struct unit_test iommufd[] = {
		COMMON,
		{ "the n-th call: spaces that follow", sweep_followed },
		{ "the n-th call: descriptors", sweep_handed_in },
		{ "the n-th call: page table and PASID", sweep_page_table },
	};
	static const struct unit_test groups[] = {
		COMMON,
		{ "the n-th call: spaces that follow", sweep_followed },
		{ "the n-th call: descriptors", sweep_handed_in },
	};
	static const struct unit_test type1[] = {
		COMMON,
		{ "the n-th call: descriptors", sweep_handed_in },
		{ "the n-th call: a container that tells no ranges", sweep_old_container },
		{ "the n-th call: iommufd's emulated container", sweep_emulated },
	};
	static const struct unit_test spapr[] = {
		COMMON,
		{ "the n-th call: a further window", sweep_window },
	};
	const char *const backend = getenv("UNIT_BACKEND");
#define RUN(tests) unit_run("failure", tests, sizeof(tests) / sizeof(tests[0]))

	if (backend == NULL || strcmp(backend, "iommufd") == 0)
		return RUN(iommufd);
	if (strcmp(backend, "groups") == 0)
		return RUN(groups);
	if (strcmp(backend, "type1") == 0)
		return RUN(type1);
	return strcmp(backend, "spapr") == 0 ? RUN(spapr) : RUN(common);
}
