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
 * The seam to the kernel: every descriptor that lib/ioas opens, every ioctl that it makes, and the memory of
 * the lookup tables go through these functions. A test can replace them with a model of the kernel. Not a
 * public header.
 */

/* All functions return a negative errno on failure; none of them sets errno for the caller. */
struct ioas_sys {
	int (*open)(const char *path, int flags);       /* a descriptor; retries on EINTR */
	void (*close)(int fd);
	int (*duplicate)(int fd);                       /* another descriptor of the same file */
	/* Stores the number of the descriptor's device node; -EINVAL if it belongs to none. */
	int (*number)(int fd, uint64_t *number);
	int (*ioctl)(int fd, unsigned long request, void *arg); /* result of ioctl(); retries on EINTR */
	const char *sysfs;                              /* "/sys" */
	uint64_t (*page)(void);                         /* the kernel's PAGE_SIZE */
	uint64_t (*huge_page)(void);                    /* the kernel's HPAGE_SIZE, or more */
	int (*memory_at)(uint64_t va, struct ioas_memory *memory); /* -ENOENT: nothing is mapped there */

	/* A descriptor that reports the end of this process, and its PID. The PID is stored even on failure. */
	int (*process)(int *pid);
	bool (*has_ended)(int fd, int pid); /* fd: negative if not available */
	/* Calls fn for each mapping of this process, the lowest first; shared tells whether its memory is
	 * shared. */
	int (*mappings)(void (*fn)(const struct ioas_range *range, bool shared, void *arg), void *arg);

	/* A descriptor that reports which of the memory added to it has gone: unmapped, moved, or (removals)
	 * with its pages dropped. Adding memory fails if it cannot be followed. Reading returns 1, or 0 if no
	 * more memory has gone. The thread that takes memory away waits until its event has been read. */
	int (*watch_open)(bool removals);
	int (*watch_add)(int fd, uint64_t first, uint64_t length);
	int (*watch_read)(int fd, struct ioas_range *gone);

	/* Address space that reads as zeros and takes memory only where it is written; prot as for mmap().
	 * NULL on failure, and a negative errno. */
	void *(*reserve)(uint64_t size, int prot, int *error);
	void (*unreserve)(void *start, uint64_t size);
	int (*commit)(void *start, uint64_t size);      /* makes it writable */
	int (*bind)(void *start, uint64_t size, int node); /* prefers memory of that node */

	/* A file without a name in memory, on that node (-1: any). Returns its descriptor. Sends no signal. */
	int (*memory_file)(uint64_t size, int node);
	int (*write_file)(int fd, const void *from, uint64_t size, uint64_t offset); /* sends no signal either */
	/* Replace pages by a part of the file, or by zeros; on failure the old pages stay. Stores to them do
	 * not go to the file. */
	int (*map_file)(void *start, uint64_t size, int fd, uint64_t offset);
	int (*map_zeros)(void *start, uint64_t size);
};

/* Used by spaces that are created from now on. Constant while a space exists. */
extern const struct ioas_sys *ioas_sys;

/* An ioctl whose result is only success or failure: 0 or a negative errno. */
static inline int
sys_request(const struct ioas_sys *sys, int fd, unsigned long request, void *arg)
{
	const int ret = sys->ioctl(fd, request, arg);

	return ret < 0 ? ret : 0;
}

/* The real kernel. */
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
