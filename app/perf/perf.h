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
 *
 * The suites "forward" and "startup" are measured by devtools/perf.sh in emulated machines: their
 * results come from files (--add).
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
#define EXIT_MISSED 1  /* a goal of --goals is not met */
#define EXIT_USAGE 2   /* wrong options or files */

#define MAX_FILES 16
#define MAX_SAMPLES 128
/* With fewer samples than these nobody knows how they are spread. */
#define ENOUGH_SAMPLES 5
#define MAX_RESULTS 8192
#define MAX_CPUS 1024

struct options {
	bool suites[4];         /* by index in suites[]; none: all */
	bool no_suite;          /* nothing is measured */
	bool quick;             /* every path, no meaningful figures */
	bool icount;            /* this machine's clock counts instructions */
	unsigned int rounds;    /* 0: each suite's own default */
	unsigned int cores;     /* at the most; 0: all */
	unsigned int maps;      /* at the most; 0: the default */
	const char *device;     /* PCI address, or NULL */
	const char *json;       /* file names, or NULL; "-" is standard output */
	const char *plot;
	const char *html;
	const char *machine;    /* what this run is said to be of; NULL: this machine */
	const char *goals;      /* "SUITE[:MACHINE],...": the exit status tells of these; or NULL */
	const char *add[MAX_FILES]; /* files of results to be added, n_add of them */
	unsigned int n_add;
	const char *compare[MAX_FILES]; /* files of --compare, n_compare of them */
	unsigned int n_compare;
	double tolerance;       /* what --compare takes for noise at the least, 0.1 is 10 % */
	char **eal;             /* EAL options, n_eal of them */
	int n_eal;
};

struct result {
	char machine[16];       /* "": the one that the program runs on */
	char suite[8];
	char name[32];
	uint64_t working_set;   /* bytes of address space; 0: does not apply */
	char placement[8];      /* of the IOVAs, in suite lookup: see there */
	char pattern[12];       /* "random", "sequential"; for maps "model", "kernel", "device"; for
				 * forward and startup stock EAL's IOVA mode */
	unsigned int threads;
	bool writer;            /* one more thread maps and unmaps in the same table */
	unsigned int maps;      /* in place; 0: does not apply */
	char unit[8];
	double median, low, high; /* low, high: quartiles */
	unsigned int rounds;    /* how many samples that is */
	double sample[MAX_SAMPLES];
};

struct note {
	char machine[16];       /* as in results */
	char suite[8];
	char text[184];
};

struct environment {
	char machine[16];       /* as in results */
	char cpu[96];
	unsigned int cores;
	char clock[16];         /* "time", or what it counts: "instructions" */
	char kernel[96];
	char dpdk[64];          /* "" without */
	char compiler[64];
	char bulk[16];
	char version[16];
	char date[32];
	char options[256];
};

/* A suite may run in a child process: results lie in memory that is shared with it. */
struct results {
	unsigned int n;
	unsigned int n_notes;
	unsigned int n_environments;
	struct environment environment[MAX_FILES]; /* the first is the run's own */
	struct note notes[32];
	struct result result[MAX_RESULTS];
};

/* What a run says about a goal. */
enum goal_state {
	GOAL_NOT_MEASURED,
	GOAL_NOT_JUDGED,
	GOAL_MISSED,            /* by all that the noise leaves of the median */
	GOAL_NOISE,             /* by the median, but not by all that the noise leaves */
	GOAL_MET,               /* by the median */
};

struct goal {
	char what[96];
	const char *suite;
	const char *machine;    /* "": any */
	const char *sign;       /* "<=" or ">=" */
	double limit;
	const char *unit;       /* "times" or "KiB" */
	enum goal_state state;
	double value, low, high; /* if measured; low, high: between what it lies, 99 of 100 times */
	const char *why;        /* not judged, or what it takes to measure it */
};

#define MAX_GOALS 40

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
/* A part of it. */
int munmap_run(unsigned int rounds, struct results *results);
int maps_run(const struct options *options, struct results *results);
int memory_run(const struct options *options, struct results *results);
/* eal.c: the release in use, or "". */
const char *eal_version(void);

