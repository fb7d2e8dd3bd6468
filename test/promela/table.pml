/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * How the lookup table is published to readers that take no lock. spin.sh checks this model.
 *
 * There is one entry of 2 MiB, in two replicas, and it has two pages instead of 512. The writer
 * maps and unmaps both pages at once or either of them, CALLS calls in any order; a page can also
 * leave the process out of a mapping that has both. A reader makes one lookup, at any moment, of
 * either page in either replica.
 *
 * A mapping is known by the number of the call that made it, which stands for its IOVA: each map
 * gets an IOVA that was never used before, and one that is unmapped leads elsewhere from then on.
 * (Nothing depends on the value of an IOVA; one used anew for the same address would only hide
 * errors.)
 *
 *   here                          in lib/ioas
 *   map()                         ioas_map(): check_and_map(), map.c
 *   prepare()                     table_prepare(): replica_new_detail(), prepare_details(), replica.c
 *   kernel_map(), kernel_unmap()  the backend's ioctls
 *   set(), clear(), fill()        table_set(), table_clear(), fill_slot(), table.c
 *   split()                       split_slot(), table.c
 *   unmap()                       ioas_unmap(), unmap.c; of a page of two: ioas_forget_begin() and
 *                                 the munmap() that follows, which is the kernel's unmap here
 *   reader()                      ioas_lookup(), ioas.h; find_word(), lookup.c
 *
 * The blocks of the slower path are not here: they are published in the way of a detail. Nor is the
 * case that there is no memory for a detail when a page leaves: then both are hidden, and a question
 * with the lock shows the other one again.
 *
 * Memory is weak. Stores wait in a buffer and reach memory in any order, but for two rules: those
 * to one location keep their order, and a release store waits for all that were made before it
 * (later ones may overtake it, as on Arm). After an acquire load come the loads that follow it;
 * where a mutant has none, they may come before. What POWER adds, that two threads see two stores
 * in different orders, is left out: no claim here is about two readers.
 *
 * This is assumed of the kernel, and no more: what was stored before an unmap's ioctl is visible
 * before the IOMMU's tables change, and they have changed when it returns. A map's ioctl may reach
 * the IOMMU's tables as late as a plain store that it makes.
 */

#ifndef CALLS
#define CALLS 5 /* at most 7 */
#endif
#ifndef READERS
#define READERS 1 /* They store nothing that another process reads: a second one is no news. */
#endif
#define BUFFER 4 /* so many stores can be under way */

/* What a word of the table holds: the number of a mapping, 1 to 7, or one of these. */
#define EMPTY 0
#define DETAIL 8   /* in the entry: a pointer to the replica's detail */
#define JUNK 9     /* what memory held before it became a detail */
#define HALF 10    /* half of a word (mutant TORN) */
#define FOREIGN 11 /* an IOVA of another address (mutant REUSE_DETAIL) */

/* The locations in memory. */
#define ENTRY(replica) (replica)                       /* flat[va >> IOAS_TABLE_SHIFT] */
#define WORD(replica, page) (2 + 2 * (replica) + page) /* detail[page] */
#define DATA 6        /* what the mapping thread writes before it maps */
#define IOMMU(page) (7 + page) /* what the IOMMU's tables hold */
#define TOLD 9        /* the last map call that returned, for other threads to know */
byte memory[10];

/* The stores under way, the oldest first. */
typedef store { byte at, value; bool release };
store buffer[BUFFER];
byte buffered;

#define PLAIN false
#define RELEASE true
#ifdef WEAK_PUBLISH /* mutant: the store of a detail's address is no release */
#define PUBLISH PLAIN
#else
#define PUBLISH RELEASE
#endif
#ifdef WEAK_SET /* mutant: the stores of table_set() are no releases */
#define SET PLAIN
#else
#define SET RELEASE
#endif

/* What follows is not in the code; it serves the claims. */
byte live[2];         /* the page's mapping whose map has returned and whose unmap has not begun */
byte unmapped[2];     /* the page's last mapping whose unmap has returned */
bool inside[READERS]; /* a reader is in its call */
bit page_of[READERS]; /* the page that it looks up */
byte valid[READERS];  /* a bit for each mapping that the page had in the IOMMU during the call */
byte finished;        /* readers that are through */

