/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_TELEMETRY_H
#define APP_TELEMETRY_H

#include <jansson.h>

/* A client for the telemetry of a running DPDK application. */

/* Connects to the socket at a path. If path is NULL, to the socket of a file prefix, of this user or, for
 * root, of all users. Returns the descriptor, or a negative errno and in tried the path. */
int telemetry_connect(const char *path, const char *prefix, char *tried, size_t size);

/* Sends a command. Returns the value of the answer, or NULL, also for a null answer; free it with
 * json_decref(). */
json_t *telemetry_ask(int fd, const char *command);

#endif /* APP_TELEMETRY_H */
