/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* fork(): a child that is not the application, and a child that is, because its parent has ended (daemon()). */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_vfio.h>

#include "foreign.h"

#define LENGTH (4 * SMALL_PAGE)

/* Private memory that goes and comes at the same address. */
static void
own_memory(void *arg __rte_unused)
{
	char *p = new_memory(NULL, LENGTH);

	for (unsigned int turn = 0; turn < 3; turn++) {
		write_new(p);
		need_asked("own memory", p);
		need(do_munmap(p, LENGTH) == 0, "munmap");
		settle();
		need(rte_mem_virt2iova(p) == RTE_BAD_IOVA, "memory that has gone has an IOVA");
		p = new_memory(p, LENGTH);
	}
	munmap(p, LENGTH);
}

/* ---- the parent lives ---- */

/* Runs a function in a child, as a separate case; the parent's case fails with it. */
static void
in_child_of(pid_t (*fork_now)(void), void (*fn)(void *arg), void *arg)
{
	char why[400] = "";
	int status, out[2];
	pid_t pid;

	need(pipe(out) == 0, "pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork_now();
	need(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		const char *const said = try_case(fn, arg);

		if (said != NULL && write(out[1], said, strlen(said)) < 0)
			_exit(2);
		_exit(said != NULL);
	}
	close(out[1]);
	need(read(out[0], why, sizeof(why) - 1) >= 0, "read: %s", strerror(errno));
	close(out[0]);
	waitpid(pid, &status, 0);
	need(WIFEXITED(status), "the child was ended by signal %d", WTERMSIG(status));
	need(status == 0, "in the child: %s", why);
}

static void
in_child(void (*fn)(void *arg), void *arg)
{
	in_child_of(fork, fn, arg);
}

static void
child_has_memory(void *arg __rte_unused)
{
	in_child(own_memory, NULL);
}

static void
unmap(void *arg)
{
	need(do_munmap(arg, LENGTH) == 0, "munmap");
	settle();
	new_memory(arg, LENGTH);
	write_new(arg);
}

static void
write_to_copy(void *arg)
{
	write_new(arg);
}

/* It is another page than the parent's. */
static void
ask_for_copy(void *arg)
{
	write_new(arg);
	need_asked("the copy", arg);
}

static void
unmap_dma(void *arg)
{
	rte_vfio_container_dma_unmap(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)arg, rte_mem_virt2iova(arg), LENGTH);
}

static void
drop_pages(void *arg)
{
	need(do_madvise(arg, LENGTH, MADV_DONTNEED) == 0, "madvise");
	settle();
	write_new(arg);
}

static void
allocate(void *arg __rte_unused)
{
	void *blocks[100];

	for (unsigned int i = 0; i < RTE_DIM(blocks); i++)
		need((blocks[i] = malloc(i * 20 * KB)) != NULL, "no memory");
	for (unsigned int i = 0; i < RTE_DIM(blocks); i++)
		free(blocks[i]);
}

/* Memory shared with the parent: a device reads it at the same IOVA. */
static void
ask_for_shared(void *arg)
{
	struct spot *const spot = arg;

	write_new((char *)(uintptr_t)spot->va);
	need(rte_mem_virt2iova(spot->va) == spot->iova, "another IOVA: 0x%" PRIx64, rte_mem_virt2iova(spot->va));
	need_seen("shared memory", spot, 1);
}

/* Whatever a child does, the parent's memory keeps its IOVAs. */
static void
parent_keeps(void (*fn)(void *arg), bool stated)
{
	char *const p = new_memory(NULL, LENGTH);
	struct spot spot = { .va = p };

	write_new(p);
	spot.iova = need_asked("before", p);
	need(!stated || rte_vfio_container_dma_map(RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)p, spot.iova,
						   LENGTH) == 0, "rte_vfio_container_dma_map");
	in_child(fn, p);
	need_seen("after the child", &spot, 1);
	write_new(p);
	need(rte_mem_virt2iova(p) == spot.iova, "another IOVA");
	need_seen("written after the child", &spot, 1);
	need(do_munmap(p, LENGTH) == 0, "munmap");
	settle();
	new_memory(p, LENGTH);
	write_new(p);
	need_asked("new memory", p);
	munmap(p, LENGTH);
}

static void
child_unmaps(void *arg __rte_unused)
{
	parent_keeps(unmap, false);
}

static void
child_unmaps_stated(void *arg __rte_unused)
{
	parent_keeps(unmap, true);
}

static void
child_writes(void *arg __rte_unused)
{
	parent_keeps(write_to_copy, false);
}

static void
child_asks(void *arg __rte_unused)
{
	parent_keeps(ask_for_copy, false);
}

static void
child_unmaps_dma(void *arg __rte_unused)
{
	parent_keeps(unmap_dma, true);
}

static void
child_drops(void *arg __rte_unused)
{
	parent_keeps(drop_pages, false);
}

static void
child_allocates(void *arg __rte_unused)
{
	parent_keeps(allocate, false);
}

static void
child_of_child(void *arg)
{
	in_child(unmap, arg);
}

/* No fork handler runs. */
static void
silent_child(void *arg)
{
	in_child_of(_Fork, unmap, arg);
}

static void
grandchild_unmaps(void *arg __rte_unused)
{
	parent_keeps(child_of_child, false);
}