/* What is claimed. spin.sh checks all of the true claims at once, of the model as it is, and for
 * each mutant the claim that must turn out wrong. The claims NEVER_... are wrong of the model as it
 * is: they show that what the others are about does occur. */
#define VALID 1  /* an IOVA led to the address at some moment of the call */
#define MADE 2   /* what is found was made for it: no half words, no memory but its detail */
#define GONE 4   /* what a call unmapped that returned before this one began is not found */
#define STAYS 8  /* what was mapped when the call began and is until it ends is found */
#define WROTE 16 /* who finds a mapping sees what was written before it was mapped */
#define ALL 31
#define NEVER_ENTRY 32        /* no IOVA from the entry */
#define NEVER_PAGE 64         /* none from a detail, for a page mapped alone */
#define NEVER_PAGES 128       /* none from a detail, for both pages mapped by one call */
#define NEVER_EMPTY 256       /* no empty entry */
#define NEVER_EMPTY_PAGE 512  /* no empty word in a detail */
#define NEVER_OLD 1024        /* no IOVA that is not valid any more when the call ends */
#define NEVER_NEW 2048        /* none that was not valid yet when it began */
#define NEVER_STAYED 4096     /* no call during which a mapping stays that it must find */
#define NEVER_REMAPPED 8192   /* none during which one mapping follows another */
#define NEVER_APART 16384     /* no mapping is found that the other replica does not show yet */
#ifndef CLAIMS
#define CLAIMS ALL
#endif
#define CLAIM(name, condition) assert((CLAIMS & name) == 0 || (condition))

#ifdef HALT /* The writer and its stores may stop for good at any moment. */
bool halted;
#define RUNS provided (!halted)
#else
#define RUNS
#endif

/* Memory. */

inline put(to, what, order)
{
	atomic {
		buffered < BUFFER;
		buffer[buffered].at = to;
		buffer[buffered].value = what;
		buffer[buffered].release = order;
		buffered++
	}
}

inline barrier()
{
	buffered == 0
}

/* The i-th store may go next: no rule holds it back. */
#define FIRST_OF_ALL(i) (buffered > i && (i == 0 || !buffer[i].release))
#define OTHERS(i, j) (buffer[i].at != buffer[j].at)

inline arrive(i)
{
	d_step {
		memory[buffer[i].at] = buffer[i].value;
		k = 0;
		do
		:: k < READERS ->
			if
			:: inside[k] && buffer[i].at == IOMMU(page_of[k]) ->
				valid[k] = valid[k] | (1 << buffer[i].value)
			:: else
			fi;
			k++
		:: else -> break
		od;
		k = i;
		do
		:: k < BUFFER - 1 ->
			buffer[k].at = buffer[k + 1].at;
			buffer[k].value = buffer[k + 1].value;
			buffer[k].release = buffer[k + 1].release;
			k++
		:: else -> break
		od;
		buffer[k].at = 0;
		buffer[k].value = 0;
		buffer[k].release = false;
		buffered--;
		k = 0
	}
}

active proctype stores() RUNS
{
	byte k;

end:	do
	:: FIRST_OF_ALL(0) -> arrive(0)
	:: FIRST_OF_ALL(1) && OTHERS(1, 0) -> arrive(1)
	:: FIRST_OF_ALL(2) && OTHERS(2, 0) && OTHERS(2, 1) -> arrive(2)
	:: FIRST_OF_ALL(3) && OTHERS(3, 0) && OTHERS(3, 1) && OTHERS(3, 2) -> arrive(3)
	od
}

/* The writer. The table's lock, which is held over set() and clear(), makes all callers one process. A
 * call is for the pages first to last. */

