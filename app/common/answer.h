/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef APP_ANSWER_H
#define APP_ANSWER_H

#include <stdint.h>

#include <jansson.h>

/* What an answer of telemetry has under a name. */

/* "" if there is no such text. */
const char *answer_text(const json_t *answer, const char *name);

/* Of a text "0x..." or "123"; 0 if there is none. */
uint64_t answer_number(const json_t *answer, const char *name);

/* Of a number; 0 if there is none. */
json_int_t answer_int(const json_t *answer, const char *name);

/* A list: an array, or a dictionary whose keys count from 0, which is how DPDK 22.11 can nest them. A new
 * array, to be given back with json_decref(); empty if there is none. */
json_t *answer_list(const json_t *answer, const char *name);

#endif /* APP_ANSWER_H */
