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

#endif /* APP_ANSWER_H */
