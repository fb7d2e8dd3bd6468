/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The primary process answers secondary processes.
 *
 * A secondary process must see without asking whether the primary answers, because EAL lets a request without
 * a handler wait for its timeout. The primary shows it by an empty tail queue, whose name is in the shared
 * configuration. EAL holds secondary processes back until the primary's start is complete.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_string_fns.h>
#include <rte_tailq.h>

#include "ioas_bus.h"
#include "load.h"
#include "messages.h"
#include "serve.h"
#include "setup.h"
#include "spaces.h"

/* Only its name is used. */
static struct rte_tailq_elem presence = { .name = MESSAGE_NAME };

/* Fills the answer; *fd is a descriptor to send with it. */
static void
answer(const struct message *asked, struct message *told, int *fd)
{
	switch (asked->question) {
	case ASK_MODE:
		told->mode = rte_eal_iova_mode();
		break;
	case ASK_DEVICE:
		told->result = setup_share(asked->device, fd, &told->info);
		break;
	case ASK_MAPPED:
		if (!spaces_have_mapped(asked->device, asked->va, asked->length, asked->iova))
			told->result = -ENOENT;
		break;
	default:
		told->result = -EPROTO;
	}
}

/* Runs in EAL's thread for messages. */
static int
take_message(const struct rte_mp_msg *msg, const void *peer)
{
	const struct message *const asked = (const struct message *)(const void *)msg->param;
	struct rte_mp_msg reply = { .name = MESSAGE_NAME, .len_param = sizeof(struct message) };
	struct message *const told = (struct message *)(void *)reply.param;
	int fd = -1, ret;

	message_sign(told);
	if (msg->len_param != sizeof(*asked) || asked->version != MESSAGE_VERSION) {
		told->result = -EPROTO;
	} else if (asked->question == TELL_RELEASED) {
		setup_unshare(asked->device);
		return 0;
	} else {
		answer(asked, told, &fd);
	}
	if (fd >= 0)
		reply.fds[reply.num_fds++] = fd;
	ret = rte_mp_reply(&reply, peer);
	if (fd >= 0)
		close(fd);
	return ret;
}

void
serve_secondaries(void)
{
	if (rte_mp_action_register(MESSAGE_NAME, take_message) < 0) {
		/* Without shared files (--in-memory) no secondary process can exist. */
		if (rte_errno != ENOTSUP)
			BUS_IOAS_LOG(WARNING, "secondary processes cannot use the devices: %s",
				     rte_strerror(rte_errno));
		return;
	}
	if (rte_eal_tailq_register(&presence) < 0)
		BUS_IOAS_LOG(WARNING, "secondary processes cannot use the devices: EAL's configuration has "
			     "no room for a name");
}

/* Answers without a descriptor: then EAL of the secondary process continues without VFIO. */
static int
refuse_vfio(const struct rte_mp_msg *msg, const void *peer)
{
	struct rte_mp_msg reply = { .len_param = msg->len_param };

	BUS_IOAS_LOG(ERR, "a secondary process asks for VFIO devices: it needs the plugin as well%s",
		     bus_ioas_how_to_load());
	strlcpy(reply.name, msg->name, sizeof(reply.name));
	return rte_mp_reply(&reply, (const char *)peer);
}

void
serve_without_vfio(void)
{
	rte_mp_action_register("eal_vfio_mp_sync", refuse_vfio);
}
