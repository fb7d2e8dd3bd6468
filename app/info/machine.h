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
 * What the program asks the system, so that a test can put a made-up machine in its place. Devices are
 * opened through lib/ioas, which has a seam of its own.
 */
struct info_sys {
	const char *root;             /* comes before /sys, /proc, /dev and /boot */
	bool (*may_use)(const char *node); /* read and write it */
	bool (*exists)(const char *node);
	int (*page_sizes)(long *sizes, int n);
	const char *(*page_mount)(long size); /* NULL: none that this user may use */
	/* RLIMIT_MEMLOCK; UINT64_MAX: no limit. */
	void (*memlock)(uint64_t *soft, uint64_t *hard);
	/* 0, or why this process may not have one (negative errno). */
	int (*userfaultfd)(void);
	const char *(*user)(void);
	bool (*is_root)(void);
	bool (*may_join)(const char *group); /* there is one, and this process is not in it */
	/* Its members may read and write the node. */
	bool (*is_of_group)(const char *node, const char *group);
	/* Memory of pages of that size; NULL, with errno, if there is none. */
	void *(*allocate)(uint64_t bytes, uint64_t page_size);
	void (*release)(void *memory, uint64_t bytes);
};

extern const struct info_sys *info_sys;

/* The first line of a file; false, and "", if it cannot be read. */
bool sys_text(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A number of a file; false, and 0, if there is none. */
bool sys_number(uint64_t *number, int base, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The last part of where a link leads; false, and "", if there is none. */
bool sys_link(char *name, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The path below the root. */
void sys_path(char *path, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What a folder has, sorted; NULL at the end. To be given back with sys_free(). */
char **sys_list(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sys_free(char **names);

#endif /* INFO_MACHINE_H */
