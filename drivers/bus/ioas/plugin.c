/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioas_bus.h"

RTE_LOG_REGISTER(bus_ioas_logtype, bus.ioas, INFO);

void
bus_ioas_log_line(enum ioas_log_level level, const char *line, void *arg __rte_unused)
{
	static const uint32_t levels[] = {
		[IOAS_LOG_ERR] = RTE_LOG_ERR,
		[IOAS_LOG_WARNING] = RTE_LOG_WARNING,
		[IOAS_LOG_INFO] = RTE_LOG_INFO,
		[IOAS_LOG_DEBUG] = RTE_LOG_DEBUG,
	};

	rte_log(levels[level], bus_ioas_logtype, "IOAS: %s\n", line);
}

void
bus_ioas_log_no_memory(const char *what, const char *name)
{
	BUS_IOAS_LOG(ERR, "cannot %s%s: no memory: end other programs, or raise RLIMIT_AS (`ulimit -v`)",
		     what, name);
}

static int
parse_backend(const char *value, struct bus_ioas_options *options)
{
	static const char *const known[] = { "auto", "iommufd", "spapr", "type1" };

	for (unsigned int i = 0; i < RTE_DIM(known); i++) {
		if (strcmp(value, known[i]) == 0) {
			options->backend = known[i];
			return 0;
		}
	}
	BUS_IOAS_LOG(ERR, "DPDK_IOAS: backend=%s: use auto, iommufd, spapr or type1", value);
	return -EINVAL;
}

static int
parse_iova(const char *value, struct bus_ioas_options *options)
{
	if (strcmp(value, "kernel") != 0 && strcmp(value, "va") != 0) {
		BUS_IOAS_LOG(ERR, "DPDK_IOAS: iova=%s: use kernel or va", value);
		return -EINVAL;
	}
	options->iova = value[0] == 'k' ? RTE_IOVA_PA : RTE_IOVA_VA;
	return 0;
}

/* Whether a text begins with a digit. strtoull() alone also accepts spaces and a sign, and turns -1 into 2^64
 * - 1. */
static bool
is_number(const char *text)
{
	return text[0] >= '0' && text[0] <= '9';
}

static int
parse_window(const char *value, struct bus_ioas_options *options)
{
	struct ioas_range *const window = &options->window;
	char *end;

	errno = 0;
	window->first = strtoull(value, &end, 0);
	if (errno == 0 && is_number(value) && *end == '-') {
		const char *const last = end + 1;

		window->last = strtoull(last, &end, 0);
		if (errno == 0 && is_number(last) && *end == '\0' &&
		    window->first < window->last && (window->first & 4095) == 0 &&
		    (window->last & 4095) == 4095)
			return 0;
	}
	BUS_IOAS_LOG(ERR, "DPDK_IOAS: window=%s: give the first and the last IOVA of whole 4 KiB "
		     "pages, for example window=0x100000000-0x1ffffffff", value);
	return -EINVAL;
}

static int
parse_fd(const char *value, struct bus_ioas_options *options)
{
	/* PCI addresses contain colons too, so take the last one. */
	const char *const colon = strrchr(value, ':');
	const unsigned int n = options->n_fds;
	char *end;
	long fd;

	if (colon != NULL && colon != value && n < BUS_IOAS_MAX_FDS &&
	    (size_t)(colon - value) < sizeof(options->names[n])) {
		errno = 0;
		fd = strtol(colon + 1, &end, 10);
		if (errno == 0 && is_number(colon + 1) && *end == '\0' && fd <= INT_MAX) {
			snprintf(options->names[n], sizeof(options->names[n]), "%.*s",
				 (int)(colon - value), value);
			options->fds[n] = (struct ioas_descriptor){ options->names[n], fd };
			options->n_fds++;
			return 0;
		}
	}
	BUS_IOAS_LOG(ERR, "DPDK_IOAS: fd=%s: give a node or a device, and the descriptor that is open "
		     "for it, up to %u times: fd=/dev/iommu:5,fd=0000:00:04.0:6", value,
		     BUS_IOAS_MAX_FDS);
	return -EINVAL;
}

static int
parse_isolate(const char *value, struct bus_ioas_options *options)
{
	if (strcmp(value, "device") != 0 && strcmp(value, "none") != 0) {
		BUS_IOAS_LOG(ERR, "DPDK_IOAS: isolate=%s: use none or device", value);
		return -EINVAL;
	}
	options->isolate = value[0] == 'd';
	return 0;
}

/* A number, with or without K, M, G or T after it. 0: not a size. */
static uint64_t
parse_size(const char *text)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t size;
	char *end;

	errno = 0;
	size = strtoull(text, &end, 0);
	if (errno != 0 || !is_number(text))
		return 0;
	if (*end == '\0')
		return size;
	unit = strchr(units, toupper((unsigned char)*end));
	if (unit == NULL || end[1] != '\0' || size > UINT64_MAX >> 10 * (unit - units + 1))
		return 0;
	return size << 10 * (unit - units + 1);
}

static int
parse_quarantine(const char *value, struct bus_ioas_options *options)
{
	options->quarantine = strcmp(value, "all") == 0 ? UINT64_MAX : parse_size(value);
	/* Less than a page has no effect: the user probably meant MiB. */
	if (options->quarantine >= 4096)
		return 0;
	BUS_IOAS_LOG(ERR, "DPDK_IOAS: quarantine=%s: give a size, 64M or 1G for example, or all", value);
	return -EINVAL;
}

static int
parse_option(char *option, struct bus_ioas_options *options)
{
	static const struct {
		const char *name;
		int (*parse)(const char *value, struct bus_ioas_options *options);
	} known[] = {
		{ "backend", parse_backend },
		{ "fd", parse_fd },
		{ "iova", parse_iova },
		{ "isolate", parse_isolate },
		{ "quarantine", parse_quarantine },
		{ "window", parse_window },
	};
	char *const value = strchr(option, '=');

	if (value != NULL) {
		*value = '\0';
		for (unsigned int i = 0; i < RTE_DIM(known); i++)
			if (strcmp(option, known[i].name) == 0)
				return known[i].parse(value + 1, options);
	}
	BUS_IOAS_LOG(ERR, "DPDK_IOAS: there is no option '%s': use backend=auto|iommufd|spapr|type1, "
		     "iova=kernel|va, isolate=none|device, quarantine=SIZE|all, window=FIRST-LAST, "
		     "fd=NODE:NUMBER, separated by commas", option);
	return -EINVAL;
}

int
bus_ioas_parse_options(const char *text, struct bus_ioas_options *options)
{
	char *copy, *option, *rest;
	int ret = 0;

	*options = (struct bus_ioas_options){ .backend = "auto", .iova = RTE_IOVA_DC };
	if (text == NULL || text[0] == '\0')
		return 0;
	copy = strdup(text);
	if (copy == NULL) {
		bus_ioas_log_no_memory("read ", "DPDK_IOAS");
		return -ENOMEM;
	}
	for (option = strtok_r(copy, ",", &rest); option != NULL && ret == 0;
	     option = strtok_r(NULL, ",", &rest))
		ret = parse_option(option, options);
	free(copy);
	return ret;
}

const char *
bus_ioas_environment(void)
{
	const char *const text = secure_getenv("DPDK_IOAS");

	if (text == NULL && getenv("DPDK_IOAS") != NULL)
		BUS_IOAS_LOG(WARNING, "DPDK_IOAS is ignored: this program has more rights than its user (setuid, file "
			     "capabilities): the defaults are in use");
	return text;
}
