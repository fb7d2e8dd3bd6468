/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PROCESSES_H
#define IOAS_PROCESSES_H

#include "sys.h"

/* The processes that have had a family of spaces: its creator, a child that fork() has made, a child of that. */

/* So many are remembered: what an older one has made is never taken away. */
#define PROCESSES 16

/* The first one is 0; each has the slot of its number modulo PROCESSES. */
struct processes {
	const struct ioas_sys *sys;
	unsigned int self;         /* this one */
	int fd[PROCESSES];         /* of each (pidfd); negative: none could be had */
	int pid[PROCESSES];
	unsigned int left;         /* areas that were left to others */
	bool forked;               /* another process may map in the space */
};

/* From now on processes_own() notices a fork that has called no handlers: _Fork(), clone(). */
void processes_notice_forks(void);
/* In a child whose handlers run. */
void processes_have_forked(void);

void processes_create(struct processes *processes, const struct ioas_sys *sys);
void processes_destroy(struct processes *processes);

/* This process is the child of the last one. */
void processes_add_child(struct processes *processes);

/* Whether this process can take away what that one has made, or what all have made. */
bool processes_own(const struct processes *processes, unsigned int process);
bool processes_own_all(const struct processes *processes);

#endif /* IOAS_PROCESSES_H */
