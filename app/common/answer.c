/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Reads values from telemetry answers. DPDK releases write the same value in different ways. */
#include <stdlib.h>

#include "answer.h"

const char *
answer_text(const json_t *answer, const char *name)
{
	const char *const text = json_string_value(json_object_get(answer, name));

	return text != NULL ? text : "";
}

uint64_t
answer_number(const json_t *answer, const char *name)
{
	return strtoull(answer_text(answer, name), NULL, 0);
}

json_int_t
answer_int(const json_t *answer, const char *name)
{
	return json_integer_value(json_object_get(answer, name));
}

json_t *
answer_list(const json_t *answer, const char *name)
{
	json_t *const from = json_object_get(answer, name), *const list = json_array(), *item;
	const char *key;
	size_t i;

	json_array_foreach(from, i, item)
		json_array_append(list, item);
	/* In the order of their insertion. */
	json_object_foreach(from, key, item)
		json_array_append(list, item);
	return list;
}