/* Gives an entry that will be covered in part a detail. It keeps it for good. */
inline prepare(replica)
{
	if
	:: !ok || first != last || detailed[replica]
	:: else ->
		if
		:: ok = false /* no memory: the call fails, whatever the other replica has got */
		:: put(WORD(replica, 0), EMPTY, PLAIN); /* zeros, from mmap() */
			put(WORD(replica, 1), EMPTY, PLAIN);
			put(ENTRY(replica), DETAIL, PUBLISH);
			detailed[replica] = true
		fi
	fi
}

inline fill(replica, what, order)
{
	if
	:: detailed[replica] ->
		put(WORD(replica, first), what, order);
		if
		:: first != last -> put(WORD(replica, last), what, order)
		:: else
		fi
	:: else ->
#ifdef TORN /* mutant: an entry is stored in two halves */
		put(ENTRY(replica), HALF, order);
#endif
		put(ENTRY(replica), what, order)
	fi
}

inline set()
{
	fill(0, call, SET);
#ifndef ONE_REPLICA /* mutant: a map call returns before the second replica is filled */
	fill(1, call, SET)
#endif
}

/* One page goes of an entry that speaks for both: it leads to a detail that says the same, first. */
inline split(replica)
{
	if
	:: first != last || detailed[replica]
	:: else ->
#ifdef SPLIT_EMPTY /* mutant: the detail is published before it is filled */
		put(ENTRY(replica), DETAIL, PUBLISH);
#endif
		put(WORD(replica, 0), ended, RELEASE);
		put(WORD(replica, 1), ended, RELEASE);
#ifndef SPLIT_EMPTY
		put(ENTRY(replica), DETAIL, PUBLISH);
#endif
		detailed[replica] = true
	fi
}

inline clear()
{
	split(0);
	fill(0, EMPTY, RELEASE);
	split(1);
	fill(1, EMPTY, RELEASE)
}

inline iommu(what)
{
	put(IOMMU(first), what, PLAIN);
	if
	:: first != last -> put(IOMMU(last), what, PLAIN)
	:: else
	fi
}

inline kernel_map()
{
	iommu(call)
}

inline kernel_unmap()
{
#ifndef WEAK_KERNEL /* mutant: what was stored before the ioctl may become visible after it */
	barrier();
#endif
	iommu(EMPTY);
	barrier()
}

inline map()
{
	put(DATA, call, PLAIN);
	prepare(0);
	prepare(1);
	if
	:: !ok
	:: ok = false /* the kernel refuses: what was prepared stays */
	:: ok ->
#ifdef SET_FIRST /* mutant: the table is filled before the kernel maps */
		set();
		kernel_map();
#else
		kernel_map();
		set();
#endif
		/* The call returns. */
		d_step { live[first] = call; live[last] = call };
		put(TOLD, call, RELEASE)
#ifdef ONE_REPLICA
		;
		fill(1, call, SET)
#endif
	fi;
	ok = true
}

inline unmap()
{
	d_step { ended = live[first]; live[first] = EMPTY; live[last] = EMPTY };
#ifdef UNMAP_FIRST /* mutant: the kernel unmaps while the table shows the IOVA */
	kernel_unmap();
	clear();
#else
	clear();
	kernel_unmap();
#endif
	/* The call returns. */
	d_step { unmapped[first] = ended; unmapped[last] = ended; ended = 0 };
#ifdef REUSE_DETAIL /* mutant: a detail that is empty serves another entry from now on */
	if
	:: live[0] == EMPTY && live[1] == EMPTY && detailed[0] ->
		put(ENTRY(0), EMPTY, RELEASE);
		put(WORD(0, 0), FOREIGN, RELEASE);
		put(WORD(0, 1), FOREIGN, RELEASE);
		detailed[0] = false
	:: else
	fi
#endif
}

active proctype writer() RUNS
{
	byte call, first, last, ended;
	bool ok = true;
	bool detailed[2]; /* its own entries, as it reads them */

	d_step {
		memory[WORD(0, 0)] = JUNK;
		memory[WORD(0, 1)] = JUNK;
		memory[WORD(1, 0)] = JUNK;
		memory[WORD(1, 1)] = JUNK
	};
	do
	:: call == CALLS -> break
	:: else ->
		atomic {
			call++;
			if /* all but what is refused: pages one of which is mapped */
			:: first = 0; last = 0
			:: first = 1; last = 1
			:: live[0] == live[1] -> first = 0; last = 1
			fi
		};
		if
		:: live[first] == EMPTY -> map()
		:: else -> unmap()
		fi;
		d_step { first = 0; last = 0 }
	od
}

