/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_FORK_H
#define IOAS_FORK_H

#include <stdbool.h>

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

/* So many are remembered: what an older one has made is never taken away. */
#define FORK_PROCESSES 16

/* The processes that have had the space, the first one is 0; each has the slot of its number modulo FORK_PROCESSES. */
struct fork_processes {
	unsigned int self;         /* this one */
	int fd[FORK_PROCESSES];    /* of each (pidfd); negative: none could be had */
	int pid[FORK_PROCESSES];
	unsigned int left;         /* areas that were left to others */
	bool forked;               /* another process may map in the space */
};

/* A family is there, or is not any more. */
void fork_enter(struct family *family);
void fork_leave(struct family *family);

/* Whether this process can take away what that one has made. */
bool fork_owns(const struct family *family, unsigned int process);

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
