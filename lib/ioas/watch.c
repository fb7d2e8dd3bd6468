/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "watch.h"

#define STACK_SIZE (128 << 10)

/* Handles the events so far. */
static void
read_events(struct watch *watch)
{
	struct ioas_range gone;

	for (unsigned int i = 0; i < 2; i++)
		while (watch->sys->watch_read(watch->fd[i], &gone) > 0)
			watch->gone(&gone, watch->arg);
}

/* This thread waits for no lock whose owner may be waiting for an event to be read. */
static void *
watch_on(void *arg)
{
	struct watch *const watch = arg;
	struct pollfd fds[] = {
		{ .fd = watch->stop, .events = POLLIN },
		{ .fd = watch->fd[0], .events = POLLIN },
		{ .fd = watch->fd[1], .events = POLLIN },
	};

	while (poll(fds, 3, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents != 0)
			break;
		pthread_mutex_lock(&watch->lock);
		read_events(watch);
		pthread_mutex_unlock(&watch->lock);
	}
	return NULL;
}

static int
start_thread(struct watch *watch)
{
	sigset_t all, old;
	const struct sched_param usual = { 0 };
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* Keeps the thread away from the CPU of a thread that never sleeps, if another CPU is free. */
	pthread_attr_setaffinity_np(&attr, sizeof(watch->cpus), &watch->cpus);
	/* Real-time priority is for polling threads. */
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &usual);
	/* The application's threads handle its signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&watch->thread, &attr, watch_on, watch);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret == 0)
		pthread_setname_np(watch->thread, "ioas-watch");
	pthread_attr_destroy(&attr);
	return -ret;
}

static void
close_watch(struct watch *watch)
{
	int *const fds[] = { &watch->fd[0], &watch->fd[1], &watch->stop };

	for (unsigned int i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	watch->started = false;
	watch->error = 0;
}

static int
start_watch(struct watch *watch)
{
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < 2; i++) {
		watch->fd[i] = watch->sys->watch_open(i == 0);
		ret = watch->fd[i] < 0 ? watch->fd[i] : 0;
	}
	if (ret == 0) {
		watch->stop = eventfd(0, EFD_CLOEXEC);
		ret = watch->stop < 0 ? -errno : start_thread(watch);
	}
	if (ret == 0)
		return 0;
	close_watch(watch);
	return ret;
}

void
watch_create(struct watch *watch)
{
	pthread_mutex_init(&watch->lock, NULL);
	watch->fd[0] = watch->fd[1] = watch->stop = -1;
	CPU_ZERO(&watch->cpus);
	if (sched_getaffinity(0, sizeof(watch->cpus), &watch->cpus) < 0)
		CPU_SET(0, &watch->cpus);
}

void
watch_after_fork(struct watch *watch)
{
	pthread_mutex_init(&watch->lock, NULL);
	close_watch(watch);
}

void
watch_destroy(struct watch *watch)
{
	const uint64_t one = 1;

	if (watch->started && write(watch->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(watch->thread, NULL);
	close_watch(watch);
	pthread_mutex_destroy(&watch->lock);
}

int
watch_add(struct watch *watch, uint64_t va, uint64_t length, bool shared)
{
	bool first;
	int ret;

	pthread_mutex_lock(&watch->lock);
	first = !watch->started && watch->error == 0;
	if (first) {
		watch->error = start_watch(watch);
		watch->started = watch->error == 0;
	}
	ret = watch->error;
	if (ret == 0) {
		read_events(watch);
		ret = watch->sys->watch_add(watch->fd[shared ? 1 : 0], va, length);
	}
	pthread_mutex_unlock(&watch->lock);
	if (first && watch->error < 0)
		ioas_log(watch->log, IOAS_LOG_DEBUG,
			 "cannot use userfaultfd: %s: memory that is unmapped without a call of munmap() by the program "
			 "or its libraries is not noticed: allow userfaultfd() in the container's seccomp profile",
			 strerror(-ret));
	return ret;
}
