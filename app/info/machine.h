/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef INFO_MACHINE_H
#define INFO_MACHINE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Queries to the system. A test can replace them by an invented machine. Devices are opened through lib/ioas,
 * which has its own seam.
 */
struct info_sys {
	const char *root;             /* prefix of /sys, /proc, /dev and /boot */
	bool (*may_use)(const char *node); /* for reading and writing */
	bool (*exists)(const char *node);
	int (*page_sizes)(long *sizes, int n);
	const char *(*page_mount)(long size); /* NULL: none that this user may use */
	/* RLIMIT_MEMLOCK; UINT64_MAX: no limit. */
	void (*memlock)(uint64_t *soft, uint64_t *hard);
	/* 0, or the reason why this process may not use it (negative errno). */
	int (*userfaultfd)(void);
	const char *(*user)(void);
	bool (*is_root)(void);
	bool (*may_join)(const char *group); /* the group exists, and this process is not in it */
	/* Whether members of the group may read and write the node. */
	bool (*is_of_group)(const char *node, const char *group);
	/* Allocates memory in pages of that size; NULL, with errno, if none is free. */
	void *(*allocate)(uint64_t bytes, uint64_t page_size);
	void (*release)(void *memory, uint64_t bytes);
};

extern const struct info_sys *info_sys;

/* The first line of a file; false, and "", if it cannot be read. */
bool sys_text(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The number in a file; false, and 0, if it has none. */
bool sys_number(uint64_t *number, int base, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The last part of a link's target; false, and "", if the link does not exist. */
bool sys_link(char *name, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The path below the root. */
void sys_path(char *path, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The entries of a folder, sorted; NULL at the end. Free them with sys_free(). */
char **sys_list(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sys_free(char **names);

#endif /* INFO_MACHINE_H */
