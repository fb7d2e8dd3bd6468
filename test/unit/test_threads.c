/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Readers look up while writers map and unmap. Most useful with the thread sanitizer. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <linux/vfio.h>

#include "unit.h"

#define READERS 3
#define ROUNDS 2000

static atomic_bool stop;
static uint64_t constant; /* the IOVA of VA(0) */

/* Memory that was mapped before the reader began never changes. Memory that comes and goes has a right IOVA
 * or none. The window is a GiB, and so is the distance of the addresses, so a right IOVA is recognisable. */
static void *
read_on(void *arg)
{
	const struct ioas_table *const table = ioas_table(space);
	uint64_t *const wrong = arg, n = 0;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		const uint64_t offset = n++ % 1024 * PAGE;
		uint64_t iova;

		if (ioas_lookup(table, VA(offset % MIB(2) + 5)) != constant + offset % MIB(2) + 5)
			++*wrong;
		iova = ioas_lookup(table, VA(MIB(16) + offset + 5));
		if (iova != IOAS_BAD_IOVA &&
		    ((iova & (PAGE - 1)) != 5 || iova < GIB(4) || iova >= GIB(5)))
			++*wrong;
	}
	return NULL;
}

static void *
write_on(void *arg)
{
	const uint64_t from = *(uint64_t *)arg;
	uint64_t *const wrong = arg;

	*wrong = 0;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const uint64_t length = i % 3 == 0 ? MIB(2) : PAGE * (1 + i % 7);
		uint64_t iova;

		if (ioas_map(space, VA(from), length, &iova) != 0 ||
		    unit_lookup(VA(from + length - 1)) != iova + length - 1 ||
		    ioas_unmap(space, VA(from), length) != 1 ||
		    unit_lookup(VA(from)) != IOAS_BAD_IOVA)
			++*wrong;
	}
	return NULL;
}

static void
readers_and_writers(void)
{
	uint64_t wrong[READERS] = { 0 }, first = MIB(16), second = MIB(18);
	pthread_t readers[READERS], writers[2];

	unit_create_window(GIB(4), GIB(5) - 1);
	constant = unit_map(0, MIB(2));
	atomic_store(&stop, false);
	for (unsigned int i = 0; i < READERS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&readers[i], NULL, read_on, &wrong[i]), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writers[0], NULL, write_on, &first), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writers[1], NULL, write_on, &second), 0);
	pthread_join(writers[0], NULL);
	pthread_join(writers[1], NULL);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
		CU_ASSERT_EQUAL(wrong[i], 0);
	}
	CU_ASSERT_EQUAL(first, 0);
	CU_ASSERT_EQUAL(second, 0);
	CU_ASSERT_EQUAL(model_areas(), 1);
}

/* All functions that take the lock, at once. */
static void *
ask_on(void *arg)
{
	uint64_t *const wrong = arg;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		struct ioas_range ranges[4];
		struct ioas_info info;

		ioas_get_info(space, &info);
		if (info.maps > 2 || ioas_ranges(space, ranges, 4) != 2 ||
		    ioas_lookup_iova(space, constant, NULL) != VA(0))
			++*wrong;
		if (ioas_device_find(space, NIC) != nic)
			++*wrong;
	}
	return NULL;
}

static void
everybody(void)
{
	uint64_t wrong[READERS] = { 0 }, first = MIB(16);
	pthread_t askers[READERS], writer;
	struct ioas_device *second;

	unit_add_device("0000:00:03.0", &model_intel39);
	unit_create_window(GIB(4), GIB(5) - 1);
	constant = unit_map(0, MIB(2));
	atomic_store(&stop, false);
	for (unsigned int i = 0; i < READERS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&askers[i], NULL, ask_on, &wrong[i]), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, write_on, &first), 0);
	for (unsigned int i = 0; i < 50; i++) {
		CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:03.0", NULL, &second), 0);
		ioas_detach(second);
	}
	pthread_join(writer, NULL);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < READERS; i++) {
		pthread_join(askers[i], NULL);
		CU_ASSERT_EQUAL(wrong[i], 0);
	}
	CU_ASSERT_EQUAL(first, 0);
}

/* Each function that needs the lock, called while another thread holds it. */
static void
call_find(void)
{
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, NIC), nic);
}

static void
call_attach(void)
{
	struct ioas_device *device;

	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &device), -EEXIST);
}

static void
call_attach_pasid(void)
{
	CU_ASSERT_EQUAL(ioas_attach_pasid(nic, 1), -EOPNOTSUPP);
}

