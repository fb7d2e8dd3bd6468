/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_DEPARTURES_H
#define IOAS_DEPARTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "ioas.h"

/*
 * The notes of threads that take memory away, and of the thread that has the lock, which they do not wait for
 * (forget.h). Nothing here takes a lock, allocates or logs.
 *
 * A departure and a thread that has the lock each store first and then look what the other has stored: the
 * departure that it is PENDING, the other thread what it is mapping, or that it changes tables. So at least one of
 * them sees the other. Of two departures the later one sees the earlier.
 */
enum departure_state {
	DEPARTURE_FREE,    /* the slot is not in use */
	DEPARTURE_CLAIMED, /* its range is being written */
	DEPARTURE_PENDING, /* the memory is about to go; as far as is known none of it is mapped */
	DEPARTURE_TOUCHING, /* the same, and some of it may be mapped */
	DEPARTURE_GONE,    /* it went: the records have to follow */
	DEPARTURE_KEPT,    /* it stayed: lookups have to find it again */
};

struct departure {
	enum departure_state state; /* atomic */
	uint64_t first, last;
};

/* As many threads can take memory away at a time before one has to wait for another. */
#define DEPARTURES 256

struct departures {
	struct departure slots[DEPARTURES];
	unsigned int used;           /* slots that are not free; atomic */
	bool ended;                  /* one has gone or was kept since the records followed; atomic */
	unsigned int changing;       /* threads that show or hide memory; atomic */
	bool unshown;                /* memory that is mapped may not be in the table; atomic */
	unsigned int readers;        /* threads that look at the list of spaces without the lock; atomic */
	struct ioas_range mapping;   /* what a thread is mapping now; last < first: nothing; atomic */
	struct { int error; uint64_t iova, length; } unsaid; /* a failure of the kernel without its line yet */
	bool silent;                 /* nothing can be logged or freed now */
};

/* None is under way, and nothing is being mapped: also in a child of fork(), with the space locked. */
void departures_reset(struct departures *departures);

/* Publishes what is about to be mapped, with the space locked. False if memory there is about to leave. */
bool departures_start_map(struct departures *departures, uint64_t first, uint64_t last);
void departures_end_map(struct departures *departures);

/* Whether memory of the range is on its way, or the records do not know yet that it has gone. */
bool departures_are_leaving(const struct departures *departures, uint64_t first, uint64_t last);

/* Memory is mapped that the tables do not show: from now on each departure may be one of it. */
void departures_set_unshown(struct departures *departures);
bool departures_have_unshown(const struct departures *departures);

/* Tables change in a way that a departure cannot tell from one that it need not know of. */
void departures_begin_change(struct departures *departures);
void departures_end_change(struct departures *departures);

/* With the space locked, before lookups find the range: false if they must not find it now. All departures that
 * are the reason know afterwards that there is memory in the range; they stay in use until the lock is given back. */
bool departures_let_show(struct departures *departures, uint64_t first, uint64_t last);

/* Memory is about to go. unsure: some of it may be mapped although the tables do not show it. */
struct departure *departure_begin(struct departures *departures, uint64_t first, uint64_t last, bool *unsure);
/* Some of it may be mapped: the records have to know what has become of it. False: it has ended before. */
bool departure_touch(struct departure *departure);
/* It went, or stayed. False: none of it was mapped, so that is all. Else the records have to follow. */
bool departure_end(struct departures *departures, struct departure *departure, bool gone);
/* The records have followed. */
void departure_free(struct departures *departures, struct departure *departure);

enum departure_state departure_state(const struct departure *departure);
struct ioas_range departure_range(const struct departure *departure);

#endif /* IOAS_DEPARTURES_H */
