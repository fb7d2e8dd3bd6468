/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FORK_H
#define IOAS_FORK_H

/*
 * A process that has come out of fork().
 *
 * It has the parent's descriptors and a copy of the records. Memory that is shared is the same in both; of private
 * memory it has a copy, which no device sees: what the parent has mapped of it is not the child's. What the
 * child maps comes from its own memory. As long as the parent lives its areas and devices are not the child's to
 * take away: the child forgets them, and the kernel keeps them. When the parent has ended, as that of a daemon has,
 * they are the child's, but for one thing: iommufd cannot pin their memory any more, whose process is gone, so
 * they are mapped anew before the first device comes back.
 */
struct family;
struct ioas;
struct ioas_device;

/* A family is there, or is not any more. */
void fork_enter(struct family *family);
void fork_leave(struct family *family);

/* Detaches a device, and closes the space's backend. What is another process's stays with it: then only the
 * descriptors are closed. */
void fork_detach(struct ioas *space, struct ioas_device *device);
void fork_close(struct ioas *space);

/* Takes away what was left to processes that have ended since. With the space locked. */
void fork_take_over(struct family *family);

/* No device is attached: maps anew what the kernel could not pin again, because the process that mapped it has
 * ended or a part of its memory is gone. With the space locked; the lock may be given back and taken again. A
 * negative errno after a log line. */
int fork_renew(struct family *family);

#endif /* IOAS_FORK_H */
