/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef PERF_H
#define PERF_H

/*
 * What the files of dpdk-ioas-perf share.
 *
 * Words: a *suite* measures one subject. A *variant* is one way to get an answer (our lookup, a
 * plain array load). A *sample* is one measurement of it, a *round* one sample of every variant of
 * a suite in shuffled order. A *result* is what the samples of one variant under one set of
 * conditions come to. Ratios are taken within rounds, because clocks and neighbours change from
 * one second to the next.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)
#define TIB(n) ((uint64_t)(n) << 40)
#define PAGE_2M MIB(2)

/* The exit status: EXIT_SUCCESS, or one of these. */
#define EXIT_SLOWER 1  /* --compare found a regression, or the run itself failed */
#define EXIT_USAGE 2   /* wrong options or files */

#define MAX_SAMPLES 128
#define MAX_RESULTS 8192
#define MAX_CPUS 1024

struct options {
	bool suites[4];         /* by index in suites[]; none: all */
	bool quick;             /* every path, no meaningful figures */
	unsigned int rounds;    /* 0: each suite's own default */
	unsigned int cores;     /* at the most; 0: all */
	unsigned int maps;      /* at the most; 0: the default */
	const char *device;     /* PCI address, or NULL */
	const char *json;       /* file names, or NULL; "-" is standard output */
	const char *plot;
	const char *compare_old;
	const char *compare_new;
	double tolerance;       /* what --compare takes for noise at the least, 0.1 is 10 % */
	char **eal;             /* EAL options, n_eal of them */
	int n_eal;
};

struct result {
	char suite[8];
	char name[32];
	uint64_t working_set;   /* bytes of address space; 0: does not apply */
	char placement[8];      /* of the IOVAs, in suite lookup: see there */
	char pattern[12];       /* "random", "sequential"; for maps "model", "kernel", "device" */
	unsigned int threads;
	bool writer;            /* one more thread maps and unmaps in the same table */
	unsigned int maps;      /* in place; 0: does not apply */
	char unit[8];
	double median, low, high; /* low, high: quartiles */
	unsigned int rounds;    /* how many samples that is */
	double sample[MAX_SAMPLES];
};

struct note {
	char suite[8];
	char text[184];
};

/* A suite may run in a child process: results lie in memory that is shared with it. */
struct results {
	unsigned int n;
	unsigned int n_notes;
	struct note notes[16];
	struct result result[MAX_RESULTS];
};

struct goal {
	char what[96];
	const char *sign;       /* "<=" or ">=" */
	double limit;
	const char *unit;       /* "times" or "KiB" */
	bool measured, met;
	double value;
	const char *missing;    /* what it takes to measure it */
};

#define MAX_GOALS 32

struct environment {
	char cpu[96];
	unsigned int cores;
	char kernel[96];
	char dpdk[64];          /* "" without */
	char compiler[64];
	const char *bulk;
	const char *version;
	char date[32];
	char options[256];
};

struct suite {
	const char *name;
	const char *what;
	/* Adds to the results, and says with results_note() what it leaves out and why. A negative
	 * errno: it broke. */
	int (*run)(const struct options *options, struct results *results);
};

/* main.c */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on a terminal, over the one before. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The suites. */
int lookup_run(const struct options *options, struct results *results);
int eal_run(const struct options *options, struct results *results);
int maps_run(const struct options *options, struct results *results);
int memory_run(const struct options *options, struct results *results);
/* eal.c: the release in use, or "". */
const char *eal_version(void);

/* results.c */
struct results *results_create(void);
/* Adds one without samples; what they are is in what. NULL, after a complaint: no room. */
struct result *results_add(struct results *results, const struct result *what);
void result_sample(struct result *result, double value);
/* Works out the medians. */
void results_finish(struct results *results);
void results_note(struct results *results, const char *suite, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether two are the same measurement. */
bool result_same(const struct result *a, const struct result *b);
/* Whether two differ in their names only. */
bool result_comparable(const struct result *a, const struct result *b);
const struct result *results_find(const struct results *results, const struct result *what);
/* All that tells it from others, as one line. */
const char *result_describe(const struct result *result, char *text, size_t size);

/* stats.c */
struct stats {
	double median, low, high; /* low, high: quartiles */
};
/* Of n values, n > 0, which it sorts. */
struct stats stats_of(double *values, unsigned int n);
/* The median over rounds of a by b. */
double stats_ratio(const struct result *a, const struct result *b);

/* goals.c: fills them; how many there are. */
unsigned int goals_check(const struct results *results, struct goal *goals);

/* environment.c */
void environment_read(struct environment *environment, int argc, char **argv);

/* report.c */
void report(FILE *out, const struct environment *environment, const struct results *results);
void report_goals(FILE *out, const struct goal *goals, unsigned int n);
/* "64 MiB", "1 TiB". */
const char *size_text(uint64_t size, char *text, size_t room);

/* json.c: 0, or EXIT_USAGE after a complaint. */
int json_write(const char *path, const struct environment *environment,
	       const struct results *results, const struct goal *goals, unsigned int n_goals);
int json_read(const char *path, struct results *results);

/* compare.c: EXIT_SUCCESS, EXIT_SLOWER or, after a complaint, EXIT_USAGE. */
int compare(const struct results *old, const struct results *new, double tolerance, FILE *out);

/* plot.c: 0, or EXIT_USAGE after a complaint. */
int plot(const char *path, const struct environment *environment, const struct results *results);

#endif /* PERF_H */
