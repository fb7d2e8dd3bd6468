/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Calls that fail. The kernel refuses most of them before it changes anything: then memory keeps its IOVA,
 * and a device reads it there. Some fail after a part was removed: then that part is gone.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>

#include "foreign.h"

static void *
map_fixed(void *at, size_t length, int flags, int fd)
{
	return do_mmap(at, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | flags, fd, 0);
}

static int
unmap_part_of_page(struct memory *memory)
{
	return do_munmap(memory->p, 3 * SMALL_PAGE);
}

static int
unmap_inside_page(struct memory *memory)
{
	return do_munmap(memory->p + SMALL_PAGE, SMALL_PAGE);
}

static int
unmap_misaligned(struct memory *memory)
{
	return do_munmap(memory->p + 1, SMALL_PAGE);
}

static int
unmap_too_much(struct memory *memory)
{
	return do_munmap(memory->p, (size_t)1 << 60);
}

static int
map_misaligned(struct memory *memory)
{
	return result_of(map_fixed(memory->p + 8, SMALL_PAGE, MAP_ANONYMOUS, -1));
}

static int
map_bad_descriptor(struct memory *memory)
{
	return result_of(map_fixed(memory->p, SMALL_PAGE, 0, -1));
}

static int
map_if_free(struct memory *memory)
{
	return result_of(map_fixed(memory->p, SMALL_PAGE, MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1));
}

static int
map_over_limit(struct memory *memory)
{
	struct rlimit old, low;
	int ret, error;

	getrlimit(RLIMIT_AS, &old);
	low = old;
	low.rlim_cur = 1;
	setrlimit(RLIMIT_AS, &low);
	ret = result_of(map_fixed(memory->p, 1 << 30, MAP_ANONYMOUS | MAP_NORESERVE, -1));
	error = errno;
	setrlimit(RLIMIT_AS, &old);
	errno = error;
	return ret;
}

static int
move_overlapping(struct memory *memory)
{
	return result_of(do_mremap(memory->p, 2 * memory->unit, 2 * memory->unit, MREMAP_MAYMOVE | MREMAP_FIXED,
				   unit_at(memory, 1)));
}

static int
move_misaligned(struct memory *memory)
{
	return result_of(do_mremap(memory->p, memory->unit, memory->unit, MREMAP_MAYMOVE | MREMAP_FIXED,
				   unit_at(memory, 2) + 1));
}

static int
grow_against_neighbour(struct memory *memory)
{
	return result_of(do_mremap(memory->p, memory->unit, 2 * memory->unit, 0, NULL));
}

static int
move_nothing(struct memory *memory)
{
	return result_of(do_mremap((void *)SMALL_PAGE, memory->unit, memory->unit, MREMAP_MAYMOVE | MREMAP_FIXED,
				   unit_at(memory, 2)));
}

static int
advise_nonsense(struct memory *memory)
{
	return do_madvise(memory->p, memory->unit, 4711);
}

static int
advise_misaligned(struct memory *memory)
{
	return do_madvise(memory->p + 1, memory->unit, MADV_DONTNEED);
}

static int
drop_locked(struct memory *memory)
{
	int ret, error;

	need(mlock(memory->p, UNITS * memory->unit) == 0, "mlock");
	ret = do_madvise(memory->p, UNITS * memory->unit, MADV_DONTNEED);
	error = errno;
	munlock(memory->p, UNITS * memory->unit);
	errno = error;
	return ret;
}

static int
attach_misaligned(struct memory *memory)
{
	const int id = shmget(IPC_PRIVATE, memory->unit, IPC_CREAT | 0600);
	const int ret = result_of(do_shmat(id, memory->p + 8, SHM_REMAP)), error = errno;

	shmctl(id, IPC_RMID, NULL);
	errno = error;
	return ret;
}

static int
attach_nothing(struct memory *memory)
{
	return result_of(do_shmat(-1, memory->p, SHM_REMAP));
}

static int
detach_other_memory(struct memory *memory)
{
	return do_shmdt(memory->p);
}

