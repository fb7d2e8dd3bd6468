/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_LOG_H
#define IOAS_LOG_H

#include "ioas.h"

struct ioas_log {
	ioas_log_fn fn; /* may be NULL */
	void *arg;
};

void ioas_log(const struct ioas_log *log, enum ioas_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Logs that memory was lacking for a task ("attach a device"). Returns -ENOMEM. */
int ioas_no_memory(const struct ioas_log *log, const char *what);

/* Holds the text of one length. */
struct ioas_size_text {
	char text[24];
};

/* Formats a length: "2 MiB", "1 GiB", "4100 KiB", "17 B". */
struct ioas_size_text ioas_size_text(uint64_t bytes);

#endif /* IOAS_LOG_H */
