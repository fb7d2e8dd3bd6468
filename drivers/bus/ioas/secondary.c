/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A secondary process maps nothing, because the primary process has the address space.
 *
 * The memsegs, which all processes share, have the IOVAs of EAL's memory. When a secondary process allocates
 * or frees, EAL makes the primary process do so, and the primary's plugin maps and unmaps. For all else a
 * secondary process asks over EAL's multi-process channel, in messages of one kind (messages.h): for the
 * primary's mode, for the descriptor of a device, and whether memory is mapped.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_string_fns.h>
#include <rte_tailq.h>
#include <rte_version.h>

#include "ioas_bus.h"
#include "messages.h"
#include "secondary.h"

/* A busy primary process answers late. One that has ended cannot be reached. */
#define PATIENCE_SECONDS 60

/* A device that the primary process has shared with this process. */
struct shared {
	struct shared *next;
	char name[RTE_DEV_NAME_MAX_LEN];
};

static enum rte_iova_mode primary_mode;
static struct shared *shared_devices;
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

/* The device for which this thread maps; NULL: all. */
static __thread const char *aimed_at;

/* The link to the device; it is NULL if the device is not shared. With shared_lock held. */
static struct shared **
find_shared(const char *name)
{
	struct shared **link = &shared_devices;

	while (*link != NULL && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

static void
log_other_version(const struct message *answer)
{
	const bool is_told = memchr(answer->release, '\0', sizeof(answer->release)) != NULL &&
			     answer->release[0] != '\0';

	BUS_IOAS_LOG(ERR, "the primary process has another version of the plugin, %s (its messages are %" PRIu32 "), "
		     "this is %s (%u): use the same one in both", is_told ? answer->release : "an earlier one",
		     answer->version, BUS_IOAS_RELEASE, MESSAGE_VERSION);
}

/* The descriptor of an answer, -1 if it has none. Without FD_CLOEXEC programs that this process starts would
 * inherit it. */
static int
take_descriptor(const struct rte_mp_msg *reply, bool is_wanted)
{
	if (is_wanted && reply->num_fds == 1 && fcntl(reply->fds[0], F_SETFD, FD_CLOEXEC) == 0)
		return reply->fds[0];
	for (int i = 0; i < reply->num_fds; i++)
		close(reply->fds[i]);
	return -1;
}

/* Asks the primary process. Stores the answer in *message, and the descriptor of a device, or -1, in *fd.
 * Returns the answer's result. */
static int
ask(struct message *message, int *fd)
{
	/* EAL refuses a second request of the same name while the first one waits for its answer. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct timespec patience = { .tv_sec = PATIENCE_SECONDS };
	const bool is_for_device = message->question == ASK_DEVICE;
	struct rte_mp_msg request = { .name = MESSAGE_NAME, .len_param = sizeof(*message) };
	struct rte_mp_reply replies = { 0 };
	int ret = -ECOMM, asked;

	*fd = -1;
	message_sign(message);
	memcpy(request.param, message, sizeof(*message));
	pthread_mutex_lock(&lock);
	asked = rte_mp_request_sync(&request, &replies, &patience);
	pthread_mutex_unlock(&lock);
	if (asked == 0 && replies.nb_received == 1) {
		const struct rte_mp_msg *const reply = &replies.msgs[0];

		memcpy(message, reply->param, sizeof(*message));
		ret = message->version == MESSAGE_VERSION ? message->result : -EPROTO;
		*fd = take_descriptor(reply, is_for_device && ret == 0);
	}
	free(replies.msgs);
	if (ret == -ECOMM)
		BUS_IOAS_LOG(ERR, "the primary process does not answer: it has ended, or hangs");
	else if (ret == -EPROTO)
		log_other_version(message);
	return ret;
}

const struct role *
secondary_join(void)
{
	struct message message = { .question = ASK_MODE };
	int fd;

	if (rte_eal_tailq_lookup(MESSAGE_NAME) == NULL) {
		BUS_IOAS_LOG(INFO, "the primary process runs without the plugin, or has no device for it: "
			     "not in use in this one either, %s", rte_version());
		return &role_stock;
	}
	if (ask(&message, &fd) < 0)
		return &role_refused;
	primary_mode = message.mode;
	return &role_secondary;
}

enum rte_iova_mode
secondary_mode(void)
{
	return primary_mode;
}

int
secondary_start(void)
{
	const bool is_va = primary_mode == RTE_IOVA_VA;

	if (rte_eal_iova_mode() != primary_mode) {
		BUS_IOAS_LOG(ERR, "the primary process has IOVAs %s: start this one without --iova-mode",
			     is_va ? "equal to addresses" : "that were chosen");
		return -1;
	}
	BUS_IOAS_LOG(INFO, "secondary process: memory and devices are the primary's, IOVAs %s, %s",
		     is_va ? "equal to VA" : "chosen", rte_version());
	return 0;
}

rte_iova_t
secondary_iova(const void *va)
{
	static bool said;
	const struct rte_memseg *const ms = rte_mem_virt2memseg(va, NULL);

	/* EAL zeroes unused segments, and 0 is never an IOVA. */
	if (ms != NULL && ms->iova != 0 && ms->iova != RTE_BAD_IOVA)
		return ms->iova + RTE_PTR_DIFF(va, ms->addr);
	if (!said)
		BUS_IOAS_LOG(ERR, "%p is not memory that the primary process has mapped for DMA: allocate "
			     "it with rte_malloc, or have it registered there (rte_extmem_register, "
			     "rte_dev_dma_map) and attached here (rte_extmem_attach)", va);
	said = true;
	return RTE_BAD_IOVA;
}

int
secondary_setup(const char *name, int *fd, struct vfio_device_info *info)
{
	struct message message = { .question = ASK_DEVICE };
	struct shared *const device = calloc(1, sizeof(*device));
	int ret;

	if (device == NULL)
		return -1;
	strlcpy(message.device, name, sizeof(message.device));
	ret = ask(&message, fd);
	if (ret == 0 && *fd < 0)
		ret = -EPROTO;
	if (ret != 0) {
		if (ret < 0 && ret != -ECOMM)
			BUS_IOAS_LOG(ERR, "%s: the primary process cannot share it: %s", name,
				     strerror(-ret));
		free(device);
		return ret < 0 ? -1 : 1;
	}
	/* The bus may know a shorter structure, and passes its length. */
	memcpy(info, &message.info, RTE_MIN(info->argsz, sizeof(message.info)));
	strlcpy(device->name, name, sizeof(device->name));
	pthread_mutex_lock(&shared_lock);
	device->next = shared_devices;
	shared_devices = device;
	pthread_mutex_unlock(&shared_lock);
	BUS_IOAS_LOG(INFO, "%s: shared by the primary process", name);
	return 0;
}

int
secondary_release(const char *name, int fd)
{
	struct rte_mp_msg msg = { .name = MESSAGE_NAME, .len_param = sizeof(struct message) };
	struct message *const message = (struct message *)(void *)msg.param;
	struct shared **link, *device;

	pthread_mutex_lock(&shared_lock);
	link = find_shared(name);
	device = *link;
	if (device != NULL)
		*link = device->next;
	pthread_mutex_unlock(&shared_lock);
	if (device == NULL)
		return 1;
	free(device);
	close(fd);
	message_sign(message);
	message->question = TELL_RELEASED;
	strlcpy(message->device, name, sizeof(message->device));
	/* If the message is lost, the primary process logs once that this process may still use the device. */
	rte_mp_sendmsg(&msg);
	return 0;
}

void
secondary_aim(const char *name)
{
	aimed_at = name;
}

bool
secondary_map_here(int container_fd)
{
	bool ours;

	if (container_fd != RTE_VFIO_DEFAULT_CONTAINER_FD)
		return false;
	pthread_mutex_lock(&shared_lock);
	ours = aimed_at == NULL || *find_shared(aimed_at) != NULL;
	pthread_mutex_unlock(&shared_lock);
	return ours;
}

int
secondary_map(uint64_t va, uint64_t iova, uint64_t length)
{
	const struct rte_memseg_list *const msl =
		rte_mem_virt2memseg_list((void *)(uintptr_t)va);
	struct message message = { .question = ASK_MAPPED, .va = va, .iova = iova, .length = length };
	int fd;

	if (aimed_at != NULL)
		strlcpy(message.device, aimed_at, sizeof(message.device));
	/* Only memory in a list has the same address in all processes. */
	if (msl != NULL && length != 0 && length <= msl->len &&
	    rte_mem_virt2memseg_list((void *)(uintptr_t)(va + length - 1)) == msl &&
	    ask(&message, &fd) == 0)
		return 0;
	BUS_IOAS_LOG(ERR, "0x%" PRIx64 " is not mapped at IOVA 0x%" PRIx64 ": a secondary process cannot "
		     "map memory for DMA: do it in the primary process", va, iova);
	rte_errno = ENOTSUP;
	return -1;
}

int
secondary_unmap(uint64_t va)
{
	BUS_IOAS_LOG(ERR, "0x%" PRIx64 ": a secondary process cannot unmap memory for DMA: do it in the "
		     "primary process", va);
	rte_errno = ENOTSUP;
	return -1;
}
