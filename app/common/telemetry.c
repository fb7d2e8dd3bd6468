/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Finds the telemetry socket of a running DPDK application and sends it commands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "telemetry.h"

#define SOCKET_NAME "dpdk_telemetry.v2"
/* More than DPDK sends at once. */
#define MAX_ANSWER (64 * 1024)

/* DPDK first sends its version and other data to each new client. */
static int
connect_to(const char *path)
{
	const struct timeval patience = { .tv_sec = 10 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char greeting[1024];
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A stopped application does not answer. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    recv(fd, greeting, sizeof(greeting), 0) > 0)
		return fd;
	error = errno != 0 ? errno : EPROTO;
	close(fd);
	return -error;
}

/* EAL's runtime folder: of the service; for root of the system; of the user; or in /tmp. */
static const char *
runtime_folder(void)
{
	const char *folder = getenv("RUNTIME_DIRECTORY");

	if (folder == NULL)
		folder = geteuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
	return folder != NULL ? folder : "/tmp";
}

int
telemetry_connect(const char *path, const char *prefix, char *tried, size_t size)
{
	if (path != NULL)
		snprintf(tried, size, "%s", path);
	else
		snprintf(tried, size, "%s/dpdk/%s/" SOCKET_NAME, runtime_folder(), prefix);
	errno = 0;
	return connect_to(tried);
}

json_t *
telemetry_ask(int fd, const char *command)
{
	char *const answer = malloc(MAX_ANSWER);
	json_t *root = NULL, *value = NULL;
	ssize_t length = -1;

	if (answer == NULL)
		return NULL;
	if (send(fd, command, strlen(command), MSG_NOSIGNAL) == (ssize_t)strlen(command))
		length = recv(fd, answer, MAX_ANSWER, 0);
	if (length > 0)
		root = json_loadb(answer, length, 0, NULL);
	free(answer);
	if (json_is_object(root) && json_object_size(root) == 1)
		value = json_object_iter_value(json_object_iter(root));
	if (json_is_null(value))
		value = NULL;
	json_incref(value);
	json_decref(root);
	return value;
}
