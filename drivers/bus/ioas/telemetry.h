/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TELEMETRY_H
#define IOAS_TELEMETRY_H

#include <rte_common.h>
#include <rte_telemetry.h>

#include "ioas.h"

/*
 * Helpers for answers of telemetry commands. Numbers that may have more than 32 bits are strings, and lists
 * are dictionaries with the keys 0, 1, 2 ..., because all releases can put these into a dictionary in the
 * same way. All helpers ignore a dictionary that is NULL because memory was lacking.
 */

/* An answer has at most 16 KiB, and an item of these lists 150 bytes. */
#define TELEMETRY_LIST 100

void tel_add(struct rte_tel_data *data, const char *name, const char *format, ...)
	__rte_format_printf(3, 4);
void tel_add_int(struct rte_tel_data *data, const char *name, int value);
/* A dictionary in a dictionary, and the n-th item of a list. */
struct rte_tel_data *tel_add_dict(struct rte_tel_data *data, const char *name);
struct rte_tel_data *tel_add_item(struct rte_tel_data *list, unsigned int n);

/* The memory that the user and the kernel allow to pin, and the bytes that this process uses. */
void tel_add_memlock(struct rte_tel_data *data);

/* Parses IOVA[,DEVICE]; device is NULL if it is missing. 0 or -EINVAL. */
int tel_parse_iova(const char *params, uint64_t *iova, const char **device);

/* The commands. */
int telemetry_devices(const char *cmd, const char *params, struct rte_tel_data *data);
int telemetry_info(const char *cmd, const char *params, struct rte_tel_data *data);
int telemetry_iova(const char *cmd, const char *params, struct rte_tel_data *data);
int telemetry_maps(const char *cmd, const char *params, struct rte_tel_data *data);
int telemetry_quarantine(const char *cmd, const char *params, struct rte_tel_data *data);
int telemetry_ranges(const char *cmd, const char *params, struct rte_tel_data *data);
int telemetry_stats(const char *cmd, const char *params, struct rte_tel_data *data);

/* Registers the commands. */
void telemetry_start(void);

#endif /* IOAS_TELEMETRY_H */
