/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_WATCH_H
#define IOAS_WATCH_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "log.h"
#include "sys.h"

/*
 * The kernel's own word about memory that goes: the second line behind ioas_forget_begin(), for those that do
 * not call it.
 *
 * Who unmaps waits until a thread of the library has read the event, and not until it has dealt with it.
 * Therefore events are read and dealt with under one lock, which ioas_watch() takes before memory is mapped:
 * new memory at an address is not taken for the old.
 */
struct watch {
	/* Set before watch_create(). */
	const struct ioas_sys *sys;
	const struct ioas_log *log;
	void (*gone)(const struct ioas_range *range, void *arg); /* what is to be done */
	void *arg;

	pthread_mutex_t lock; /* the space's is not waited for with it held */
	bool started;
	int error;            /* why it could not be started; 0: it could, or was not tried yet */
	int fd[2];            /* for private memory; for shared memory, of which dropped pages come back as they were */
	int stop;             /* tells the thread to end */
	cpu_set_t cpus;       /* the thread's: those of the process when the space was made, before threads are pinned */
	pthread_t thread;
};

void watch_create(struct watch *watch);
void watch_destroy(struct watch *watch);

/* Watches memory, too; after what has happened until now. Logs why it cannot, once. */
int watch_add(struct watch *watch, uint64_t va, uint64_t length, bool shared);

/* In a child of fork(), which has neither the thread nor its registrations. Another thread may have had the lock. */
void watch_after_fork(struct watch *watch);

#endif /* IOAS_WATCH_H */
