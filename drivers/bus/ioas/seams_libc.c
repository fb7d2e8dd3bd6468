/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The replacements for functions of libc that remove memory, or change the pages of an address that may be
 * mapped for DMA. Each reports before and after the call. If the kernel refuses the call, nothing changes.
 */

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "foreign.h"
#include "seams_libc.h"

/* The headers of Debian 12 are older. */
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#ifdef BUS_IOAS_WRAP
void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t length);
void *__real_mremap(void *addr, size_t old_length, size_t new_length, int flags, ...);
int __real_madvise(void *addr, size_t length, int advice);
void *__real_shmat(int id, const void *addr, int flags);
int __real_shmdt(const void *addr);
int __real_remap_file_pages(void *addr, size_t length, int prot, size_t page, int flags);
#define LIBC(name) __real_ ## name
/* The names that callers are linked to. */
#define SEAM_SYMBOL(result, name, params) result __wrap_ ## name params __attribute__((alias("seam_" #name)));
LIBC_SEAMS(SEAM_SYMBOL)
#else
#define LIBC(name) name
#endif

/* With a fixed address the kernel first unmaps what is there, and can then fail. */
static bool
is_empty(unsigned int token, const void *addr, size_t length)
{
	const int error = errno;
	const bool empty = token != 0 && foreign_is_empty(addr, length);

	errno = error;
	return empty;
}

void *
seam_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	unsigned int token = 0;
	void *p;

	if ((flags & MAP_FIXED) != 0)
		token = foreign_leaves(addr, length);
	p = LIBC(mmap)(addr, length, prot, flags, fd, offset);
	foreign_has_left(token, addr, length, p != MAP_FAILED || is_empty(token, addr, length));
	return p;
}

/* The same function under another name: off_t has 64 bits on all platforms of the plugin. */
_Static_assert(sizeof(off_t) == sizeof(off64_t), "64-bit file offsets");

void *
seam_mmap64(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	return seam_mmap(addr, length, prot, flags, fd, offset);
}

int
seam_munmap(void *addr, size_t length)
{
	const unsigned int token = foreign_leaves(addr, length);
	int ret;

	ret = LIBC(munmap)(addr, length);
	foreign_has_left(token, addr, length, ret == 0);
	return ret;
}

/* Moved memory leaves its addresses, and replaces the memory at the new ones. Memory that shrinks in place
 * loses its end. Memory that grows in place loses nothing. */
void *
seam_mremap(void *addr, size_t old_length, size_t new_length, int flags, ...)
{
	const size_t kept = RTE_MIN(old_length, new_length);
	unsigned int whole, end = 0, target = 0;
	void *to, *p;
	va_list ap;

	va_start(ap, flags);
	to = (flags & MREMAP_FIXED) != 0 ? va_arg(ap, void *) : NULL;
	va_end(ap);
	/* The end goes in any case. It has a separate departure, so that lookups do not find it again. */
	if (old_length > kept)
		end = foreign_leaves(RTE_PTR_ADD(addr, kept), old_length - kept);
	whole = foreign_leaves(addr, kept);
	if (to != NULL)
		target = foreign_leaves(to, new_length);
	p = LIBC(mremap)(addr, old_length, new_length, flags, to);
	foreign_has_left(target, to, new_length, p != MAP_FAILED || is_empty(target, to, new_length));
	foreign_has_left(whole, addr, kept, p != MAP_FAILED && p != addr);
	foreign_has_left(end, RTE_PTR_ADD(addr, kept), old_length - kept,
			 p != MAP_FAILED || is_empty(end, RTE_PTR_ADD(addr, kept), old_length - kept));
	return p;
}

/* Whether a range has other pages when it is next touched. */
static bool
drops_pages(const void *addr, size_t length, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return !foreign_is_shared(addr, length);
	case MADV_REMOVE:
	case MADV_HWPOISON:
	case MADV_GUARD_INSTALL:
		return true;
	default:
		return false;
	}
}

/* Handles a part inside one mapping, which loses all of its pages or none. */
static int
advise(void *addr, size_t length, int advice)
{
	unsigned int token = 0;
	int ret;

	if (drops_pages(addr, length, advice))
		token = foreign_leaves(addr, length);
	ret = LIBC(madvise)(addr, length, advice);
	foreign_has_left(token, addr, length, ret == 0 || (errno != EINVAL && errno != EACCES && errno != EPERM));
	return ret;
}

/* The kernel handles one mapping after the other, and stops at one that refuses. It reports holes at the end. */
int
seam_madvise(void *addr, size_t length, int advice)
{
	bool hole = false;

	/* The kernel refuses this before it drops any page. */
	if ((uintptr_t)addr + length < length)
		return LIBC(madvise)(addr, length, advice);
	do {
		const size_t part = foreign_part(addr, length);

		if (advise(addr, part, advice) != 0) {
			if (errno != ENOMEM)
				return -1;
			hole = true;
		}
		addr = RTE_PTR_ADD(addr, part);
		length -= part;
	} while (length != 0);
	if (!hole)
		return 0;
	errno = ENOMEM;
	return -1;
}

/* The pages of a file get another order. */
int
seam_remap_file_pages(void *addr, size_t length, int prot, size_t page, int flags)
{
	const unsigned int token = foreign_leaves(addr, length);
	int ret;

	ret = LIBC(remap_file_pages)(addr, length, prot, page, flags);
	foreign_has_left(token, addr, length, ret == 0 || is_empty(token, addr, length));
	return ret;
}

static size_t
segment_size(int id)
{
	struct shmid_ds segment;

	return shmctl(id, IPC_STAT, &segment) == 0 ? segment.shm_segsz : 0;
}

void *
seam_shmat(int id, const void *addr, int flags)
{
	unsigned int token = 0;
	size_t length = 0;
	void *p;

	if ((flags & SHM_REMAP) != 0) {
		length = segment_size(id);
		token = foreign_leaves(addr, length);
	}
	p = LIBC(shmat)(id, addr, flags);
	foreign_has_left(token, addr, length, p != MAP_FAILED || is_empty(token, addr, length));
	return p;
}

/* The kernel removes all mappings of the segment. Its inode is the identifier. */
int
seam_shmdt(const void *addr)
{
	uint64_t inode = 0;
	size_t length = foreign_mapping_length(addr, &inode);
	unsigned int token;
	int ret;

	if (length != 0)
		length = RTE_MAX(length, segment_size(inode));
	token = foreign_leaves(addr, length);
	ret = LIBC(shmdt)(addr);
	foreign_has_left(token, addr, length, ret == 0);
	return ret;
}
