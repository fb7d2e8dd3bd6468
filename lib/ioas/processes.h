/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PROCESSES_H
#define IOAS_PROCESSES_H

#include "sys.h"

/* The processes that have used a family of spaces: its creator, the child that fork() has made, the child of
 * that, and so on. */

/* The number of processes that are remembered. Areas of an older one are never unmapped. */
#define PROCESSES 16

/* The first process has number 0. Its slot is the number modulo PROCESSES. */
struct processes {
	const struct ioas_sys *sys;
	unsigned int self;         /* this one */
	int fd[PROCESSES];         /* pidfd of each; negative: not available */
	int pid[PROCESSES];
	unsigned int left;         /* areas that were left to other processes */
	bool forked;               /* another process may map in the same space */
};

/* From now on processes_own() notices a fork that has called no fork handlers: _Fork(), clone(). */
void processes_notice_forks(void);
/* Called in a child, by its fork handler. */
void processes_have_forked(void);

void processes_create(struct processes *processes, const struct ioas_sys *sys);
void processes_destroy(struct processes *processes);

/* This process is the child of the newest one. */
void processes_add_child(struct processes *processes);

/* Whether this process may unmap the areas of that process, or of all processes. */
bool processes_own(const struct processes *processes, unsigned int process);
bool processes_own_all(const struct processes *processes);

#endif /* IOAS_PROCESSES_H */
