/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The memory that a table takes, depending on the mapped memory. Counted in a process that does nothing else:
 * the growth since before table_create().
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "perf.h"
#include "table.h"

#define SUITE "memory"
#define MAPPED_AT TIB(16)

static const unsigned int gib[] = { 1, 16, 64, 1024 };
#define N_GIB (sizeof(gib) / sizeof(gib[0]))

struct count {
	unsigned int gib;
	unsigned int replicas;
	uint64_t piece;         /* size of the mapped pieces, each with another IOVA */
};

static uint64_t
kib_of(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	uint64_t kib = 0;

	if (p == NULL)
		return 0;
	for (p += strlen(key); *p == ' '; p++)
		;
	for (; *p >= '0' && *p <= '9'; p++)
		kib = kib * 10 + (*p - '0');
	return kib;
}

/* The memory of this process, including the pages that tables share (a memfd). Without stdio, which would
 * allocate. 0: the kernel does not report it. */
static uint64_t
memory_bytes(void)
{
	const int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	static char text[4096];
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return KIB(kib_of(text, "\nAnonymous:") + kib_of(text, "\nPss_Shmem:"));
}

/* In bytes, for all replicas; 0: failed. */
static uint64_t
count(const struct count *what)
{
	const int nodes[] = { -1, -1 };
	uint64_t before, after, at;
	struct table table;

	/* The first call touches memory of the code itself. */
	before = memory_bytes();
	before = memory_bytes();
	if (before == 0 || table_create(&table, &ioas_sys_linux, nodes, what->replicas) < 0)
		return 0;
	for (at = MAPPED_AT; at < MAPPED_AT + GIB(what->gib); at += what->piece) {
		if (table_prepare(&table, at, what->piece) < 0)
			return 0;
		table_set(&table, at, what->piece, at + GIB(1));
	}
	after = memory_bytes();
	table_destroy(&table);
	return after <= before ? 0 : (after - before) / what->replicas;
}

/* In a child, because the memory of this process also grows for other reasons. */
static uint64_t
count_alone(const struct count *what)
{
	uint64_t *const answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t bytes = 0;
	pid_t child;
	int status;

	if (answer == MAP_FAILED)
		return 0;
	child = fork();
	if (child == 0) {
		*answer = count(what);
		_exit(0);
	}
	if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
		bytes = *answer;
	munmap(answer, sizeof(*answer));
	return bytes;
}

static int
measure(struct results *results, const struct count *count, const char *name, bool by_gib)
{
	struct result what = {
		.suite = SUITE,
		.working_set = GIB(count->gib),
		.unit = "KiB",
	};
	struct result *result;
	const uint64_t bytes = count_alone(count);

	if (bytes == 0) {
		results_note(results, SUITE, "%s: left out: no /proc/self/smaps_rollup, or no memory", name);
		return 0;
	}
	snprintf(what.name, sizeof(what.name), "%s", name);
	result = results_add(results, &what);
	if (result == NULL)
		return -ENOSPC;
	result_sample(result, (double)bytes / KIB(1) / (by_gib ? count->gib : 1));
	return 0;
}

int
memory_run(const struct options *options, struct results *results)
{
	int ret = 0;

	(void)options;
	progress(SUITE);
	for (unsigned int i = 0; ret == 0 && i < N_GIB; i++) {
		const struct count one = { gib[i], 1, PAGE_2M }, two = { gib[i], 2, PAGE_2M };
		const struct count linear = { gib[i], 1, GIB(1) };

		ret = measure(results, &one, "one replica", false);
		if (ret == 0)
			ret = measure(results, &two, "two replicas, each", false);
		if (ret == 0)
			ret = measure(results, &one, "one replica, a GiB", true);
		if (ret == 0)
			ret = measure(results, &linear, "one replica, linear areas", false);
	}
	if (ret == 0) {
		/* Areas smaller than 2 MiB. */
		const struct count details = { 1, 1, KIB(4) };

		ret = measure(results, &details, "one replica, 4 KiB pages", false);
	}
	return ret;
}
