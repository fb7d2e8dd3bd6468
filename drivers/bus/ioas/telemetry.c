/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The plugin's commands of DPDK's telemetry.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "memlock.h"
#include "telemetry.h"

void
tel_add(struct rte_tel_data *data, const char *name, const char *format, ...)
{
	char text[RTE_TEL_MAX_STRING_LEN];
	va_list args;

	if (data == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rte_tel_data_add_dict_string(data, name, text);
}

void
tel_add_int(struct rte_tel_data *data, const char *name, int value)
{
	if (data != NULL)
		rte_tel_data_add_dict_int(data, name, value);
}

struct rte_tel_data *
tel_add_dict(struct rte_tel_data *data, const char *name)
{
	struct rte_tel_data *const dict = data != NULL ? rte_tel_data_alloc() : NULL;

	if (dict == NULL)
		return NULL;
	rte_tel_data_start_dict(dict);
	if (rte_tel_data_add_dict_container(data, name, dict, 0) == 0)
		return dict;
	rte_tel_data_free(dict);
	return NULL;
}

struct rte_tel_data *
tel_add_item(struct rte_tel_data *list, unsigned int n)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", n);
	return tel_add_dict(list, name);
}

void
tel_add_memlock(struct rte_tel_data *data)
{
	struct memlock memlock;

	if (memlock_read(&memlock) < 0)
		return;
	tel_add(data, "memlock_used", "0x%" PRIx64, memlock.used);
	if (memlock.limit == UINT64_MAX) {
		tel_add(data, "memlock_limit", "unlimited");
		return;
	}
	tel_add(data, "memlock_limit", "0x%" PRIx64, memlock.limit);
	tel_add(data, "memlock_free", "0x%" PRIx64,
		memlock.limit > memlock.used ? memlock.limit - memlock.used : 0);
}

int
tel_parse_iova(const char *params, uint64_t *iova, const char **device)
{
	char *end;

	if (params[0] < '0' || params[0] > '9')
		return -EINVAL;
	errno = 0;
	*iova = strtoull(params, &end, 0);
	if (errno != 0 || (*end != '\0' && (*end != ',' || end[1] == '\0')))
		return -EINVAL;
	*device = *end == ',' ? end + 1 : NULL;
	return 0;
}

void
telemetry_start(void)
{
	static const struct {
		const char *name;
		telemetry_cb answer;
		const char *help;
	} commands[] = {
		{ "/ioas/devices", telemetry_devices,
		  "The devices that are the plugin's. No parameters" },
		{ "/ioas/info", telemetry_info,
		  "What the I/O address space holds. No parameters" },
		{ "/ioas/iova", telemetry_iova,
		  "What an IOVA leads to, or led to. Parameters: IOVA[,DEVICE]" },
		{ "/ioas/maps", telemetry_maps,
		  "What is mapped, from an IOVA on. Parameters: [IOVA[,DEVICE]]" },
		{ "/ioas/quarantine", telemetry_quarantine,
		  "What was unmapped and is held back, from an IOVA on. Parameters: [IOVA[,DEVICE]]" },
		{ "/ioas/ranges", telemetry_ranges,
		  "The IOVAs that the devices can use. Parameters: [DEVICE]" },
		{ "/ioas/stats", telemetry_stats,
		  "What has been counted and measured. Parameters: [DEVICE]" },
	};

	/* Ignores EEXIST: EAL was started again in the same process. */
	for (unsigned int i = 0; i < RTE_DIM(commands); i++)
		rte_telemetry_register_cmd(commands[i].name, commands[i].answer, commands[i].help);
}
