/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The routes by which memory goes, or gets other pages. */

#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "foreign.h"

/* The headers of Debian 12 are older. */
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

__thread enum calls calls;

void *
do_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	if (calls == CALLS_SLOTS)
		return mmap(addr, length, prot, flags, fd, offset);
	return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
}

int
do_munmap(void *addr, size_t length)
{
	return calls == CALLS_SLOTS ? munmap(addr, length) : (int)syscall(SYS_munmap, addr, length);
}

void *
do_mremap(void *addr, size_t old_length, size_t new_length, int flags, void *to)
{
	if (calls == CALLS_SLOTS)
		return mremap(addr, old_length, new_length, flags, to);
	return (void *)syscall(SYS_mremap, addr, old_length, new_length, flags, to);
}

int
do_madvise(void *addr, size_t length, int advice)
{
	return calls == CALLS_SLOTS ? madvise(addr, length, advice)
				    : (int)syscall(SYS_madvise, addr, length, advice);
}

void *
do_shmat(int id, const void *addr, int flags)
{
	return calls == CALLS_SLOTS ? shmat(id, addr, flags) : (void *)syscall(SYS_shmat, id, addr, flags);
}

int
do_shmdt(const void *addr)
{
	return calls == CALLS_SLOTS ? shmdt(addr) : (int)syscall(SYS_shmdt, addr);
}

int
do_remap_file_pages(void *addr, size_t length, size_t page)
{
	return calls == CALLS_SLOTS ? remap_file_pages(addr, length, 0, page, 0)
				    : (int)syscall(SYS_remap_file_pages, addr, length, 0, page, 0);
}

void
settle(void)
{
	char *fresh;

	if (calls == CALLS_SLOTS)
		return;
	fresh = new_memory(NULL, SMALL_PAGE);
	rte_mem_virt2iova(fresh);
	/* Through the slot, so that no report is outstanding. */
	munmap(fresh, SMALL_PAGE);
}

