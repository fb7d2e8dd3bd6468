/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Attaches devices. A failure is kept until a driver asks for the device, because it does not matter
 * otherwise.
 */

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_uuid.h>
#include <rte_vfio.h>

#include "attach.h"
#include "common_space.h"
#include "traced.h"

/* Attaches a device. A failure is kept with it. */
static void *
attach(void *arg)
{
	struct owned_device *const owned = arg;
	struct ioas_attach_options options = { .size = sizeof(options) };
	struct ioas *space = NULL;
	rte_uuid_t token;

	rte_eal_vfio_get_vf_token(token);
	if (!rte_uuid_is_null(token))
		options.vf_token = token;
	common_space_keep_failures(owned->failure, sizeof(owned->failure));
	if (bus_ioas_isolated)
		owned->error = common_space_follow(&space);
	if (owned->error == 0) {
		owned->space = space;
		owned->error = ioas_attach(bus_ioas_isolated ? space : bus_ioas_space, owned->path, &options,
					   &owned->device);
	}
	common_space_keep_failures(NULL, 0);
	return NULL;
}

/* Whether a device is a physical function with virtual functions, which disappear while it is reset. */
static bool
has_virtual_functions(const struct owned_device *owned)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/virtfn0", owned->path);
	return access(path, F_OK) == 0;
}

/*
 * Attaches devices, each in its own thread, because most of the time the kernel waits for a reset. Isolated
 * devices are attached one after the other: of two that the IOMMU cannot tell apart, the first one is
 * attached. Physical functions are attached before their virtual functions.
 */
void
attach_devices(struct owned_device **list, unsigned int count)
{
	enum { NOT_YET, IN_THREAD, DONE } state[count];
	pthread_t threads[count];
	pthread_attr_t small;

	for (unsigned int i = 0; i < count; i++) {
		state[i] = bus_ioas_isolated || has_virtual_functions(list[i]) ? DONE : NOT_YET;
		if (state[i] == DONE)
			attach(list[i]);
	}
	pthread_attr_init(&small);
	/* An application may lock all of its memory, so do not use 8 MiB for each device. */
	pthread_attr_setstacksize(&small, 256 << 10);
	/* This thread attaches the first device. */
	for (unsigned int i = 1; i < count; i++)
		if (state[i] == NOT_YET && pthread_create(&threads[i], &small, attach, list[i]) == 0)
			state[i] = IN_THREAD;
	pthread_attr_destroy(&small);
	for (unsigned int i = 0; i < count; i++)
		if (state[i] == NOT_YET)
			attach(list[i]);
	for (unsigned int i = 1; i < count; i++)
		if (state[i] == IN_THREAD)
			pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < count; i++)
		traced_attach(list[i]->name, list[i]->error);
}
