/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BUS_H
#define IOAS_BUS_H

/*
 * The plugin's log lines and its options.
 */

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_log.h>

#include "ioas.h"

extern int bus_ioas_logtype;

#define BUS_IOAS_LOG(level, ...) \
	rte_log(RTE_LOG_ ## level, bus_ioas_logtype, \
		RTE_FMT("IOAS: " RTE_FMT_HEAD(__VA_ARGS__,) "\n", RTE_FMT_TAIL(__VA_ARGS__,)))

/* Logs that memory is lacking to do what to the object of that name (or ""). */
void bus_ioas_log_no_memory(const char *what, const char *name);

/* The largest number of descriptors that can be handed in. */
#define BUS_IOAS_MAX_FDS 64

/* The options of the environment variable DPDK_IOAS. */
struct bus_ioas_options {
	const char *backend;      /* "auto" or a backend's name */
	enum rte_iova_mode iova;  /* RTE_IOVA_PA: kernel-chosen; RTE_IOVA_VA: equal to VA; RTE_IOVA_DC: not
				   * named, kernel-chosen unless a neighbour needs VA */
	struct ioas_range window; /* the window; zeroed: the whole aperture */
	bool isolate;             /* each device has its own space */
	uint64_t quarantine;      /* the quarantine in bytes */
	struct ioas_descriptor fds[BUS_IOAS_MAX_FDS]; /* descriptors that were handed in */
	unsigned int n_fds;
	char names[BUS_IOAS_MAX_FDS][96];             /* theirs */
};

/* The text of DPDK_IOAS. NULL: it is not set, or this program must ignore it, which is logged. */
const char *bus_ioas_environment(void);
/* Fills the options. 0; -EINVAL (an option is wrong) or -ENOMEM after a log line. */
int bus_ioas_parse_options(const char *text, struct bus_ioas_options *options);
/* Writes a line of lib/ioas to DPDK's log. */
void bus_ioas_log_line(enum ioas_log_level level, const char *line, void *arg);

#endif /* IOAS_BUS_H */
