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
 * The kernel reports memory that goes. This serves threads that do not call ioas_forget_begin().
 *
 * A thread that unmaps memory waits until the library has read the event, but not until the library has
 * handled it. Therefore the library reads and handles events under one lock, which ioas_watch() takes before
 * memory is mapped. Otherwise new memory at an address could be taken for the old memory.
 */
struct watch {
	/* The caller sets these before watch_create(). */
	const struct ioas_sys *sys;
	const struct ioas_log *log;
	void (*gone)(const struct ioas_range *range, void *arg); /* handles memory that has gone */
	void *arg;

	pthread_mutex_t lock; /* no thread waits for the space's lock while it holds this one */
	bool started;
	int error;            /* reason why it could not start; 0: it could, or was not tried yet */
	int fd[2];            /* [0]: private memory; [1]: shared memory, whose dropped pages come back unchanged */
	int stop;             /* ends the thread */
	cpu_set_t cpus;       /* the process's CPUs when the space was created, before it pins threads */
	pthread_t thread;
};

void watch_create(struct watch *watch);
void watch_destroy(struct watch *watch);

/* Starts to watch memory. Handles earlier events first. Logs once why it cannot watch. */
int watch_add(struct watch *watch, uint64_t va, uint64_t length, bool shared);

/* In a child of fork(), which has neither the thread nor its registrations. Another thread may have held the
 * lock. */
void watch_after_fork(struct watch *watch);

#endif /* IOAS_WATCH_H */
