/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MESSAGES_H
#define IOAS_MESSAGES_H

#include <stdint.h>

#include <linux/vfio.h>
#include <rte_dev.h>
#include <rte_eal.h>

/* Messages between processes of the plugin, over EAL's multi-process channel. */

/* The name of the action, and of the tail queue that shows that a primary process answers. */
#define MESSAGE_NAME "bus_ioas"

/* The version of struct message; others are refused. */
#define MESSAGE_VERSION 2

enum question {
	ASK_MODE,     /* which IOVA mode is in use? */
	ASK_DEVICE,   /* may I have its descriptor? */
	ASK_MAPPED,   /* is this memory mapped at that IOVA, for that device? */
	TELL_RELEASED /* I have closed its descriptor; no answer */
};

struct message {
	/* These two keep their places, because processes with other versions read them as well. */
	uint32_t version;
	char release[24]; /* of the plugin */
	uint32_t question;
	char device[RTE_DEV_NAME_MAX_LEN]; /* "": all devices */
	uint64_t va, iova, length;
	/* The answer. */
	int32_t result; /* 0, a negative errno, or 1: not owned */
	uint32_t mode;  /* enum rte_iova_mode */
	struct vfio_device_info info;
};
_Static_assert(sizeof(struct message) <= RTE_MP_MAX_PARAM_LEN, "a message fits");

/* Fills in the version and the release. */
void message_sign(struct message *message);

#endif /* IOAS_MESSAGES_H */