static unsigned int
count_mappings(void)
{
	FILE *const file = fopen("/proc/self/maps", "re");
	unsigned int n = 0;
	int c;

	need(file != NULL, "/proc/self/maps");
	while ((c = getc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

static void
limit_mappings(unsigned int n)
{
	FILE *const file = fopen("/proc/sys/vm/max_map_count", "we");

	need(file != NULL && fprintf(file, "%u\n", n) > 0 && fclose(file) == 0, "/proc/sys/vm/max_map_count");
}

/* Removing the middle would need one mapping more than the kernel allows. */
static int
split_over_limit(struct memory *memory)
{
	int ret, error;

	limit_mappings(count_mappings() - 2);
	ret = do_munmap(unit_at(memory, 1), memory->unit);
	error = errno;
	limit_mappings(65530);
	errno = error;
	return ret;
}

struct refusal {
	const char *name;
	const char *kind;
	int (*take)(struct memory *memory);
	int error;
};

static void
ask(const struct memory *memory, struct spot *spots)
{
	for (unsigned int i = 0; i < UNITS; i++) {
		spots[i].va = unit_at(memory, i);
		spots[i].iova = rte_mem_virt2iova(spots[i].va);
		need(spots[i].iova != RTE_BAD_IOVA, "no IOVA");
	}
	need_seen("before", spots, UNITS);
}

static void
need_kept(const struct spot *spot)
{
	write_new((char *)(uintptr_t)spot->va);
	need(rte_mem_virt2iova(spot->va) == spot->iova, "%p had IOVA 0x%" PRIx64 ", now 0x%" PRIx64, spot->va,
	     spot->iova, rte_mem_virt2iova(spot->va));
}

static void
need_refused(void *arg)
{
	const struct refusal *const refusal = arg;
	struct memory memory = make_kind(refusal->kind);
	struct spot spots[UNITS];
	int ret, error;

	ask(&memory, spots);
	ret = refusal->take(&memory);
	error = errno;
	need(ret != 0 && error == refusal->error, "the kernel answers %d, %s", ret, strerror(error));
	settle();
	for (unsigned int i = 0; i < UNITS; i++)
		need_kept(&spots[i]);
	need_seen("afterwards", spots, UNITS);
	drop_memory(&memory);
}

/* ---- failures after a part was removed ---- */

/* The kernel drops the pages of the first mapping, then finds that the second one is locked. */
static void
drop_until_locked(void *arg __rte_unused)
{
	struct memory memory = make_kind("private memory");
	struct spot spots[UNITS];

	ask(&memory, spots);
	need(mlock(unit_at(&memory, 2), 2 * memory.unit) == 0, "mlock");
	need(do_madvise(memory.p, UNITS * memory.unit, MADV_DONTNEED) != 0 && errno == EINVAL, "madvise: %s",
	     strerror(errno));
	settle();
	need(*spots[0].va == 0, "the kernel has dropped nothing: this is no test");
	for (unsigned int i = 0; i < 2; i++) {
		write_new(unit_at(&memory, i));
		spots[i].iova = rte_mem_virt2iova(spots[i].va);
	}
	need_kept(&spots[2]);
	need_kept(&spots[3]);
	need_seen("afterwards", spots, UNITS);
	munlock(unit_at(&memory, 2), 2 * memory.unit);
	drop_memory(&memory);
}

/* The target goes before the kernel finds that the source is not as long. */
static void
move_too_much(void *arg __rte_unused)
{
	struct memory memory = make_kind("private memory"), target = make_kind("private memory");
	struct spot spots[UNITS], targets[UNITS];

	ask(&memory, spots);
	ask(&target, targets);
	need(mprotect(unit_at(&memory, 1), memory.unit, PROT_READ) == 0, "mprotect");
	need(do_mremap(memory.p, 2 * memory.unit, 2 * memory.unit, MREMAP_MAYMOVE | MREMAP_FIXED,
		       unit_at(&target, 1)) == MAP_FAILED && errno == EFAULT, "mremap: %s", strerror(errno));
	settle();
	need(mprotect(unit_at(&memory, 1), memory.unit, PROT_READ | PROT_WRITE) == 0, "mprotect");
	for (unsigned int i = 0; i < UNITS; i++)
		need_kept(&spots[i]);
	need_seen("what was to be moved", spots, UNITS);
	/* The kernel tells whether the target exists. */
	if (msync(unit_at(&target, 1), 2 * target.unit, MS_ASYNC) != 0) {
		new_memory(unit_at(&target, 1), 2 * target.unit);
		for (unsigned int i = 1; i < 3; i++) {
			write_new(unit_at(&target, i));
			targets[i].iova = rte_mem_virt2iova(targets[i].va);
		}
	}
	need_kept(&targets[0]);
	need_kept(&targets[3]);
	need_seen("the target", targets, UNITS);
	drop_memory(&memory);
	drop_memory(&target);
}

/* The machine has fewer large pages. Some kernels unmap the old memory before they find that out. */
static void
map_without_pages(void *arg __rte_unused)
{
	const size_t length = (size_t)1 << 40;
	char *const p = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *const page = RTE_PTR_ALIGN(p, LARGE_PAGE);
	struct spot spot = { .va = page };

	need(p != MAP_FAILED && mprotect(page, LARGE_PAGE, PROT_READ | PROT_WRITE) == 0, "no address space");
	write_new(page);
	spot.iova = need_asked("before", page);
	need(map_fixed(page, length - LARGE_PAGE, MAP_ANONYMOUS | MAP_HUGETLB, -1) == MAP_FAILED && errno == ENOMEM,
	     "mmap: %s", strerror(errno));
	settle();
	if (msync(page, LARGE_PAGE, MS_ASYNC) != 0) {
		new_memory(page, LARGE_PAGE);
		write_new(page);
		need_asked("new memory where it was", page);
	} else {
		need_kept(&spot);
		need_seen("afterwards", &spot, 1);
	}
	do_munmap(p, length);
}

void
refused_cases(void)
{
	static const struct refusal refusals[] = {
		{ "munmap of a part of a large page", "large pages", unmap_part_of_page, EINVAL },
		{ "munmap inside of a large page", "large pages", unmap_inside_page, EINVAL },
		{ "munmap inside of a SysV large page", "SysV large pages", unmap_inside_page, EINVAL },
		{ "munmap that is not aligned", "private memory", unmap_misaligned, EINVAL },
		{ "munmap beyond the address space", "shared memory", unmap_too_much, EINVAL },
		{ "munmap, too many mappings", "private memory", split_over_limit, ENOMEM },
		{ "mmap that is not aligned", "private memory", map_misaligned, EINVAL },
		{ "mmap inside of a large page", "large pages", map_misaligned, EINVAL },
		{ "mmap of no file", "memfd", map_bad_descriptor, EBADF },
		{ "mmap MAP_FIXED_NOREPLACE", "private memory", map_if_free, EEXIST },
		{ "mmap, RLIMIT_AS", "private memory", map_over_limit, ENOMEM },
		{ "mremap onto itself", "private memory", move_overlapping, EINVAL },
		{ "mremap onto itself, large pages", "large pages", move_overlapping, EINVAL },
		{ "mremap that is not aligned", "shared memory", move_misaligned, EINVAL },
		{ "mremap that has no room", "private memory", grow_against_neighbour, ENOMEM },
		{ "mremap of nothing", "memfd", move_nothing, EFAULT },
		{ "madvise of no kind", "private memory", advise_nonsense, EINVAL },
		{ "madvise that is not aligned", "large pages", advise_misaligned, EINVAL },
		{ "MADV_DONTNEED of locked memory", "private memory", drop_locked, EINVAL },
		{ "shmat that is not aligned", "private memory", attach_misaligned, EINVAL },
		{ "shmat of no segment", "SysV shared memory", attach_nothing, EINVAL },
		{ "shmdt of other memory", "memfd", detach_other_memory, EINVAL },
	};
	static const struct named_case partly[] = {
		{ "MADV_DONTNEED that fails half-way", drop_until_locked },
		{ "mremap that fails half-way", move_too_much },
		{ "mmap that fails half-way", map_without_pages },
	};

	/* userfaultfd reports calls that RLIMIT_AS then refuses. */
	for (unsigned int i = 0; i < RTE_DIM(refusals); i++)
		if (calls == CALLS_SLOTS || refusals[i].take != map_over_limit)
			run_case(refusals[i].name, need_refused, (void *)(uintptr_t)&refusals[i]);
	run_cases(partly, RTE_DIM(partly));
}
