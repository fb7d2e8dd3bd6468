/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_TELEMETRY_H
#define APP_TELEMETRY_H

#include <jansson.h>

/* A client of the telemetry of a running DPDK application. */

/* Connects to the socket at a path, or if that is NULL to the one of a file prefix, of this user or,
 * for root, of all. Returns the descriptor, or a negative errno with the path that was tried in tried. */
int telemetry_connect(const char *path, const char *prefix, char *tried, size_t size);

/* Asks; the answer's value, to be given back with json_decref(), or NULL. A null answer is NULL too. */
json_t *telemetry_ask(int fd, const char *command);

#endif /* APP_TELEMETRY_H */
