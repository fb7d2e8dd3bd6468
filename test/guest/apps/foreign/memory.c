/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Memory of each kind that an application can have. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "foreign.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)

/* Above EAL's memory, below all that the kernel places by itself. */
#define FIRST_PLACE ((uintptr_t)384 << 30)

void *
empty_place(size_t length)
{
	static atomic_uintptr_t next = FIRST_PLACE;
	const size_t page = length >= LARGE_PAGE ? LARGE_PAGE : SMALL_PAGE;
	uintptr_t from = next, place;

	do {
		place = RTE_ALIGN_CEIL(from, page);
	} while (!atomic_compare_exchange_weak(&next, &from, place + length + SMALL_PAGE));
	return (void *)place;
}

char *
new_memory(void *at, size_t length)
{
	void *const place = at == NULL ? empty_place(length) : at;
	char *const p = mmap(place, length, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	need(p != MAP_FAILED, "no new memory at %p: %s", place, strerror(errno));
	return p;
}

static void
map(struct memory *memory, int flags)
{
	memory->p = mmap(empty_place(UNITS * memory->unit), UNITS * memory->unit, READ_WRITE,
			 flags | MAP_FIXED_NOREPLACE, memory->fd, 0);
	need(memory->p != MAP_FAILED, "%s: mmap: %s", memory->kind, strerror(errno));
	memory->shared = (flags & MAP_SHARED) != 0;
}

static void
make_private(struct memory *memory)
{
	map(memory, MAP_PRIVATE | MAP_ANONYMOUS);
}

static void
make_shared(struct memory *memory)
{
	map(memory, MAP_SHARED | MAP_ANONYMOUS);
}

static void
make_large(struct memory *memory)
{
	memory->unit = LARGE_PAGE;
	map(memory, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
}

static void
make_file(struct memory *memory, unsigned int flags)
{
	memory->fd = memfd_create("foreign", MFD_CLOEXEC | flags);
	need(memory->fd >= 0 && ftruncate(memory->fd, UNITS * memory->unit) == 0, "%s: memfd_create: %s",
	     memory->kind, strerror(errno));
}

static void
make_memfd(struct memory *memory)
{
	make_file(memory, 0);
	map(memory, MAP_SHARED);
}

static void
make_private_file(struct memory *memory)
{
	make_file(memory, 0);
	map(memory, MAP_PRIVATE);
}

static void
make_large_memfd(struct memory *memory)
{
	memory->unit = LARGE_PAGE;
	make_file(memory, MFD_HUGETLB);
	map(memory, MAP_SHARED);
}

static void
make_named_file(struct memory *memory)
{
	static atomic_uint next;
	char path[64];

	snprintf(path, sizeof(path), "/dev/shm/foreign-%d-%u", getpid(), next++);
	memory->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	need(memory->fd >= 0 && ftruncate(memory->fd, UNITS * memory->unit) == 0 && unlink(path) == 0, "%s: %s",
	     path, strerror(errno));
	map(memory, MAP_SHARED);
}

static void
attach(struct memory *memory, int flags)
{
	memory->shm = shmget(IPC_PRIVATE, UNITS * memory->unit, IPC_CREAT | 0600 | flags);
	need(memory->shm >= 0, "%s: shmget: %s", memory->kind, strerror(errno));
	memory->p = shmat(memory->shm, empty_place(UNITS * memory->unit), 0);
	shmctl(memory->shm, IPC_RMID, NULL);
	need(memory->p != MAP_FAILED, "%s: shmat: %s", memory->kind, strerror(errno));
	memory->shared = true;
}

static void
make_sysv(struct memory *memory)
{
	attach(memory, 0);
}

static void
make_large_sysv(struct memory *memory)
{
	memory->unit = LARGE_PAGE;
	attach(memory, SHM_HUGETLB);
}

/* The memory is one mapping of the kernel, in the middle of a larger one that the application has made. */
static void
make_between(struct memory *memory)
{
	char *const around = new_memory(NULL, (UNITS + 2) * memory->unit);

	need(mprotect(around, memory->unit, PROT_READ) == 0 &&
	     mprotect(around + (UNITS + 1) * memory->unit, memory->unit, PROT_READ) == 0, "mprotect");
	memory->p = around + memory->unit;
	memory->edge = memory->unit;
}

/* The address is not the start of a mapping, and two mappings are adjacent. */
static void
make_two(struct memory *memory)
{
	memory->p = new_memory(NULL, UNITS * memory->unit);
	need(madvise(memory->p, UNITS / 2 * memory->unit, MADV_DONTDUMP) == 0, "madvise");
}

const struct kind kinds[] = {
	{ "private memory", make_private },
	{ "shared memory", make_shared },
	{ "memfd", make_memfd },
	{ "private file mapping", make_private_file },
	{ "file in /dev/shm", make_named_file },
	{ "part of a mapping", make_between },
	{ "two mappings", make_two },
	{ "SysV shared memory", make_sysv },
	{ "large pages", make_large },
	{ "memfd of large pages", make_large_memfd },
	{ "SysV large pages", make_large_sysv },
};
const unsigned int n_kinds = RTE_DIM(kinds);

struct memory
make_memory(const struct kind *kind)
{
	struct memory memory = { .unit = SMALL_PAGE, .fd = -1, .shm = -1, .kind = kind->name };

	kind->make(&memory);
	for (unsigned int i = 0; i < UNITS; i++)
		write_new(memory.p + i * memory.unit);
	return memory;
}

struct memory
make_kind(const char *name)
{
	for (unsigned int i = 0; i < n_kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return make_memory(&kinds[i]);
	fail_case("no kind '%s'", name);
}

char *
unit_at(const struct memory *memory, unsigned int unit)
{
	return memory->p + unit * memory->unit;
}

int
result_of(const void *p)
{
	return p == MAP_FAILED ? -1 : 0;
}

void
drop_memory(struct memory *memory)
{
	if (memory->p != NULL && memory->edge != 0) {
		do_munmap(memory->p - memory->edge, memory->edge);
		do_munmap(memory->p + UNITS * memory->unit, memory->edge);
	}
	for (unsigned int i = 0; i < UNITS; i++)
		if (memory->p != NULL && !memory->lost[i])
			do_munmap(memory->p + i * memory->unit, memory->unit);
	if (memory->moved != NULL)
		do_munmap(memory->moved, memory->moved_length);
	if (memory->fd >= 0)
		close(memory->fd);
	memory->p = memory->moved = NULL;
	memory->fd = -1;
}
