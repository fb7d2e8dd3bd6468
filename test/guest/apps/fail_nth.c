/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The kernel itself fails: in every call of the library the 1st, 2nd, ... allocation of the kernel fails
 * (/proc/thread-self/fail-nth, CONFIG_FAILSLAB, and iommufd's own points of failure) until the call succeeds
 * without a failure. A failed call must change nothing, and the next one must succeed. While a device is
 * opened only iommufd fails, because Linux 6.12 does not survive a failure in ACPI's interpreter.
 *
 *	fail_nth BACKEND DEVICE
 *
 * Prints the number of allocations that failed in each call, and "not ok" for errors; the exit status is then
 * 1.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ioas.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define LENGTH MIB(8)

static const char *backend, *name;
static struct ioas *space;
static struct ioas_device *device;
static char *memory;
static int fail_nth;
static char line[640];
static bool failed;

static void
log_line(enum ioas_log_level level, const char *text, void *arg)
{
	(void)arg;
	if (level == IOAS_LOG_ERR)
		snprintf(line, sizeof(line), "%s", text);
}

static void
wrong(const char *call, unsigned int n, const char *what)
{
	printf("not ok %s, allocation %u: %s (%s)\n", call, n, what, line);
	failed = true;
}

static void
arm(unsigned int n)
{
	char text[16];
	const int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, length, 0) != length) {
		perror("fail-nth");
		exit(2);
	}
}

/* Whether the kernel has reached the allocation. From now on none fails. */
static bool
disarm(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0) {
		perror("fail-nth");
		exit(2);
	}
	arm(0);
	return strtoul(text, NULL, 10) == 0;
}

/* Whether allocations that may sleep fail. Most may. */
static void
fail_slab(bool on)
{
	static const char path[] = "/sys/kernel/debug/failslab/ignore-gfp-wait";
	const int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, on ? "N" : "Y", 1) != 1) {
		perror(path);
		exit(2);
	}
	close(fd);
}

/* The state that a failed call must not change. */
struct state {
	struct ioas_info info;
	unsigned int ranges;
	uint64_t iova;
};

static struct state
state_now(void)
{
	struct state state;

	memset(&state, 0, sizeof(state));
	if (space == NULL)
		return state;
	ioas_get_info(space, &state.info);
	state.ranges = ioas_ranges(space, NULL, 0);
	state.iova = ioas_lookup(ioas_table(space), memory);
	return state;
}

static int
create(void)
{
	const struct ioas_options options = {
		.size = sizeof(options), .backend = backend, .log = log_line,
	};

	return ioas_create(&options, &space);
}

static void
destroy(void)
{
	ioas_destroy(space);
	space = NULL;
}

static int
attach(void)
{
	return ioas_attach(space, name, NULL, &device);
}

static void
detach(void)
{
	ioas_detach(device);
}

static int
map(void)
{
	return ioas_map(space, memory, LENGTH, NULL);
}

static int
map_fixed(void)
{
	return ioas_map_fixed(space, memory, LENGTH, MIB(512));
}

static void
unmap(void)
{
	if (ioas_unmap(space, memory, LENGTH) != 1)
		wrong("unmap", 0, "not one area");
}

/* A call that can fail, and the opposite call. */
static void
sweep(const char *call, unsigned int least, int (*run)(void), void (*undo)(void))
{
	unsigned int errors = 0, n;
	bool came;

	for (n = 1;; n++) {
		const struct state before = state_now();
		struct state after;
		int ret;

		line[0] = '\0';
		arm(n);
		ret = run();
		came = disarm();
		if (ret < 0) {
			after = state_now();
			errors++;
			if (!came)
				wrong(call, n, "it fails although nothing did");
			if (line[0] == '\0')
				wrong(call, n, "no log line");
			if (memcmp(&before, &after, sizeof(after)) != 0)
				wrong(call, n, "not as before");
			if (!came)
				return;
			continue;
		}
		undo();
		if (!came)
			break;
	}
	printf("%s: %u allocations failed, %u calls\n", call, n - 1, errors);
	if (errors < least)
		wrong(call, n, "too few failed");
}

/* A call that cannot fail, after the opposite call. */
static void
sweep_undo(const char *call, int (*run)(void), void (*undo)(void))
{
	unsigned int n;

	for (n = 1;; n++) {
		const struct state before = state_now();
		struct state after;
		bool came;

		if (run() < 0) {
			wrong(call, n, "what it undoes fails");
			return;
		}
		arm(n);
		undo();
		came = disarm();
		after = state_now();
		/* The ranges stay those of a device that has left. */
		if (before.info.maps != after.info.maps || before.info.devices != after.info.devices ||
		    before.iova != after.iova)
			wrong(call, n, "not as before");
		if (!came)
			break;
	}
	printf("%s: %u allocations failed\n", call, n - 1);
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fail_nth BACKEND DEVICE\n");
		return 2;
	}
	backend = argv[1];
	name = argv[2];
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0) {
		perror("/proc/thread-self/fail-nth");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
		      0);
	if (memory == MAP_FAILED || mlockall(MCL_CURRENT) != 0) {
		perror("memory");
		return 2;
	}

	fail_slab(true);
	sweep("create", 1, create, destroy);
	sweep_undo("destroy", create, destroy);
	fail_slab(false);
	if (create() < 0)
		return 2;
	/* type1 has no own points of failure. */
	sweep("attach", strcmp(backend, "iommufd") == 0, attach, detach);
	sweep_undo("detach", attach, detach);
	if (map() < 0)
		return 2;
	sweep("attach, with a map", strcmp(backend, "iommufd") == 0, attach, detach);
	unmap();
	if (attach() < 0)
		return 2;
	fail_slab(true);
	sweep("map", 1, map, unmap);
	sweep("map fixed", 1, map_fixed, unmap);
	sweep_undo("unmap", map, unmap);
	fail_slab(false);
	destroy();
	return failed;
}