static void
silent_child_unmaps(void *arg __rte_unused)
{
	char *const p = new_memory(NULL, LENGTH);
	struct spot spot = { .va = p };

	write_new(p);
	spot.iova = need_asked("before", p);
	silent_child(p);
	write_new(p);
	need(rte_mem_virt2iova(p) == spot.iova, "another IOVA");
	need_seen("after the child", &spot, 1);
	munmap(p, LENGTH);
}

static void
child_shares(void *arg __rte_unused)
{
	char *const p = mmap(empty_place(LENGTH), LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct spot spot = { .va = p };

	need(p != MAP_FAILED, "no memory");
	write_new(p);
	spot.iova = need_asked("before", p);
	in_child(ask_for_shared, &spot);
	in_child(unmap, p);
	need_seen("after the child", &spot, 1);
	need(rte_mem_virt2iova(p) == spot.iova, "another IOVA");
	munmap(p, LENGTH);
}

void
child_cases(void)
{
	static const struct named_case cases[] = {
		{ "a child has memory of its own", child_has_memory },
		{ "a child unmaps", child_unmaps },
		{ "a child unmaps memory that was mapped at a stated IOVA", child_unmaps_stated },
		{ "a child writes to its copy", child_writes },
		{ "a child asks for its copy", child_asks },
		{ "a child unmaps for DMA", child_unmaps_dma },
		{ "a child drops pages", child_drops },
		{ "a child allocates and frees", child_allocates },
		{ "a child of a child unmaps", grandchild_unmaps },
		{ "a child of _Fork unmaps", silent_child_unmaps },
		{ "a child has shared memory", child_shares },
	};

	run_cases(cases, RTE_DIM(cases));
}

/* ---- the parent has ended ---- */

static void
grow_and_shrink(void *arg __rte_unused)
{
	const size_t length = 40 * MB;

	for (unsigned int turn = 0; turn < 2; turn++) {
		char *const p = rte_malloc(NULL, length, SMALL_PAGE);

		need(p != NULL, "rte_malloc");
		write_new(p);
		write_new(p + length - SMALL_PAGE);
		need_asked("EAL's memory", p);
		need_asked("the end of it", p + length - SMALL_PAGE);
		need(rte_malloc_virt2iova(p) == rte_mem_virt2iova(p), "EAL has recorded another IOVA");
		rte_free(p);
	}
}

/* NICs too, so that no device is attached in between. */
static void
attach_again(void *arg __rte_unused)
{
	struct spot spots[] = { { .va = new_memory(NULL, LENGTH) }, { .va = rte_malloc(NULL, LENGTH, SMALL_PAGE) } };
	char names[4][RTE_DEV_NAME_MAX_LEN];
	struct rte_dev_iterator iterator;
	struct rte_device *device;
	unsigned int n = 0;

	for (unsigned int i = 0; i < RTE_DIM(spots); i++) {
		write_new((char *)(uintptr_t)spots[i].va);
		spots[i].iova = need_asked("before", spots[i].va);
	}
	RTE_DEV_FOREACH(device, "bus=pci", &iterator)
		if (rte_dev_is_probed(device) && n < RTE_DIM(names))
			snprintf(names[n++], sizeof(names[0]), "%s", rte_dev_name(device));
	need(n > 0, "no NIC");
	for (unsigned int i = 0; i < n; i++)
		need(rte_eal_hotplug_remove("pci", names[i]) == 0, "%s: remove: %s", names[i],
		     rte_strerror(rte_errno));
	devices_reopen();
	for (unsigned int i = 0; i < n; i++)
		need(rte_eal_hotplug_add("pci", names[i], "") == 0, "%s: add: %s", names[i],
		     rte_strerror(rte_errno));
	for (unsigned int i = 0; i < RTE_DIM(spots); i++) {
		write_new((char *)(uintptr_t)spots[i].va);
		need(rte_mem_virt2iova(spots[i].va) == spots[i].iova, "another IOVA");
	}
	need_seen("after it", spots, RTE_DIM(spots));
	munmap((char *)(uintptr_t)spots[0].va, LENGTH);
	rte_free((char *)(uintptr_t)spots[1].va);
}

/* As in daemon(): the parent ends at once. */
void
daemon_cases(void)
{
	static const struct named_case cases[] = {
		{ "daemon: own memory", own_memory },
		{ "daemon: EAL's memory grows and shrinks", grow_and_shrink },
		{ "daemon: devices are detached and attached", attach_again },
		{ "daemon: own memory after that", own_memory },
		{ "daemon: EAL's memory after that", grow_and_shrink },
		{ "daemon: a child has memory of its own", child_has_memory },
		{ "daemon: a child unmaps", child_unmaps },
	};
	char *const p = new_memory(NULL, LENGTH);
	const pid_t parent = getpid();
	pid_t pid;

	/* The parent has queried the IOVA of memory of which the daemon has a copy. */
	write_new(p);
	rte_mem_virt2iova(p);
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		printf("not ok daemon: fork: %s\n", strerror(errno));
		return;
	}
	if (pid > 0)
		_exit(EXIT_SUCCESS);
	while (kill(parent, 0) == 0 && getppid() == parent)
		usleep(10000);
	run_case("daemon: a copy of what the parent had asked for", ask_for_copy, p);
	run_cases(cases, RTE_DIM(cases));
}
