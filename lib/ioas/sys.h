/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SYS_H
#define IOAS_SYS_H

#include <stdbool.h>
#include <stdint.h>

struct ioas_memory;
struct ioas_range;

/*
 * The seam to the kernel: every descriptor that lib/ioas opens, every ioctl that it makes and the
 * memory of the lookup tables go through here, so that a test can put a model of the kernel in its
 * place. Not a public header.
 */

/* All functions return a negative errno on failure; none of them sets errno for the caller. */
struct ioas_sys {
	int (*open)(const char *path, int flags);       /* the descriptor; EINTR retried */
	void (*close)(int fd);
	int (*duplicate)(int fd);                       /* another descriptor of the same file */
	/* The number of the node that it is of; -EINVAL if it is of none. */
	int (*number)(int fd, uint64_t *number);
	int (*ioctl)(int fd, unsigned long request, void *arg); /* what ioctl() returned, EINTR retried */
	const char *sysfs;                              /* "/sys" */
	uint64_t (*page)(void);                         /* the kernel's PAGE_SIZE */
	uint64_t (*huge_page)(void);                    /* the kernel's HPAGE_SIZE, or more */
	int (*memory_at)(uint64_t va, struct ioas_memory *memory); /* -ENOENT: none */

	/* A descriptor that tells when this process has ended, and its number, which is told in any case. */
	int (*process)(int *pid);
	bool (*has_ended)(int fd, int pid); /* fd: negative if there is none */
	/* Calls fn for each mapping of this process, the lowest first, and tells whether it is shared memory. */
	int (*mappings)(void (*fn)(const struct ioas_range *range, bool shared, void *arg), void *arg);

	/* A descriptor that tells which of the memory added to it has gone: unmapped, moved, or (removals) its pages
	 * dropped. Adding fails for memory that it cannot follow. Reading gives 1, or 0 if nothing has gone since;
	 * who takes the memory away waits for that. */
	int (*watch_open)(bool removals);
	int (*watch_add)(int fd, uint64_t first, uint64_t length);
	int (*watch_read)(int fd, struct ioas_range *gone);

	/* Address space that reads as zeros and takes memory only where it is written; prot as for
	 * mmap(). NULL if it cannot be, with a negative errno. */
	void *(*reserve)(uint64_t size, int prot, int *error);
	void (*unreserve)(void *start, uint64_t size);
	int (*commit)(void *start, uint64_t size);      /* makes it writable */
	int (*bind)(void *start, uint64_t size, int node); /* its memory shall be that node's */

	/* A file without a name that is memory, on that node (-1: any); its descriptor. Sends no signal. */
	int (*memory_file)(uint64_t size, int node);
	int (*write_file)(int fd, const void *from, uint64_t size, uint64_t offset); /* nor does this */
	/* Puts a part of it, or zeros, in place of what is there, which stays if that fails. What is stored
	 * there does not go to the file. */
	int (*map_file)(void *start, uint64_t size, int fd, uint64_t offset);
	int (*map_zeros)(void *start, uint64_t size);
};

/* In force for spaces created from now on. Constant while a space lives. */
extern const struct ioas_sys *ioas_sys;

/* An ioctl that tells nothing but whether it worked: 0 or a negative errno. */
static inline int
sys_request(const struct ioas_sys *sys, int fd, unsigned long request, void *arg)
{
	const int ret = sys->ioctl(fd, request, arg);

	return ret < 0 ? ret : 0;
}

/* The real thing. */
extern const struct ioas_sys ioas_sys_linux;

/* Parts of it. sys_memory.c: */
int sys_memory_at(uint64_t va, struct ioas_memory *memory);
uint64_t sys_huge_page(void);
bool sys_mapping_from(uint64_t va, struct ioas_range *mapping, bool *shared); /* allocates nothing */
/* sys_watch.c: */
int sys_watch_open(bool removals);
int sys_watch_add(int fd, uint64_t first, uint64_t length);
int sys_watch_read(int fd, struct ioas_range *gone);
/* sys_process.c: */
int sys_process(int *pid);
bool sys_has_ended(int fd, int pid);
int sys_mappings(void (*fn)(const struct ioas_range *range, bool shared, void *arg), void *arg);

#endif /* IOAS_SYS_H */
