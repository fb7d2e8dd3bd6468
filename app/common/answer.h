/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_ANSWER_H
#define APP_ANSWER_H

#include <stdint.h>

#include <jansson.h>

/* Values in a telemetry answer, by name. */

/* "" if the text is missing. */
const char *answer_text(const json_t *answer, const char *name);

/* Converts a text "0x..." or "123"; 0 if it is missing. */
uint64_t answer_number(const json_t *answer, const char *name);

/* 0 if the number is missing. */
json_int_t answer_int(const json_t *answer, const char *name);

/* A list: an array, or a dictionary whose keys count from 0, as in DPDK 22.11 for nested lists. Returns a new
 * array, empty if the list is missing; free it with json_decref(). */
json_t *answer_list(const json_t *answer, const char *name);

#endif /* APP_ANSWER_H */
