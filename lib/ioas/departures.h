/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_DEPARTURES_H
#define IOAS_DEPARTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "ioas.h"

/*
 * Notes between threads that take memory away (departures) and the thread that has the space's lock, for
 * which they do not wait (forget.h). No function here takes a lock, allocates or logs.
 *
 * A departure and the lock's owner each store first, and then read what the other has stored. The departure
 * stores that it is PENDING; the owner stores the range that it maps, or that it changes tables. So at least
 * one of them sees the other. Of two departures the later one sees the earlier one.
 */
enum departure_state {
	DEPARTURE_FREE,    /* the slot is not in use */
	DEPARTURE_CLAIMED, /* its range is being written */
	DEPARTURE_PENDING, /* the memory is about to go; as far as known, none of it is mapped */
	DEPARTURE_TOUCHING, /* the memory is about to go; some of it may be mapped */
	DEPARTURE_GONE,    /* the memory went: the records must follow */
	DEPARTURE_KEPT,    /* the memory stayed: lookups must find it again */
};

struct departure {
	enum departure_state state; /* atomic */
	uint64_t first, last;
};

/* The number of threads that can take memory away at once before one has to wait for another. */
#define DEPARTURES 256

struct departures {
	struct departure slots[DEPARTURES];
	unsigned int used;           /* slots that are not free; atomic */
	bool ended;                  /* a departure has ended since the records last followed; atomic */
	unsigned int changing;       /* threads that show or hide memory; atomic */
	bool unshown;                /* some mapped memory may be missing in the table; atomic */
	unsigned int readers;        /* threads that read the list of spaces without the lock; atomic */
	struct ioas_range mapping;   /* the range that a thread maps now; last < first: none; atomic */
	struct { int error; uint64_t iova, length; } unsaid; /* a failure of the kernel that was not logged yet */
	bool silent;                 /* logging and freeing are not allowed now */
};

/* Forgets all departures and the map in progress, also in a child of fork(). With the space locked. */
void departures_reset(struct departures *departures);

/* Publishes the range that is about to be mapped, with the space locked. False if memory there is about to
 * leave. */
bool departures_start_map(struct departures *departures, uint64_t first, uint64_t last);
void departures_end_map(struct departures *departures);

/* Whether memory of the range is about to leave, or has left and the records have not followed yet. */
bool departures_are_leaving(const struct departures *departures, uint64_t first, uint64_t last);

/* Some mapped memory is missing in the tables: from now on every departure may affect it. */
void departures_set_unshown(struct departures *departures);
bool departures_have_unshown(const struct departures *departures);

/* Brackets a change of tables that a departure might miss. All departures are unsure meanwhile. */
void departures_begin_change(struct departures *departures);
void departures_end_change(struct departures *departures);

/* Called with the space locked, before lookups find the range. False if they must not find it now. All
 * departures that are the reason learn that the range contains memory; they stay in use until the lock is
 * released. */
bool departures_let_show(struct departures *departures, uint64_t first, uint64_t last);

/* Memory is about to go. *unsure: some of it may be mapped although the tables do not show it. */
struct departure *departure_begin(struct departures *departures, uint64_t first, uint64_t last, bool *unsure);
/* Some of the memory may be mapped: the records must learn the outcome. False: the departure ended before. */
bool departure_touch(struct departure *departure);
/* The memory went or stayed. False: none of it was mapped, and the departure is over. True: the records must
 * follow. */
bool departure_end(struct departures *departures, struct departure *departure, bool gone);
/* The records have followed: the slot is free again. */
void departure_free(struct departures *departures, struct departure *departure);

enum departure_state departure_state(const struct departure *departure);
struct ioas_range departure_range(const struct departure *departure);

#endif /* IOAS_DEPARTURES_H */
