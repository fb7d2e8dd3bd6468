/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FORK_H
#define IOAS_FORK_H

/*
 * A process that fork() has created.
 *
 * It has the parent's descriptors and a copy of the records. Shared memory is the same in both. Of private
 * memory the child has a copy that no device sees, so the parent's maps of it are not the child's. The child
 * maps its own memory. While the parent lives, the child must not unmap its areas or detach its devices: the
 * child forgets them, and the kernel keeps them. After the parent has ended (a daemon's does), they belong to
 * the child. iommufd cannot pin their memory any more, because the process that mapped it is gone. Therefore
 * the child maps them again before the first device comes back.
 */
struct family;
struct ioas;
struct ioas_device;

/* A family was created, or is about to be destroyed. */
void fork_enter(struct family *family);
void fork_leave(struct family *family);

/* Detach a device, and close the space's backend. Objects of another process stay with it: then these
 * functions only close the descriptors. */
void fork_detach(struct ioas *space, struct ioas_device *device);
void fork_close(struct ioas *space);

/* Unmaps the areas that were left to processes that have ended since. With the space locked. */
void fork_take_over(struct family *family);

/* If no device is attached, maps the areas again that the kernel could not pin, because the process that
 * mapped them has ended or a part of their memory is gone. With the space locked; may release the lock and
 * take it again. Returns a negative errno after a log line. */
int fork_renew(struct family *family);

#endif /* IOAS_FORK_H */
