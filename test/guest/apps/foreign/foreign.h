/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef FOREIGN_H
#define FOREIGN_H

/*
 * Shared by the files of foreign: a DPDK application with its own memory, and devices ("edu" of QEMU) that
 * read it. All cases check one condition: at the IOVA that a query has returned, a device reads the same as
 * the CPU. The program is not linked to dpdk-ioas: EAL loads the plugin with -d.
 *
 * device.c has the devices. memory.c makes memory of each kind, routes.c removes it by each route, and
 * matrix.c tries each kind with each route. gone.c, refused.c, stays.c, stated.c and forked.c have the cases
 * that need more than that. soak.c does all of it at random, on several threads.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_memory.h>

#define KB ((size_t)1 << 10)
#define MB ((size_t)1 << 20)
#define SMALL_PAGE (4 * KB)
#define LARGE_PAGE (2 * MB)

/* ---- main.c ---- */

/* Ends this thread's case unless the condition holds: the case has failed, and the text is the reason. */
#define need(condition, ...) \
	do { \
		if (!(condition)) \
			fail_case(__VA_ARGS__); \
	} while (0)
_Noreturn void fail_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a function as a case. NULL: it has passed; otherwise the reason of the failure. */
const char *try_case(void (*fn)(void *arg), void *arg);
/* The same, and prints a line about it. */
void run_case(const char *name, void (*fn)(void *arg), void *arg);

struct named_case {
	const char *name;
	void (*fn)(void *arg);
};
void run_cases(const struct named_case *cases, unsigned int n);

/* ---- device.c ---- */

/* Memory that a device reads, and its IOVA. */
struct spot {
	const char *va;
	rte_iova_t iova;
};

void devices_open(char *const *names, unsigned int n);
void devices_close(void);
/* Closes all devices and sets them up again. */
void devices_reopen(void);
/* The case fails unless a device reads the same 64 bytes at each of these IOVAs as the CPU. Threads may call
 * it. */
void need_seen(const char *when, const struct spot *spots, unsigned int n);
/* The IOVA of an address. It must have one, and a device must read the right bytes there. */
rte_iova_t need_asked(const char *when, const char *va);
/* Writes 64 bytes that were not written anywhere before. */
void write_new(char *va);
unsigned long long devices_copies(void);

/* ---- routes.c: calls that remove memory, through the slots or past them ---- */

enum calls { CALLS_SLOTS, CALLS_RAW };
extern __thread enum calls calls;

void *do_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
int do_munmap(void *addr, size_t length);
void *do_mremap(void *addr, size_t old_length, size_t new_length, int flags, void *to);
int do_madvise(void *addr, size_t length, int advice);
void *do_shmat(int id, const void *addr, int flags);
int do_shmdt(const void *addr);
int do_remap_file_pages(void *addr, size_t length, size_t page);

/* The kernel reports calls that went past the slots, and a thread of the plugin reads the report a moment
 * later. The IOVA of new memory is only right after that. */
void settle(void);

/* ---- memory.c ---- */

#define UNITS 4
struct memory {
	char *p;          /* UNITS units */
	size_t unit;      /* one page of it */
	size_t edge;      /* of its mapping, on each side */
	char *moved;      /* where a route has moved it, or NULL */
	size_t moved_length;
	int fd, shm;      /* -1: none */
	bool shared;
	bool lost[UNITS]; /* gone: other memory may be there */
	const char *kind;
};

struct kind {
	const char *name;
	void (*make)(struct memory *memory);
};
extern const struct kind kinds[];
extern const unsigned int n_kinds;

/* Address space in which the kernel places nothing by itself. After memory there was unmapped, the address
 * stays free until the case maps memory there again: no thread, library or plugin can get it in between. */
void *empty_place(size_t length);
/* New private memory at an address that must be free, or, if that is NULL, at an empty place. */
char *new_memory(void *at, size_t length);
struct memory make_memory(const struct kind *kind);
struct memory make_kind(const char *name);
char *unit_at(const struct memory *memory, unsigned int unit);
/* The result of a call that returns an address: 0, or -1 if it failed. */
int result_of(const void *p);
/* Unmaps the rest of it. */
void drop_memory(struct memory *memory);

/* ---- routes.c ---- */

/* The effect of a route on a unit. */
enum effect {
	KEPT,  /* the same pages at the same address */
	GONE,  /* no memory is there */
	OTHER, /* other pages may be there: its IOVA must be queried again */
};

struct route {
	const char *name;
	int (*take)(struct memory *memory); /* 0, or -1 and errno: refused, and nothing has changed */
	enum effect effect[UNITS];
	bool shared_stays; /* shared memory has the same pages afterwards */
	bool slots_only;   /* the kernel does not report it */
	bool holds;        /* the address space stays in use */
	bool told;         /* the kernel reports it before it may refuse */
	bool doubles;      /* a page is there twice: a change of one changes the other */
};
extern const struct route routes[];
extern const unsigned int n_routes;

enum effect effect_on(const struct route *route, const struct memory *memory, unsigned int unit);
/* Whether the plugin notices the route with this thread's calls. */
bool is_seen(const struct route *route);

/* ---- groups of cases ---- */

void matrix_cases(void);
void gone_cases(void);
void kernel_cases(void);  /* those that only the kernel reports */
void refused_cases(void);
void stays_cases(void);
void stated_cases(void);
void child_cases(void);
void daemon_cases(void);  /* in a child whose parent has ended */
void deadlock_cases(void);

/* soak.c: false if there was an error. */
bool soak(unsigned int seconds, uint64_t seed, enum calls first, enum calls last);

#endif /* FOREIGN_H */
