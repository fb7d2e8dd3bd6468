/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Information from the kernel about this process and others. A new child of fork() calls these functions:
 * they allocate nothing and take no lock.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ioas.h"
#include "sys.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int
sys_process(int *pid)
{
	int fd;

	*pid = getpid();
	/* Close-on-exec. Since Linux 5.3. */
	fd = syscall(SYS_pidfd_open, *pid, 0);
	return fd < 0 ? -errno : fd;
}

bool
sys_has_ended(int fd, int pid)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return kill(pid, 0) < 0 && errno == ESRCH;
	return poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0;
}

/* Part of a line of /proc/self/maps: "first-end rwxp ...", numbers in hexadecimal, p or s for private or
 * shared. */
struct maps_line {
	uint64_t number[2];
	unsigned int field; /* of the next character: 0, 1: numbers, 2: permissions, 3: the rest */
	char last;          /* last character of the permissions */
};

/* Takes a character; true at the end of the line. */
static bool
take_character(struct maps_line *line, char c)
{
	if (c == '\n')
		return true;
	if (line->field == 3)
		return false;
	if (c == ' ' || (c == '-' && line->field == 0)) {
		line->field++;
	} else if (line->field == 2) {
		line->last = c;
	} else {
		line->number[line->field] = line->number[line->field] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return false;
}

int
sys_mappings(void (*fn)(const struct ioas_range *range, bool shared, void *arg), void *arg)
{
	const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	struct maps_line line = { 0 };
	char buffer[4096];
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR)) {
		for (ssize_t i = 0; i < n; i++) {
			if (!take_character(&line, buffer[i]))
				continue;
			fn(&(struct ioas_range){ line.number[0], line.number[1] - 1 }, line.last == 's', arg);
			line = (struct maps_line){ 0 };
		}
	}
	ret = n < 0 ? -errno : 0;
	close(fd);
	return ret;
}
