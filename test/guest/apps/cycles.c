/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Frequent operations leave nothing behind.
 *
 *	cycles DEVICE NUMBER [BACKEND]
 *
 * NUMBER times the device is attached to a space with mapped memory and detached. As often a process that
 * repeatedly creates a space, attaches the device, maps memory and undoes all of it is killed at some moment.
 * Compared before and after: descriptors, memory of this process, huge pages, pinned pages, pages of IOMMU
 * tables, memory of the kernel. Prints "ok" or "not ok" for each. The status is 1 if one of them was not ok.
 */

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ioas.h"

#define LARGE_PAGE ((size_t)2 << 20)
#define SMALL_PAGE ((size_t)4 << 10)
#define PAGES 2
/* The first cycles fill the caches of the kernel and of the allocator. */
#define WARM_UP 50

/* ---- values that must not change ---- */

struct state {
	int64_t descriptors;
	int64_t resident, size;       /* KiB of this process */
	int64_t large_pages;          /* free ones */
	int64_t pinned, iommu_pages;
	int64_t kernel;               /* KiB of slabs, of vmalloc and of tables */
};

static void __attribute__((format(printf, 1, 2)))
die(const char *format, ...)
{
	va_list ap;

	fputs("not ok ", stdout);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	puts("");
	exit(EXIT_FAILURE);
}

/* The number after a word in a file; 0 if the file does not contain the word. */
static int64_t
number_in(const char *path, const char *word)
{
	const size_t length = strlen(word);
	int64_t number = 0;
	char line[300];
	FILE *const file = fopen(path, "re");

	if (file == NULL)
		die("%s cannot be read", path);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, word, length) == 0 && (line[length] == ':' || line[length] == ' '))
			number = strtoll(line + length + 1, NULL, 10);
	fclose(file);
	return number;
}

static int64_t
count_descriptors(void)
{
	DIR *const dir = opendir("/proc/self/fd");
	int64_t n = 0;

	if (dir == NULL)
		die("no /proc/self/fd");
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* CPUs keep their page counts to themselves for a while, until this file is read. */
static void
refresh_counters(void)
{
	FILE *const file = fopen("/proc/sys/vm/stat_refresh", "re");

	if (file == NULL)
		die("counters cannot be refreshed");
	fgetc(file);
	fclose(file);
}

static struct state
read_state(void)
{
	refresh_counters();
	return (struct state){
		.descriptors = count_descriptors(),
		.resident = number_in("/proc/self/status", "VmRSS"),
		.size = number_in("/proc/self/status", "VmSize"),
		.large_pages = number_in("/proc/meminfo", "HugePages_Free"),
		.pinned = number_in("/proc/vmstat", "nr_foll_pin_acquired") -
			  number_in("/proc/vmstat", "nr_foll_pin_released"),
		.iommu_pages = number_in("/proc/vmstat", "nr_iommu_pages"),
		.kernel = number_in("/proc/meminfo", "SUnreclaim") +
			  number_in("/proc/meminfo", "VmallocUsed") +
			  number_in("/proc/meminfo", "PageTables") +
			  number_in("/proc/meminfo", "KernelStack") +
			  number_in("/proc/meminfo", "Percpu"),
	};
}

static bool failed;

/* Only values that other programs share may grow by more than nothing. */
static void
compare(const char *what, const char *kind, int64_t before, int64_t after, int64_t allowed)
{
	const bool ok = after <= before + allowed && (allowed != 0 || after == before);

	printf("%s %s: %s: %" PRId64 " before, %" PRId64 " after\n", ok ? "ok" : "not ok", what, kind,
	       before, after);
	failed = failed || !ok;
}

static void
compare_states(const char *what, const struct state *before, const struct state *after,
	       unsigned int cycles)
{
	compare(what, "descriptors", before->descriptors, after->descriptors, 0);
	compare(what, "KiB resident", before->resident, after->resident, 128);
	compare(what, "KiB of addresses", before->size, after->size, 128);
	compare(what, "free huge pages", before->large_pages, after->large_pages, 0);
	compare(what, "pinned pages", before->pinned, after->pinned, 0);
	compare(what, "pages of IOMMU tables", before->iommu_pages, after->iommu_pages, 0);
	/* Other activity takes some; 256 bytes for each cycle would show. */
	compare(what, "KiB of the kernel", before->kernel, after->kernel, 64 + cycles / 4);
}

/* ---- operations ---- */

static const char *device_name, *backend;

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING)
		fprintf(stderr, "# %s\n", line);
}

static void *
take_memory(size_t length, int flags)
{
	void *const memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | flags, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

static struct ioas *
create(void)
{
	const struct ioas_options options = {
		.size = sizeof(options),
		.backend = backend,
		.log = log_line,
	};
	struct ioas *space;

	if (ioas_create(&options, &space) != 0)
		die("no space");
	return space;
}

static struct ioas_device *
attach(struct ioas *space)
{
	struct ioas_device *device;

	if (ioas_attach(space, device_name, NULL, &device) != 0)
		die("%s cannot be attached", device_name);
	return device;
}

static void
map(struct ioas *space, void *large, void *small)
{
	for (size_t i = 0; i < PAGES; i++)
		if (ioas_map(space, (char *)large + i * LARGE_PAGE, LARGE_PAGE, NULL) != 0 ||
		    ioas_map(space, (char *)small + i * SMALL_PAGE, SMALL_PAGE, NULL) != 0)
			die("memory cannot be mapped");
}

static struct ioas *kept_space;
static void *large, *small;

static void
attach_and_detach(void)
{
	ioas_detach(attach(kept_space));
}

/* The whole life of a space, again and again, until the process is killed. */
static _Noreturn void
live(void)
{
	for (;;) {
		struct ioas *const space = create();
		struct ioas_device *const device = attach(space);
		void *const mine = take_memory(PAGES * LARGE_PAGE, MAP_HUGETLB);

		map(space, mine, small);
		ioas_unmap(space, mine, PAGES * LARGE_PAGE);
		ioas_detach(device);
		ioas_destroy(space);
		munmap(mine, PAGES * LARGE_PAGE);
	}
}

static void
start_and_kill(void)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0)
		live();
	if (pid < 0)
		die("no process");
	usleep((useconds_t)(rand() % 20000));
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		die("a process ended before it was killed");
}

static void
repeat(const char *what, void (*fn)(void), unsigned int cycles)
{
	struct state before, after;

	for (unsigned int i = 0; i < WARM_UP; i++)
		fn();
	before = read_state();
	for (unsigned int i = 0; i < cycles; i++)
		fn();
	after = read_state();
	compare_states(what, &before, &after, cycles);
}

int
main(int argc, char **argv)
{
	unsigned int cycles;

	if (argc < 3) {
		fputs("usage: cycles DEVICE NUMBER [BACKEND]\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	device_name = argv[1];
	cycles = (unsigned int)strtoul(argv[2], NULL, 0);
	backend = argc > 3 ? argv[3] : NULL;
	large = take_memory(PAGES * LARGE_PAGE, MAP_HUGETLB);
	small = take_memory(PAGES * SMALL_PAGE, 0);

	kept_space = create();
	map(kept_space, large, small);
	repeat("attach and detach", attach_and_detach, cycles);
	ioas_destroy(kept_space);
	repeat("start and kill", start_and_kill, cycles);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
