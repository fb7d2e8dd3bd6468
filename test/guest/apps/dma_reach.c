/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The memory that two devices can access by DMA if each has its own I/O address space.
 *
 *	dma_reach FIRST SECOND
 *
 * The devices are QEMU's "edu" (edu.h). Prints "ok" or "not ok" for each check; on standard output also
 * "fault 0xIOVA" for each IOVA at which a DMA must not have found memory. The exit status is 1 if a check
 * failed.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "ioas.h"

#define PAGE UINT64_C(4096)
#define LENGTH (UINT64_C(32) << 20)

struct attached {
	struct ioas *space;
	struct ioas_device *device;
	struct edu edu;
};

static bool failed;

static void
check(bool ok, const char *what)
{
	printf("%s %s\n", ok ? "ok" : "not ok", what);
	fflush(stdout);
	failed = failed || !ok;
}

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	printf("not ok %s\n", what);
	exit(1);
}

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_INFO)
		fprintf(stderr, "# %s\n", line);
}

static void
dma(const struct attached *attached, uint64_t iova, bool to_memory)
{
	need(edu_dma(&attached->edu, 0, iova, 64, to_memory), "the device ends its DMA");
}

static void
open_edu(struct attached *attached, const char *name, struct ioas *follow)
{
	struct ioas_options options = {
		.size = sizeof(options),
		.log = log_line,
		.follow = follow,
		.same_iova = true,
	};
	const char *failed_at;

	need(ioas_create(&options, &attached->space) == 0, "a space for the device");
	need(ioas_attach(attached->space, name, NULL, &attached->device) == 0, "attach");
	failed_at = edu_open(&attached->edu, ioas_device_fd(attached->device));
	need(failed_at == NULL, failed_at);
}

static void
close_edu(struct attached *attached)
{
	ioas_destroy(attached->space);
}

static uint8_t *
get_memory(char fill)
{
	uint8_t *const memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(memory != MAP_FAILED, "memory");
	memset(memory, fill, LENGTH);
	return memory;
}

static bool
is_all(const uint8_t *memory, char fill)
{
	for (unsigned int i = 0; i < 64; i++)
		if (memory[i] != (uint8_t)fill)
			return false;
	return true;
}

/* Whether the device finds a pattern at the IOVA. The device then writes what it has read to out (at its
 * IOVA), which is memory of all. */
static bool
reads(const struct attached *attached, uint64_t iova, char pattern, uint8_t *out, uint64_t out_iova)
{
	memset(out, '-', 64);
	dma(attached, iova, false);
	dma(attached, out_iova, true);
	return is_all(out, pattern);
}

int
main(int argc, char **argv)
{
	const struct ioas_options options = { .size = sizeof(options), .log = log_line };
	uint8_t *all, *own, *out;
	uint64_t all_iova, own_iova;
	struct attached first, second;
	struct ioas *space;

	need(argc == 3, "usage: dma_reach FIRST SECOND");
	all = get_memory('A');
	own = get_memory('O');
	out = all + LENGTH - PAGE;
	need(ioas_create(&options, &space) == 0, "the space of all");
	open_edu(&first, argv[1], space);
	open_edu(&second, argv[2], space);
	need(ioas_map(space, all, LENGTH, &all_iova) == 0, "map memory of all");
	need(ioas_map(first.space, own, LENGTH, &own_iova) == 0, "map memory of the first");
	all_iova = ioas_lookup(ioas_table(second.space), all);

	check(reads(&first, all_iova, 'A', out, all_iova + LENGTH - PAGE), "first: memory of all");
	check(reads(&second, all_iova, 'A', out, all_iova + LENGTH - PAGE), "second: memory of all");
	check(reads(&first, own_iova, 'O', out, all_iova + LENGTH - PAGE), "first: its own");

	/* The second one's DMA must neither read nor write the first one's memory. */
	printf("fault 0x%" PRIx64 "\n", own_iova);
	check(!reads(&second, own_iova, 'O', out, all_iova + LENGTH - PAGE),
	      "second: cannot read the first one's");
	dma(&second, all_iova, false);
	dma(&second, own_iova, true);
	check(is_all(own, 'O'), "second: cannot write the first one's");

	/* The same after it was mapped for the second one too, which proves the checks above. */
	check(ioas_map_fixed(second.space, own, LENGTH, own_iova) == 0, "map it for the second");
	check(reads(&second, own_iova, 'O', out, all_iova + LENGTH - PAGE), "second: reads it now");
	check(ioas_unmap(second.space, own, LENGTH) == 1, "and unmap it");
	check(!reads(&second, own_iova, 'O', out, all_iova + LENGTH - PAGE), "second: not any more");
	check(reads(&first, own_iova, 'O', out, all_iova + LENGTH - PAGE), "first: still");

	/* An unmap of memory of all affects both. The kernel logs only a few faults in five seconds. */
	sleep(6);
	dma(&first, all_iova, false);
	dma(&second, all_iova, false);
	memset(out, '-', 64);
	check(ioas_unmap(space, all, LENGTH) == 1, "unmap memory of all");
	printf("fault 0x%" PRIx64 "\n", all_iova + LENGTH - PAGE);
	dma(&first, all_iova + LENGTH - PAGE, true);
	check(is_all(out, '-'), "first: cannot write what was of all");
	dma(&second, all_iova + LENGTH - PAGE, true);
	check(is_all(out, '-'), "second: cannot write what was of all");

	close_edu(&second);
	close_edu(&first);
	ioas_destroy(space);
	return failed;
}
