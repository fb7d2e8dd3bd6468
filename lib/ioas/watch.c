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

#include "space.h"
#include "watch.h"

#define STACK_SIZE (128 << 10)

/* Deals with what has happened until now. */
static void
read_events(struct family *family)
{
	const struct ioas_sys *const sys = family->sys;
	struct ioas *const root = family->root;
	struct ioas_range gone;

	for (unsigned int i = 0; i < 2; i++)
		while (sys->watch_read(family->watch.fd[i], &gone) > 0)
			ioas_forget_end(root, ioas_forget_begin(root, (void *)(uintptr_t)gone.first,
								gone.last - gone.first + 1), true);
}

/* Nothing in here waits for a lock that is held by who waits for an event to be read. */
static void *
watch_on(void *arg)
{
	struct family *const family = arg;
	struct watch *const watch = &family->watch;
	struct pollfd fds[] = {
		{ .fd = watch->stop, .events = POLLIN },
		{ .fd = watch->fd[0], .events = POLLIN },
		{ .fd = watch->fd[1], .events = POLLIN },
	};

	while (poll(fds, 3, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents != 0)
			break;
		pthread_mutex_lock(&watch->lock);
		read_events(family);
		pthread_mutex_unlock(&watch->lock);
	}
	return NULL;
}

static int
start_thread(struct family *family)
{
	sigset_t all, old;
	const struct sched_param usual = { 0 };
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* Not on the CPU of a thread that never sleeps, where another one is free. */
	pthread_attr_setaffinity_np(&attr, sizeof(family->watch.cpus), &family->watch.cpus);
	/* A real-time priority is for threads that poll. */
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &usual);
	/* The application's signals are for its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&family->watch.thread, &attr, watch_on, family);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret == 0)
		pthread_setname_np(family->watch.thread, "ioas-watch");
	pthread_attr_destroy(&attr);
	return -ret;
}

static void
close_watch(struct family *family)
{
	struct watch *const watch = &family->watch;
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
start_watch(struct family *family)
{
	struct watch *const watch = &family->watch;
	const struct ioas_sys *const sys = family->sys;
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < 2; i++) {
		watch->fd[i] = sys->watch_open(i == 0);
		ret = watch->fd[i] < 0 ? watch->fd[i] : 0;
	}
	if (ret == 0) {
		watch->stop = eventfd(0, EFD_CLOEXEC);
		ret = watch->stop < 0 ? -errno : start_thread(family);
	}
	if (ret == 0)
		return 0;
	close_watch(family);
	return ret;
}

void
watch_create(struct family *family)
{
	struct watch *const watch = &family->watch;

	pthread_mutex_init(&watch->lock, NULL);
	watch->fd[0] = watch->fd[1] = watch->stop = -1;
	CPU_ZERO(&watch->cpus);
	if (sched_getaffinity(0, sizeof(watch->cpus), &watch->cpus) < 0)
		CPU_SET(0, &watch->cpus);
}

void
watch_after_fork(struct family *family)
{
	pthread_mutex_init(&family->watch.lock, NULL);
	close_watch(family);
}

void
watch_destroy(struct family *family)
{
	struct watch *const watch = &family->watch;
	const uint64_t one = 1;

	if (watch->started && write(watch->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(watch->thread, NULL);
	close_watch(family);
	pthread_mutex_destroy(&watch->lock);
}

int
ioas_watch(struct ioas *space, const void *va, uint64_t length, bool shared)
{
	struct family *const family = space->family;
	struct watch *const watch = &family->watch;
	bool first;
	int ret;

	pthread_mutex_lock(&watch->lock);
	first = !watch->started && watch->error == 0;
	if (first) {
		watch->error = start_watch(family);
		watch->started = watch->error == 0;
	}
	ret = watch->error;
	if (ret == 0) {
		read_events(family);
		ret = family->sys->watch_add(watch->fd[shared ? 1 : 0], (uintptr_t)va, length);
	}
	pthread_mutex_unlock(&watch->lock);
	if (first && watch->error < 0)
		ioas_log(&family->root->log, IOAS_LOG_DEBUG,
			 "cannot use userfaultfd: %s: memory that is unmapped without a call of munmap() by the program "
			 "or its libraries is not noticed: allow userfaultfd() in the container's seccomp profile",
			 strerror(-ret));
	return ret;
}