/* results.c */
struct results *results_create(void);
/* Adds one without samples; what they are is in what. NULL, after a complaint: no room. */
struct result *results_add(struct results *results, const struct result *what);
void result_sample(struct result *result, double value);
/* Works out the medians. Results without a sample are gone, and pointers to others void. */
void results_finish(struct results *results);
/* NULL: no room for one more. */
struct note *results_note(struct results *results, const char *suite, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether two are the same measurement. */
bool result_same(const struct result *a, const struct result *b);
/* Whether two differ in their names only. */
bool result_comparable(const struct result *a, const struct result *b);
const struct result *results_find(const struct results *results, const struct result *what);
/* Room for one more machine, NULL after a complaint if there is none. */
struct environment *results_environment(struct results *results);
/* Whether more is better. */
bool result_is_rate(const struct result *result);
/* All that tells it from others, as one line. */
const char *result_describe(const struct result *result, char *text, size_t size);

/* stats.c */
struct stats {
	double median, low, high; /* low, high: quartiles */
};
/* Of n values, n > 0, which it sorts. */
struct stats stats_of(double *values, unsigned int n);
/* The values of a by those of b in the same rounds, or 0: they have not the same rounds. */
unsigned int stats_pairs(const struct result *a, const struct result *b, double *ratios);
/* The median over rounds of a by b, or that of a by that of b where they have not the same rounds, and
 * between what it lies: as stats_bootstrap(). */
struct stats stats_ratio(const struct result *a, const struct result *b);

/* Runs of the same measurement, none of them empty. */
struct sampled {
	const double *values[MAX_FILES];
	unsigned int n[MAX_FILES];
	unsigned int runs;
};
/* Between which values a by b lies, of the medians: a bootstrap of runs and of values in them, the
 * middle 99 % of it. */
struct stats stats_bootstrap(const struct sampled *a, const struct sampled *b);

/* utf8.c */
/* Makes UTF-8 of a string in a room of that size: question marks are in place of other bytes, and a
 * character that was cut at the end of the room is gone. */
void utf8_mend(char *text, size_t size);
/* Copies, and cuts what has no room, at a character. */
void utf8_copy(char *to, size_t size, const char *from);

/* goals.c */
/* Fills them; how many there are. */
unsigned int goals_check(const struct results *results, struct goal *goals);
/* "met", "not met", or why neither. */
const char *goal_text(const struct goal *goal, char *text, size_t room);
/* 0, or EXIT_USAGE after a complaint: an entry of --goals means none of them. */
int goals_known(const char *list, const struct goal *goals, unsigned int n);
/* 0, or EXIT_MISSED after a line for each that the list means and that is not met. Within the noise is
 * no failure; not measured, or not judged, is. */
int goals_judge(const char *list, const struct goal *goals, unsigned int n);

/* environment.c */
void environment_read(struct environment *environment, bool icount, int argc, char **argv);
/* Whether its clock counts instructions. */
bool environment_counts(const struct environment *environment);

/* grid.c */
#define MAX_COLUMNS 8
#define MAX_ROWS 64
/* Results that differ in nothing but name and working set or maps: a row a name. */
struct grid {
	char title[96];
	const char *unit;
	const struct result *columns[MAX_COLUMNS], *rows[MAX_ROWS]; /* one result of each */
	unsigned int n_columns, n_rows;
};
/* The next one from the i-th result on, which becomes the one to go on with. */
bool grid_next(const struct results *results, unsigned int *i, struct grid *grid);
/* NULL: not measured. */
const struct result *grid_cell(const struct results *results, const struct grid *grid,
				unsigned int row, unsigned int column);
/* What stands above a column. */
const char *grid_head(const struct grid *grid, unsigned int column, char *text, size_t room);
/* "0.53 +-2%": the median, and half of what lies between the quartiles. */
const char *result_text(const struct result *result, char *text, size_t room);
/* "64 MiB", "1 TiB". */
const char *size_text(uint64_t size, char *text, size_t room);

/* compare.c */
struct change {
	char what[176];
	char unit[8];           /* "" for a whole suite */
	double before, after;
	double factor, low, high; /* how many times slower, and between what the noise leaves it */
	double limit;           /* what it has to be above */
};

#define MAX_CHANGES 100

struct comparison {
	unsigned int common, only_old, only_new;
	unsigned int slower, faster;
	double machine;         /* how many times slower it was, not our code */
	struct change changes[MAX_CHANGES]; /* the first that are slower */
	unsigned int n_changes;
};
/* With one run before or several. EXIT_SUCCESS, EXIT_SLOWER or, after a complaint, EXIT_USAGE. */
int compare(const struct results *const *old, unsigned int n_old, const struct results *new,
	    double tolerance, struct comparison *comparison);

/* report.c: plain text */
void report(FILE *out, const struct results *results);
void report_goals(FILE *out, const struct goal *goals, unsigned int n);
void report_comparison(FILE *out, const struct comparison *comparison);

/* json.c: 0, or EXIT_USAGE after a complaint. */
int json_write(const char *path, const struct results *results, const struct goal *goals,
	       unsigned int n_goals);
/* Adds what is in a file. */
int json_read(const char *path, struct results *results);

/* panels.c: what of the results a picture shows */
#define MAX_SERIES 8
enum panel_kind {
	PANEL_SIZES,            /* lines by working set */
	PANEL_MAPS,             /* lines by the number of maps */
	PANEL_BARS,             /* one for each series */
	PANEL_RATIOS,           /* the rounds' ratios to stock, a column a series */
};
/* Results that differ in the working set or the number of maps only. */
struct series {
	char title[64];
	struct result what;
};
struct panel {
	const char *title, *x, *y;
	enum panel_kind kind;
	double goal;            /* of PANEL_RATIOS */
	const char *sign;
	struct series series[MAX_SERIES];
	unsigned int n;
};
#define MAX_PANELS 6
/* Those that there are results for; how many. */
unsigned int panels_of(const struct results *results, struct panel *panels);
bool series_has(const struct panel *panel, const struct series *series,
		const struct result *result);

/* plot.c: 0, or EXIT_USAGE after a complaint. */
int plot(const char *path, const struct results *results);
/* One panel as SVG that stands in HTML. */
int plot_inline(FILE *out, const struct results *results, const struct panel *panel);

/* html.c: 0, or EXIT_USAGE after a complaint. No comparison: NULL. */
int html_write(const char *path, const struct results *results, const struct goal *goals,
	       unsigned int n_goals, const struct comparison *comparison);

#endif /* PERF_H */