/* The reader. */

#define page page_of[self]
#define found (word != EMPTY && word <= CALLS)
#define SHOWN(replica) \
	(memory[ENTRY(replica)] == DETAIL -> memory[WORD(replica, page)] : memory[ENTRY(replica)])

inline check()
{
	CLAIM(VALID, !found || (valid[self] >> word & 1));
	CLAIM(MADE, word <= CALLS);
	CLAIM(GONE, !found || word > gone);
	CLAIM(STAYS, known == EMPTY || live[page] != known || word == known);
	CLAIM(WROTE, !found || data >= word);
	CLAIM(NEVER_ENTRY, !found || entry == DETAIL);
	CLAIM(NEVER_PAGE, !found || entry != DETAIL || live[page] != word || live[0] == live[1]);
	CLAIM(NEVER_PAGES, !found || entry != DETAIL || live[0] != word || live[1] != word);
	CLAIM(NEVER_EMPTY, entry != EMPTY);
	CLAIM(NEVER_EMPTY_PAGE, entry != DETAIL || word != EMPTY);
	CLAIM(NEVER_OLD, !found || memory[IOMMU(page)] == word);
	CLAIM(NEVER_NEW, !found || before == word);
	CLAIM(NEVER_STAYED, known == EMPTY || live[page] != known);
	CLAIM(NEVER_REMAPPED, before == EMPTY || memory[IOMMU(page)] <= before);
	CLAIM(NEVER_APART, !found || SHOWN(1 - replica) >= word)
}

/* One lookup. No loop, and no statement that waits. */
proctype reader(byte self)
{
	bit replica;
	byte entry, word, data;   /* what is loaded; the last word is the answer */
	byte before, gone, known; /* for the claims */

	atomic { /* the call begins */
#ifdef READER_WAITS /* mutant: a reader waits until no store is under way */
		barrier();
#endif
		if
		:: replica = 0
		:: replica = 1
		fi;
		if
		:: page = 0
		:: page = 1
		fi;
		before = memory[IOMMU(page)];
		gone = unmapped[page];
		/* By an acquire load, the thread knows of all map calls up to this one. */
		known = (live[page] <= memory[TOLD] -> live[page] : EMPTY);
		valid[self] = 1 << before;
		inside[self] = true
	};
#ifdef WEAK_ENTRY /* mutant: the load of the entry is no acquire */
	d_step { word = memory[WORD(replica, page)]; data = memory[DATA] };
	entry = memory[ENTRY(replica)];
	if
	:: entry == DETAIL
	:: else -> word = entry
	fi;
#else
	entry = memory[ENTRY(replica)];
	if
	:: entry == DETAIL ->
#ifdef WEAK_WORD /* mutant: the load of the detail's word is no acquire */
		data = memory[DATA];
#endif
		word = memory[WORD(replica, page)]
	:: else -> word = entry
	fi;
#endif
	atomic { /* the call ends, and the caller looks at the memory that it asked about */
#ifdef WEAK_WORD
		if
		:: entry == DETAIL
		:: else -> data = memory[DATA]
		fi;
#elif !defined(WEAK_ENTRY)
		data = memory[DATA];
#endif
		check();
		/* What is not used any more must not make states differ. */
		replica = 0; entry = 0; word = 0; data = 0; before = 0; gone = 0; known = 0;
		inside[self] = false; page = 0; valid[self] = 0;
		finished++
	}
}

init
{
	atomic {
		run reader(0);
#if READERS > 1
		run reader(1);
#endif
#ifdef HALT
		run halt()
#endif
	}
}

#ifdef HALT
proctype halt()
{
	halted = true;
	timeout; /* nobody can go on */
	assert(finished == READERS)
}
#endif
