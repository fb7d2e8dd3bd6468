/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef CHECK_H
#define CHECK_H

/*
 * For programs that print a line for each check and then wait for SIGINT.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

static volatile sig_atomic_t ending;
static bool failed;

static void
end(int signal)
{
	(void)signal;
	ending = 1;
}

/* Call this first. */
static void
check_start(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGINT, end);
}

static void
expect(const char *what, bool good)
{
	printf("%s %s\n", good ? "ok" : "not ok", what);
	if (!good)
		failed = true;
}

#endif /* CHECK_H */
