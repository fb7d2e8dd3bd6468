/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Finds the telemetry socket of a process by its PID, also from outside the process's container. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "picture.h"

#define SOCKET_NAME "dpdk_telemetry.v2"

/* The inode number of a socket descriptor of the process; 0 if it is not a socket. */
static unsigned long
socket_number(unsigned int pid, const char *descriptor)
{
	unsigned long number = 0;
	char target[64];

	if (sys_link(target, sizeof(target), "/proc/%u/fd/%s", pid, descriptor))
		sscanf(target, "socket:[%lu]", &number);
	return number;
}

static bool
has_socket(unsigned int pid, unsigned long number)
{
	char **const descriptors = sys_list("/proc/%u/fd", pid);
	bool found = false;

	for (char **name = descriptors; !found && *name != NULL; name++)
		found = socket_number(pid, *name) == number;
	sys_free(descriptors);
	return found;
}

/* The kernel's list of sockets has their paths. A path of a container is relative to its root. */
bool
socket_of_process(unsigned int pid, char *path, size_t size)
{
	char list[PATH_MAX], line[512], name[256];
	unsigned long number;
	bool found = false;
	FILE *file;

	sys_path(list, sizeof(list), "/proc/%u/net/unix", pid);
	file = fopen(list, "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %255s", &number, name) == 2 &&
			strstr(name, SOCKET_NAME) != NULL && has_socket(pid, number);
	if (file != NULL)
		fclose(file);
	if (found)
		snprintf(path, size, "/proc/%u/root%s", pid, name);
	return found;
}
