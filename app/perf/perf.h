/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef PERF_H
#define PERF_H

/*
 * Shared by the files of dpdk-ioas-perf.
 *
 * Terms: a *suite* measures one subject. A *variant* is one way to get a result (the plugin's lookup, a plain
 * array load). A *sample* is one measurement of it, a *round* one sample of every variant of a suite in
 * shuffled order. A *result* summarises the samples of one variant under one set of conditions. Ratios are
 * taken within rounds, because clocks and neighbours change from one second to the next.
 *
 * devtools/perf.sh measures the suites "forward" and "startup" in emulated machines: their results come from
 * files (--add).
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
/* With fewer samples their spread is not known. */
#define ENOUGH_SAMPLES 5
#define MAX_RESULTS 8192
#define MAX_CPUS 1024

struct options {
	bool suites[4];         /* by index in suites[]; none: all */
	bool no_suite;          /* measures nothing */
	bool quick;             /* runs every path, without meaningful figures */
	bool icount;            /* this machine's clock counts instructions */
	unsigned int rounds;    /* 0: each suite's own default */
	unsigned int cores;     /* maximum; 0: all */
	unsigned int maps;      /* maximum; 0: the default */
	const char *device;     /* PCI address, or NULL */
	const char *json;       /* file names, or NULL; "-" is standard output */
	const char *plot;
	const char *html;
	const char *machine;    /* name of this run's machine; NULL: this machine */
	const char *goals;      /* "SUITE[:MACHINE],...": goals that affect the exit status; or NULL */
	const char *add[MAX_FILES]; /* files of results to add, n_add of them */
	unsigned int n_add;
	const char *compare[MAX_FILES]; /* files of --compare, n_compare of them */
	unsigned int n_compare;
	double tolerance;       /* minimum noise for --compare; 0.1 is 10 % */
	char **eal;             /* EAL options, n_eal of them */
	int n_eal;
};

struct result {
	char machine[16];       /* "": the machine of this run */
	char suite[8];
	char name[32];
	uint64_t working_set;   /* bytes of address space; 0: does not apply */
	char placement[8];      /* of the IOVAs, in suite lookup (lookup.c) */
	char pattern[12];       /* "random", "sequential"; for maps "model", "kernel", "device"; for
				 * forward and startup stock EAL's IOVA mode */
	unsigned int threads;
	bool writer;            /* another thread maps and unmaps in the same table */
	unsigned int maps;      /* existing maps; 0: does not apply */
	char unit[8];
	double median, low, high; /* low, high: quartiles */
	unsigned int rounds;    /* the number of samples */
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
	char clock[16];         /* "time", or the unit that it counts: "instructions" */
	char kernel[96];
	char dpdk[64];          /* "" without DPDK */
	char compiler[64];
	char bulk[16];
	char version[16];
	char date[32];
	char options[256];
};

/* A suite may run in a child process, so results are in shared memory. */
struct results {
	unsigned int n;
	unsigned int n_notes;
	unsigned int n_environments;
	struct environment environment[MAX_FILES]; /* the first is that of this run */
	struct note notes[32];
	struct result result[MAX_RESULTS];
};

/* The result of a goal. */
enum goal_state {
	GOAL_NOT_MEASURED,
	GOAL_NOT_JUDGED,
	GOAL_MISSED,            /* the whole range that noise leaves is on the wrong side */
	GOAL_NOISE,             /* the median is on the wrong side, but not the whole range */
	GOAL_MET,               /* the median is on the right side */
};

struct goal {
	char what[96];
	const char *suite;
	const char *machine;    /* "": any */
	const char *sign;       /* "<=" or ">=" */
	double limit;
	const char *unit;       /* "times" or "KiB" */
	enum goal_state state;
	double value, low, high; /* if measured; low, high: its range in 99 of 100 cases */
	const char *why;        /* reason why not judged, or how to measure it */
};

#define MAX_GOALS 40

struct suite {
	const char *name;
	const char *what;
	/* Adds to the results. Reports with results_note() what it leaves out and why. A negative errno: it
	 * failed. */
	int (*run)(const struct options *options, struct results *results);
};

