/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

void
ioas_log(const struct ioas_log *log, enum ioas_log_level level, const char *format, ...)
{
	char line[640];
	va_list ap;

	if (log->fn == NULL)
		return;
	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	log->fn(level, line, log->arg);
}

int
ioas_no_memory(const struct ioas_log *log, const char *what)
{
	ioas_log(log, IOAS_LOG_ERR,
		 "cannot %s: no memory: end other programs, or raise RLIMIT_AS (`ulimit -v`)", what);
	return -ENOMEM;
}

struct ioas_size_text
ioas_size_text(uint64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	struct ioas_size_text size;
	unsigned int i = 0;

	while (i < 4 && bytes != 0 && (bytes & 1023) == 0) {
		bytes >>= 10;
		i++;
	}
	snprintf(size.text, sizeof(size.text), "%" PRIu64 " %s", bytes, unit[i]);
	return size;
}