static void
call_detach_pasid(void)
{
	ioas_detach_pasid(nic, 1);
}

static void
call_map(void)
{
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), PAGE, NULL), -EEXIST);
}

static void
call_check_fixed(void)
{
	CU_ASSERT_EQUAL(ioas_check_fixed(space, 0, PAGE, NULL), -ERANGE);
}

static void
call_set_window(void)
{
	CU_ASSERT_EQUAL(ioas_set_window(space, (struct ioas_range){ PAGE, 2 * PAGE - 1 }), -EADDRINUSE);
}

static void
call_unmap(void)
{
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(GIB(1)), PAGE), 0);
}

static void
call_unmap_iova(void)
{
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, 0, PAGE), 0);
}

static void
call_reserve(void)
{
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), GIB(512)), -ENOSPC);
}

static void
call_get_info(void)
{
	struct ioas_info info;

	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.maps, 1);
}

static void
call_get_stats(void)
{
	struct ioas_stats stats;

	ioas_get_stats(space, &stats);
	CU_ASSERT_EQUAL(stats.attaches, 1);
}

static void
call_features(void)
{
	CU_ASSERT_EQUAL(ioas_features(space) & IOAS_FEATURE_MAP_FILE, 0);
}

static void
call_room(void)
{
	CU_ASSERT_TRUE(ioas_room(space) > 0);
}

static void
call_ranges(void)
{
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 0), 2);
}

static void
call_lookup_iova(void)
{
	CU_ASSERT_PTR_NULL(ioas_lookup_iova(space, 0, NULL));
}

static void
call_explain(void)
{
	struct ioas_explanation explanation;

	ioas_explain(space, 0, &explanation);
}

static int
count(const struct ioas_area *area, void *n)
{
	(void)area;
	++*(unsigned int *)n;
	return 0;
}

static void
call_walk(void)
{
	unsigned int n = 0;

	CU_ASSERT_EQUAL(ioas_walk(space, count, &n), 0);
	CU_ASSERT_EQUAL(n, 1);
}

static void
call_walk_quarantine(void)
{
	unsigned int n = 0;

	CU_ASSERT_EQUAL(ioas_walk_quarantine(space, count, &n), 0);
	CU_ASSERT_EQUAL(n, 0);
}

static struct locking {
	const char *name;
	void (*call)(void);
	pthread_t thread;
	atomic_bool begun, done;
} locking[] = {
	{ .name = "device_find", .call = call_find },
	{ .name = "attach", .call = call_attach },
	{ .name = "attach_pasid", .call = call_attach_pasid },
	{ .name = "detach_pasid", .call = call_detach_pasid },
	{ .name = "map", .call = call_map },
	{ .name = "check_fixed", .call = call_check_fixed },
	{ .name = "set_window", .call = call_set_window },
	{ .name = "unmap", .call = call_unmap },
	{ .name = "unmap_iova", .call = call_unmap_iova },
	{ .name = "reserve", .call = call_reserve },
	{ .name = "get_info", .call = call_get_info },
	{ .name = "get_stats", .call = call_get_stats },
	{ .name = "features", .call = call_features },
	{ .name = "room", .call = call_room },
	{ .name = "ranges", .call = call_ranges },
	{ .name = "lookup_iova", .call = call_lookup_iova },
	{ .name = "explain", .call = call_explain },
	{ .name = "walk", .call = call_walk },
	{ .name = "walk_quarantine", .call = call_walk_quarantine },
};

#define LOCKING (sizeof(locking) / sizeof(locking[0]))

static void *
call_one(void *arg)
{
	struct locking *const one = arg;

	atomic_store(&one->begun, true);
	one->call();
	atomic_store(&one->done, true);
	return NULL;
}

/* Called with the lock. */
static int
call_all(const struct ioas_area *area, void *arg)
{
	(void)area;
	(void)arg;
	for (unsigned int i = 0; i < LOCKING; i++) {
		atomic_store(&locking[i].begun, false);
		atomic_store(&locking[i].done, false);
		CU_ASSERT_EQUAL_FATAL(pthread_create(&locking[i].thread, NULL, call_one, &locking[i]), 0);
	}
	for (unsigned int i = 0; i < LOCKING; i++)
		while (!atomic_load(&locking[i].begun))
			sched_yield();
	/* Enough time for a function that does not wait. */
	nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
	for (unsigned int i = 0; i < LOCKING; i++) {
		if (atomic_load(&locking[i].done))
			fprintf(stderr, "\nioas_%s does not take the lock\n", locking[i].name);
		CU_ASSERT_FALSE(atomic_load(&locking[i].done));
	}
	return 0;
}