/* main.c */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on a terminal, which replaces the previous one. */
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
/* Adds a result without samples, with the description in *what. NULL, after a message: no room. */
struct result *results_add(struct results *results, const struct result *what);
void result_sample(struct result *result, double value);
/* Computes the medians. Removes results without a sample; pointers to results become invalid. */
void results_finish(struct results *results);
/* NULL: no room. */
struct note *results_note(struct results *results, const char *suite, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether two results are the same measurement. */
bool result_same(const struct result *a, const struct result *b);
/* Whether two results differ only in their names. */
bool result_comparable(const struct result *a, const struct result *b);
const struct result *results_find(const struct results *results, const struct result *what);
/* Room for one more machine; NULL, after a message, if none is left. */
struct environment *results_environment(struct results *results);
/* Whether a larger value is better. */
bool result_is_rate(const struct result *result);
/* Everything that distinguishes the result from others, as one line. */
const char *result_describe(const struct result *result, char *text, size_t size);

/* stats.c */
struct stats {
	double median, low, high; /* low, high: quartiles */
};
/* Of n values, n > 0, which it sorts. */
struct stats stats_of(double *values, unsigned int n);
/* The ratios of a to b in the same rounds. Returns 0 if they do not have the same rounds. */
unsigned int stats_pairs(const struct result *a, const struct result *b, double *ratios);
/* The median over rounds of a / b, or the ratio of their medians if they do not have the same rounds, and its
 * range as from stats_bootstrap(). */
struct stats stats_ratio(const struct result *a, const struct result *b);

/* Runs of the same measurement, none of them empty. */
struct sampled {
	const double *values[MAX_FILES];
	unsigned int n[MAX_FILES];
	unsigned int runs;
};
/* The range of the ratio of the medians of a and b: a bootstrap of runs and of values in them, the middle 99
 * % of it. */
struct stats stats_bootstrap(const struct sampled *a, const struct sampled *b);

/* utf8.c */
/* Makes a string in a buffer of that size valid UTF-8: replaces other bytes by question marks, and removes a
 * character that was cut at the end of the buffer. */
void utf8_mend(char *text, size_t size);
/* Copies, and cuts at a character if the room is too small. */
void utf8_copy(char *to, size_t size, const char *from);

/* goals.c */
/* Fills them and returns their number. */
unsigned int goals_check(const struct results *results, struct goal *goals);
/* "met", "not met", or the reason why neither. */
const char *goal_text(const struct goal *goal, char *text, size_t room);
/* 0, or EXIT_USAGE after a message: an entry of --goals means no goal. */
int goals_known(const char *list, const struct goal *goals, unsigned int n);
/* 0, or EXIT_MISSED after a line for each goal that the list means and that is not met. A goal within the
 * noise is no failure. A goal that was not measured or not judged is one. */
int goals_judge(const char *list, const struct goal *goals, unsigned int n);

/* environment.c */
void environment_read(struct environment *environment, bool icount, int argc, char **argv);
/* Whether its clock counts instructions. */
bool environment_counts(const struct environment *environment);

/* grid.c */
#define MAX_COLUMNS 8
#define MAX_ROWS 64
/* Results that differ only in name and working set or maps: one row for each name. */
struct grid {
	char title[96];
	const char *unit;
	const struct result *columns[MAX_COLUMNS], *rows[MAX_ROWS]; /* one result of each */
	unsigned int n_columns, n_rows;
};
/* The next grid from the i-th result on. Updates i for the next call. */
bool grid_next(const struct results *results, unsigned int *i, struct grid *grid);
/* NULL: not measured. */
const struct result *grid_cell(const struct results *results, const struct grid *grid,
				unsigned int row, unsigned int column);
/* The heading of a column. */
const char *grid_head(const struct grid *grid, unsigned int column, char *text, size_t room);
/* "0.53 +-2%": the median, and half of the distance between the quartiles. */
const char *result_text(const struct result *result, char *text, size_t room);
/* "64 MiB", "1 TiB". */
const char *size_text(uint64_t size, char *text, size_t room);

/* compare.c */
struct change {
	char what[176];
	char unit[8];           /* "" for a whole suite */
	double before, after;
	double factor, low, high; /* times slower, and the range that noise leaves */
	double limit;           /* the factor must be above this */
};

#define MAX_CHANGES 100

struct comparison {
	unsigned int common, only_old, only_new;
	unsigned int slower, faster;
	double machine;         /* times that the machine itself was slower */
	struct change changes[MAX_CHANGES]; /* the first ones that are slower */
	unsigned int n_changes;
};
/* With one earlier run or several. EXIT_SUCCESS, EXIT_SLOWER or, after a message, EXIT_USAGE. */
int compare(const struct results *const *old, unsigned int n_old, const struct results *new,
	    double tolerance, struct comparison *comparison);

/* report.c: plain text */
void report(FILE *out, const struct results *results);
void report_goals(FILE *out, const struct goal *goals, unsigned int n);
void report_comparison(FILE *out, const struct comparison *comparison);

/* json.c: 0, or EXIT_USAGE after a message. */
int json_write(const char *path, const struct results *results, const struct goal *goals,
	       unsigned int n_goals);
/* Adds the results in a file. */
int json_read(const char *path, struct results *results);

/* panels.c: the results that a picture shows */
#define MAX_SERIES 8
enum panel_kind {
	PANEL_SIZES,            /* lines by working set */
	PANEL_MAPS,             /* lines by the number of maps */
	PANEL_BARS,             /* one for each series */
	PANEL_RATIOS,           /* the rounds' ratios to stock, one column for each series */
};
/* Results that differ only in the working set or the number of maps. */
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
/* The panels that have results. Returns their number. */
unsigned int panels_of(const struct results *results, struct panel *panels);
bool series_has(const struct panel *panel, const struct series *series,
		const struct result *result);

/* plot.c: 0, or EXIT_USAGE after a message. */
int plot(const char *path, const struct results *results);
/* One panel as SVG inside HTML. */
int plot_inline(FILE *out, const struct results *results, const struct panel *panel);

/* html.c: 0, or EXIT_USAGE after a message. No comparison: NULL. */
int html_write(const char *path, const struct results *results, const struct goal *goals,
	       unsigned int n_goals, const struct comparison *comparison);

#endif /* PERF_H */