/* Empty address space of n units, aligned to a unit. */
static char *
find_space(const struct memory *memory, unsigned int units)
{
	const size_t length = (units + 1) * memory->unit;
	char *const p = mmap(empty_place(length), length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	need(p != MAP_FAILED, "no address space");
	return RTE_PTR_ALIGN(p, memory->unit);
}

static int
unmap_all(struct memory *memory)
{
	return do_munmap(memory->p, UNITS * memory->unit);
}

static int
unmap_middle(struct memory *memory)
{
	return do_munmap(unit_at(memory, 1), 2 * memory->unit);
}

static int
unmap_one_and_beyond(struct memory *memory)
{
	/* The length is not a multiple of a small page: the kernel removes the whole page. */
	return do_munmap(unit_at(memory, 3), memory->unit - SMALL_PAGE + 1);
}

static int
map_over(struct memory *memory)
{
	return result_of(do_mmap(unit_at(memory, 1), memory->unit, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static int
map_nothing_over(struct memory *memory)
{
	return result_of(do_mmap(unit_at(memory, 2), memory->unit, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));
}

/* The memory that mremap() has returned is unmapped with the rest. */
static int
keep_moved(struct memory *memory, void *moved, size_t length)
{
	if (moved == MAP_FAILED)
		return -1;
	memory->moved = moved;
	memory->moved_length = length;
	return 0;
}

static int
move_away(struct memory *memory)
{
	char *const to = find_space(memory, UNITS);
	void *const moved = do_mremap(memory->p, UNITS * memory->unit, UNITS * memory->unit,
				      MREMAP_MAYMOVE | MREMAP_FIXED, to);

	return keep_moved(memory, moved, UNITS * memory->unit);
}

static int
move_and_keep(struct memory *memory)
{
	void *const moved = do_mremap(memory->p, UNITS * memory->unit, UNITS * memory->unit,
				      MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	return keep_moved(memory, moved, UNITS * memory->unit);
}

static int
move_a_part_away(struct memory *memory)
{
	void *const moved = do_mremap(unit_at(memory, 1), memory->unit, memory->unit,
				      MREMAP_MAYMOVE | MREMAP_FIXED, find_space(memory, 1));

	return keep_moved(memory, moved, memory->unit);
}

static int
shrink(struct memory *memory)
{
	return result_of(do_mremap(memory->p, UNITS * memory->unit, 2 * memory->unit, 0, NULL));
}

static int
move_over(struct memory *memory)
{
	const bool large = memory->unit != SMALL_PAGE;
	char *const other = mmap(NULL, memory->unit, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | (large ? MAP_HUGETLB : 0), -1, 0);

	need(other != MAP_FAILED, "no memory to move");
	write_new(other);
	/* It has an IOVA too, which must not move with it. */
	need_asked("what is moved over it", other);
	if (do_mremap(other, memory->unit, memory->unit, MREMAP_MAYMOVE | MREMAP_FIXED, unit_at(memory, 2)) !=
	    MAP_FAILED)
		return 0;
	munmap(other, memory->unit);
	return -1;
}

static int
drop_pages(struct memory *memory)
{
	return do_madvise(unit_at(memory, 1), memory->unit, MADV_DONTNEED);
}

static int
drop_locked_pages(struct memory *memory)
{
	return do_madvise(unit_at(memory, 1), 2 * memory->unit, MADV_DONTNEED_LOCKED);
}

static int
free_pages(struct memory *memory)
{
	return do_madvise(unit_at(memory, 1), memory->unit, MADV_FREE);
}

static int
remove_pages(struct memory *memory)
{
	return do_madvise(unit_at(memory, 1), memory->unit, MADV_REMOVE);
}

static int
guard_pages(struct memory *memory)
{
	return do_madvise(unit_at(memory, 1), memory->unit, MADV_GUARD_INSTALL);
}

static int
detach(struct memory *memory)
{
	return do_shmdt(memory->p);
}

static int
attach_over(struct memory *memory)
{
	const bool large = memory->unit != SMALL_PAGE;
	const int id = shmget(IPC_PRIVATE, memory->unit, IPC_CREAT | 0600 | (large ? SHM_HUGETLB : 0));
	void *p;

	need(id >= 0, "shmget");
	p = do_shmat(id, unit_at(memory, 1), SHM_REMAP);
	shmctl(id, IPC_RMID, NULL);
	return result_of(p);
}

static int
show_other_page(struct memory *memory)
{
	/* The file's first page replaces its second. */
	return do_remap_file_pages(unit_at(memory, 1), memory->unit, 0);
}

#define TO_ALL(effect) { effect, effect, effect, effect }

const struct route routes[] = {
	{ .name = "munmap of all", .take = unmap_all, .effect = TO_ALL(GONE) },
	{ .name = "munmap of the middle", .take = unmap_middle, .effect = { KEPT, GONE, GONE, KEPT } },
	{ .name = "munmap of a length that is not whole", .take = unmap_one_and_beyond,
	  .effect = { KEPT, KEPT, KEPT, GONE } },
	{ .name = "mmap MAP_FIXED over it", .take = map_over, .effect = { KEPT, OTHER, KEPT, KEPT } },
	{ .name = "mmap PROT_NONE over it", .take = map_nothing_over,
	  .effect = { KEPT, KEPT, GONE, KEPT }, .holds = true },
	{ .name = "mremap to another address", .take = move_away, .effect = TO_ALL(GONE) },
	{ .name = "mremap of a part", .take = move_a_part_away, .effect = { KEPT, GONE, KEPT, KEPT } },
	{ .name = "mremap MREMAP_DONTUNMAP", .take = move_and_keep,
	  .effect = TO_ALL(OTHER) },
	{ .name = "mremap that shrinks", .take = shrink, .effect = { KEPT, KEPT, GONE, GONE } },
	{ .name = "mremap of something else over it", .take = move_over,
	  .effect = { KEPT, KEPT, OTHER, KEPT } },
	{ .name = "MADV_DONTNEED", .take = drop_pages,
	  .effect = { KEPT, OTHER, KEPT, KEPT }, .shared_stays = true },
	{ .name = "MADV_DONTNEED_LOCKED", .take = drop_locked_pages,
	  .effect = { KEPT, OTHER, OTHER, KEPT }, .shared_stays = true },
	{ .name = "MADV_FREE", .take = free_pages, .effect = { KEPT, OTHER, KEPT, KEPT }, .told = true },
	{ .name = "MADV_REMOVE", .take = remove_pages,
	  .effect = { KEPT, OTHER, KEPT, KEPT }, .slots_only = true },
	{ .name = "MADV_GUARD_INSTALL", .take = guard_pages,
	  .effect = { KEPT, GONE, KEPT, KEPT }, .slots_only = true,
	  .holds = true },
	{ .name = "shmdt", .take = detach, .effect = TO_ALL(GONE), .slots_only = true },
	{ .name = "shmat SHM_REMAP over it", .take = attach_over,
	  .effect = { KEPT, OTHER, KEPT, KEPT }, .slots_only = true },
	{ .name = "remap_file_pages", .take = show_other_page,
	  .effect = { KEPT, OTHER, KEPT, KEPT }, .slots_only = true, .doubles = true },
};
const unsigned int n_routes = RTE_DIM(routes);

enum effect
effect_on(const struct route *route, const struct memory *memory, unsigned int unit)
{
	return memory->shared && route->shared_stays ? KEPT : route->effect[unit];
}

bool
is_seen(const struct route *route)
{
	return calls == CALLS_SLOTS || !route->slots_only;
}
