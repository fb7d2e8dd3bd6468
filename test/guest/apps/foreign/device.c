/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The devices: each copies one piece at a time, which takes a tenth of a second, so several work in parallel. */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_vfio.h>

#include "edu.h"
#include "foreign.h"

#define SYSFS "/sys/bus/pci/devices"
#define MAX_DEVICES 6
#define LENGTH 64

static struct device {
	struct edu edu;
	const char *name;
	int fd;
	char *out; /* EAL's memory, to which the device copies what it has read */
	rte_iova_t out_iova;
	bool taken;
} devices[MAX_DEVICES];
static unsigned int n_devices;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t given_back = PTHREAD_COND_INITIALIZER;
static atomic_ullong copies;

static void
open_device(struct device *device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	const char *failed;

	need(rte_vfio_setup_device(SYSFS, device->name, &device->fd, &info) == 0, "%s: rte_vfio_setup_device",
	     device->name);
	failed = edu_open(&device->edu, device->fd);
	need(failed == NULL, "%s: %s", device->name, failed);
}

void
devices_open(char *const *names, unsigned int n)
{
	need(n > 0 && n <= MAX_DEVICES, "%u devices", n);
	for (n_devices = 0; n_devices < n; n_devices++) {
		struct device *const device = &devices[n_devices];

		device->name = names[n_devices];
		open_device(device);
		if (device->out == NULL)
			device->out = rte_malloc(NULL, LENGTH, LENGTH);
		need(device->out != NULL, "no memory");
		device->out_iova = rte_mem_virt2iova(device->out);
	}
}

void
devices_close(void)
{
	for (unsigned int i = 0; i < n_devices; i++) {
		edu_close(&devices[i].edu, devices[i].fd);
		rte_vfio_release_device(SYSFS, devices[i].name, devices[i].fd);
	}
}

void
devices_reopen(void)
{
	devices_close();
	for (unsigned int i = 0; i < n_devices; i++)
		open_device(&devices[i]);
}

static struct device *
take_device(bool wait)
{
	struct device *device = NULL;

	pthread_mutex_lock(&lock);
	do {
		for (unsigned int i = 0; i < n_devices && device == NULL; i++)
			if (!devices[i].taken)
				device = &devices[i];
		if (device == NULL && wait)
			pthread_cond_wait(&given_back, &lock);
	} while (device == NULL && wait);
	if (device != NULL)
		device->taken = true;
	pthread_mutex_unlock(&lock);
	return device;
}

static void
give_device(struct device *device)
{
	pthread_mutex_lock(&lock);
	device->taken = false;
	pthread_cond_signal(&given_back);
	pthread_mutex_unlock(&lock);
}

static bool
has_ended(const struct device *device)
{
	for (unsigned int i = 0; i < 2000; i++) {
		usleep(5000);
		if (!edu_busy(&device->edu))
			return true;
	}
	return false;
}

/* Reads with as many devices as spots; false if one does not finish. */
static bool
read_spots(struct device **readers, const struct spot *spots, unsigned int n)
{
	bool good = true;

	for (unsigned int i = 0; i < n; i++) {
		memset(readers[i]->out, '!', LENGTH);
		edu_start(&readers[i]->edu, 0, spots[i].iova, LENGTH, false);
	}
	for (unsigned int i = 0; i < n; i++)
		good = has_ended(readers[i]) && good;
	for (unsigned int i = 0; i < n && good; i++)
		edu_start(&readers[i]->edu, 0, readers[i]->out_iova, LENGTH, true);
	for (unsigned int i = 0; i < n && good; i++)
		good = has_ended(readers[i]);
	copies += 2 * n;
	return good;
}

static unsigned int
need_some_seen(const char *when, const struct spot *spots, unsigned int n)
{
	struct device *readers[MAX_DEVICES] = { take_device(true) };
	char read[MAX_DEVICES][LENGTH];
	unsigned int taken = 1;
	bool good;

	while (taken < n && taken < MAX_DEVICES && (readers[taken] = take_device(false)) != NULL)
		taken++;
	good = read_spots(readers, spots, taken);
	for (unsigned int i = 0; i < taken; i++) {
		memcpy(read[i], readers[i]->out, LENGTH);
		give_device(readers[i]);
	}
	need(good, "%s: a device does not end", when);
	for (unsigned int i = 0; i < taken; i++)
		need(memcmp(read[i], spots[i].va, LENGTH) == 0,
		     "%s: WRONG BYTES: at IOVA 0x%" PRIx64 " a device reads %016" PRIx64 ", the CPU at %p %016" PRIx64,
		     when, spots[i].iova, *(uint64_t *)read[i], spots[i].va, *(const uint64_t *)spots[i].va);
	return taken;
}

void
need_seen(const char *when, const struct spot *spots, unsigned int n)
{
	for (unsigned int done = 0; done < n;)
		done += need_some_seen(when, spots + done, n - done);
}

rte_iova_t
need_asked(const char *when, const char *va)
{
	const struct spot spot = { va, rte_mem_virt2iova(va) };

	need(spot.iova != RTE_BAD_IOVA, "%s: no IOVA for %p", when, va);
	need_seen(when, &spot, 1);
	return spot.iova;
}

void
write_new(char *va)
{
	static atomic_ullong next = 1;
	const uint64_t tag = next++ * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t words[LENGTH / 8];

	for (unsigned int i = 0; i < RTE_DIM(words); i++)
		words[i] = tag + i;
	memcpy(va, words, sizeof(words));
}

unsigned long long
devices_copies(void)
{
	return copies;
}
