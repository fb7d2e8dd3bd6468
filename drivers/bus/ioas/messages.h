/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_MESSAGES_H
#define IOAS_MESSAGES_H

#include <stdint.h>

#include <linux/vfio.h>
#include <rte_dev.h>
#include <rte_eal.h>

/* What processes of the plugin tell each other over EAL's multi-process channel. */

/* Of the action, and of the tail queue by which a primary process shows that it answers. */
#define MESSAGE_NAME "bus_ioas"

/* Of struct message; another one is refused. */
#define MESSAGE_VERSION 2

enum question {
	ASK_MODE,     /* which IOVAs are in use? */
	ASK_DEVICE,   /* may I have its descriptor? */
	ASK_MAPPED,   /* is this memory mapped at that IOVA, for that device? */
	TELL_RELEASED /* I have closed its descriptor; there is no answer */
};

struct message {
	/* These two stay where they are: who has another version reads them as well. */
	uint32_t version;
	char release[24]; /* of the plugin */
	uint32_t question;
	char device[RTE_DEV_NAME_MAX_LEN]; /* "": all */
	uint64_t va, iova, length;
	/* The answer. */
	int32_t result; /* 0, a negative errno, or 1: not ours */
	uint32_t mode;  /* enum rte_iova_mode */
	struct vfio_device_info info;
};
_Static_assert(sizeof(struct message) <= RTE_MP_MAX_PARAM_LEN, "a message fits");

/* Fills in which version and release the message is of. */
void message_sign(struct message *message);

#endif /* IOAS_MESSAGES_H */