static void
each_takes_the_lock(void)
{
	unit_create(true);
	unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_walk(space, call_all, NULL), 0);
	for (unsigned int i = 0; i < LOCKING; i++) {
		pthread_join(locking[i].thread, NULL);
		CU_ASSERT_TRUE(atomic_load(&locking[i].done));
	}
}

/* A kernel in which no bind returns before another one has started, or some time has passed. */
#define TOGETHER 4
static pthread_mutex_t bind_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bind_cond = PTHREAD_COND_INITIALIZER;
static unsigned int binding, most;

static int
slow_ioctl(int fd, unsigned long request, void *arg)
{
	struct timespec until;

	if (request != VFIO_DEVICE_BIND_IOMMUFD)
		return unit_model->ioctl(fd, request, arg);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&bind_lock);
	if (++binding > most)
		most = binding;
	pthread_cond_broadcast(&bind_cond);
	while (most < TOGETHER &&
	       pthread_cond_timedwait(&bind_cond, &bind_lock, &until) != ETIMEDOUT)
		;
	binding--;
	pthread_mutex_unlock(&bind_lock);
	return unit_model->ioctl(fd, request, arg);
}

static void
use_slow_kernel(void)
{
	unit_change_sys()->ioctl = slow_ioctl;
	binding = most = 0;
}

static void *
attach_one(void *name)
{
	struct ioas_device *device;

	return ioas_attach(space, name, NULL, &device) == 0 ? device : NULL;
}

static void
attach_together(void)
{
	static char names[TOGETHER][16];
	pthread_t threads[TOGETHER];
	struct ioas_info info;

	if (!unit_backend_is("iommufd"))
		return;
	use_slow_kernel();
	unit_create(false);
	for (unsigned int i = 0; i < TOGETHER; i++) {
		snprintf(names[i], sizeof(names[i]), "0000:00:%02x.0", 3 + i);
		unit_add_device(names[i], i == 0 ? &model_intel39 : &model_intel48);
	}
	for (unsigned int i = 0; i < TOGETHER; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, attach_one, names[i]), 0);
	for (unsigned int i = 0; i < TOGETHER; i++) {
		void *device;

		pthread_join(threads[i], &device);
		CU_ASSERT_PTR_NOT_NULL_FATAL(device);
		CU_ASSERT_STRING_EQUAL(ioas_device_name(device), names[i]);
	}
	CU_ASSERT_EQUAL(most, TOGETHER);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.devices, TOGETHER);
	CU_ASSERT_EQUAL(info.aperture.last, (UINT64_C(1) << 39) - 1);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), unit_map(0, MIB(2))));
}

/* While the kernel opens a device, no other call gets the device, or one of its group for another space. */
static void *
attach_meanwhile(void *other)
{
	struct ioas_device *device;

	/* The device is being opened, because it waits for a second one. */
	for (;;) {
		pthread_mutex_lock(&bind_lock);
		if (binding == 1)
			break;
		pthread_mutex_unlock(&bind_lock);
		sched_yield();
	}
	pthread_mutex_unlock(&bind_lock);
	REFUSED(ioas_attach(space, NIC, NULL, &device), -EEXIST, NIC "|attached already");
	REFUSED(ioas_attach(other, "0000:00:02.1", NULL, &device), -EINVAL,
		"0000:00:02.1|which has another I/O address space|" NIC);
	pthread_mutex_lock(&bind_lock);
	most = TOGETHER;
	pthread_cond_broadcast(&bind_cond);
	pthread_mutex_unlock(&bind_lock);
	return NULL;
}

static void
attach_the_same(void)
{
	struct ioas_options options = unit_options();
	struct ioas *other;
	pthread_t thread;

	if (!unit_backend_is("iommufd"))
		return;
	use_slow_kernel();
	unit_create(false);
	model_device_join(unit_add_device("0000:00:02.1", &model_intel39), nic_model);
	options.follow = space;
	options.backend = NULL;
	options.same_iova = true;
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &other), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, attach_meanwhile, other), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, NIC), nic);
	ioas_destroy(other);
}

UNIT_MAIN("threads",
	  { "readers and writers", readers_and_writers },
	  { "all functions at once", everybody },
	  { "each function takes the lock", each_takes_the_lock },
	  { "devices are opened together", attach_together },
	  { "a device is opened once", attach_the_same })
