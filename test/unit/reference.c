/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define MAX_AREAS 1024
#define MEMORY MIB(64)
#define MAX_FREED 65536
/* An error that the kernel never returns by itself. */
#define FAILURE -EIO

/* The maximum length of an area. */
#define MAX_PAGES 1024

struct reference {
	uint64_t va, iova, length; /* va as an offset from BASE */
	uint64_t made;             /* the step */
	bool fixed;
	bool alias;                /* its memory was already mapped when it was made */
	bool gone[MAX_PAGES];      /* these pages are not the process's any more */
};

/* Unmapped ranges, in a ring, and the number of unmapped bytes when their call ended. */
static struct {
	uint64_t iova, length, after;
} freed[MAX_FREED];
static uint64_t n_freed, freed_bytes;
static uint64_t quarantine;

/* An area that has lost a part becomes several areas when the first device comes back. */
static struct reference areas[8 * MAX_AREAS];
static unsigned int n_areas;
static struct ioas_range window;
static uint64_t step;
static bool wide;
static reference_choose_fn choose;

static bool
touches(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	return a < b + b_length && b < a + a_length;
}

static bool
check(bool ok, const char *what)
{
	if (!ok)
		fprintf(stderr, "\nstep %" PRIu64 ": %s\n", step, what);
	CU_ASSERT_TRUE(ok);
	return ok;
}

#define CHECK(condition) check(condition, #condition)

/* The number of bytes of a range that are memory of an area, and the first and the last of them. */
static uint64_t
memory_in(const struct reference *area, uint64_t va, uint64_t length, struct ioas_range *span)
{
	uint64_t bytes = 0;

	for (uint64_t i = 0; i < area->length / PAGE; i++) {
		const uint64_t page = area->va + i * PAGE;

		if (area->gone[i] || !touches(va, length, page, PAGE))
			continue;
		if (bytes == 0 && span != NULL)
			span->first = page;
		if (span != NULL)
			span->last = page + PAGE - 1;
		bytes += PAGE;
	}
	return bytes;
}

static bool
has_memory(const struct reference *area, uint64_t va, uint64_t length)
{
	return touches(va, length, area->va, area->length) && memory_in(area, va, length, NULL) > 0;
}

static bool
va_taken(uint64_t va, uint64_t length)
{
	for (unsigned int i = 0; i < n_areas; i++)
		if (!areas[i].alias && has_memory(&areas[i], va, length))
			return true;
	return false;
}

static bool
iova_taken(uint64_t iova, uint64_t length)
{
	for (unsigned int i = 0; i < n_areas; i++)
		if (touches(iova, length, areas[i].iova, areas[i].length))
			return true;
	return false;
}

/* Whether a call has failed because of reference_fail(). */
static bool
was_failed(int ret)
{
	return ret == FAILURE && model.failed != MODEL_CALLS;
}

static bool
usable(uint64_t iova, uint64_t length)
{
	const uint64_t last = iova + length - 1;

	if (unit_backend_is("spapr"))
		return iova != 0 && last < GIB(1);
	return iova != 0 && (last <= 0xfedfffff || (iova >= 0xfef00000 && last < GIB(512)));
}

/* The alignment that the kernel demands. */
static uint64_t
least(uint64_t va, uint64_t length)
{
	uint64_t align = PAGE;

	while (align < MIB(2) && align < length && ((BASE + va) & align) == 0)
		align <<= 1;
	return align;
}

/* Whether a chosen map has any place. For a window so small that all places can be tried. */
static bool
has_place(uint64_t va, uint64_t length)
{
	const uint64_t align = least(va, length);

	for (uint64_t iova = (window.first + align - 1) & ~(align - 1);
	     iova + length - 1 <= window.last; iova += align)
		if (usable(iova, length) && !iova_taken(iova, length))
			return true;
	return false;
}

static void
add(uint64_t va, uint64_t length, uint64_t iova, bool fixed)
{
	const bool alias = va_taken(va, length);

	areas[n_areas++] = (struct reference){
		.va = va,
		.iova = iova,
		.length = length,
		.made = step,
		.fixed = fixed,
		.alias = alias,
	};
}

/* The bytes of areas that touch the range and were unmapped so recently that their IOVAs must not be chosen. */
static uint64_t
held_bytes(uint64_t iova, uint64_t length)
{
	uint64_t bytes = 0;

	for (uint64_t i = n_freed; i > 0 && n_freed - i < MAX_FREED; i--) {
		const unsigned int at = (i - 1) % MAX_FREED;

		if (freed_bytes - freed[at].after >= quarantine)
			break;
		if (freed[at].length != 0 &&
		    touches(iova, length, freed[at].iova, freed[at].length))
			bytes += freed[at].length;
	}
	return bytes;
}

/* A fixed map uses IOVAs: areas held there are not held any more. */
static void
forget_held(uint64_t iova, uint64_t length)
{
	for (unsigned int at = 0; at < MAX_FREED && at < n_freed; at++)
		if (touches(iova, length, freed[at].iova, freed[at].length))
			freed[at].length = 0; /* forgotten */
}

static void
note_freed(const struct reference *area, uint64_t after)
{
	const unsigned int at = n_freed++ % MAX_FREED;

	freed[at].iova = area->iova;
	freed[at].length = area->length;
	freed[at].after = after;
}

static void
do_map(uint64_t va, uint64_t length)
{
	uint64_t iova = 0;
	const int ret = ioas_map(space, VA(va), length, &iova);

	if (ret == 0) {
		CHECK(!va_taken(va, length));
		CHECK(!iova_taken(iova, length));
		CHECK(!wide || held_bytes(iova, length) == 0);
		CHECK(usable(iova, length));
		CHECK(iova >= window.first && iova + length - 1 <= window.last);
		CHECK(iova % least(va, length) == (BASE + va) % least(va, length));
		add(va, length, iova, false);
	} else if (was_failed(ret)) {
		CHECK(!va_taken(va, length));
	} else if (va_taken(va, length)) {
		CHECK(ret == -EEXIST);
	} else {
		CHECK(ret == -ENOSPC && !wide && !has_place(va, length));
	}
}

static void
do_map_fixed(uint64_t va, uint64_t length)
{
	const uint64_t iova = window.first - MIB(8) + choose(MIB(40) / PAGE) * PAGE;
	const int ret = ioas_map_fixed(space, VA(va), length, iova);

	if (ret == 0) {
		CHECK(usable(iova, length) && !iova_taken(iova, length));
		forget_held(iova, length);
		add(va, length, iova, true);
	} else if (!was_failed(ret)) {
		CHECK(ret == (usable(iova, length) ? -EEXIST : -EINVAL));
		CHECK(!usable(iova, length) || iova_taken(iova, length));
	}
}

/* The range that an unmap must remove as a whole or not at all: from the first to the last address, or IOVA;
 * false if the range contains nothing of the area. */
static bool
find_span(const struct reference *area, uint64_t first, uint64_t length, bool by_iova, struct ioas_range *span)
{
	if (by_iova) {
		*span = (struct ioas_range){ area->iova, area->iova + area->length - 1 };
		return touches(area->iova, area->length, first, length);
	}
	memory_in(area, area->va, area->length, span);
	return area->alias ? span->first < first + length && span->last >= first : has_memory(area, first, length);
}

static void
do_unmap(uint64_t first, uint64_t length, bool by_iova)
{
	const int ret = by_iova ? ioas_unmap_iova(space, first, length)
				: ioas_unmap(space, VA(first), length);
	struct ioas_range span = { 0 };
	uint64_t bytes = 0;
	bool crosses = false;
	int inside = 0;

	for (unsigned int i = 0; i < n_areas; i++) {
		if (!find_span(&areas[i], first, length, by_iova, &span))
			continue;
		if (span.first < first || span.last >= first + length)
			crosses = true;
		bytes += areas[i].length;
		inside++;
	}
	if (crosses) {
		CHECK(ret == -EBUSY);
		return;
	}
	CHECK(ret == inside);
	freed_bytes += bytes;
	for (unsigned int i = 0; i < n_areas; i++) {
		if (find_span(&areas[i], first, length, by_iova, &span)) {
			note_freed(&areas[i], freed_bytes);
			areas[i--] = areas[--n_areas];
		}
	}
}

/* Memory goes, or stays nevertheless. */
static void
do_forget(uint64_t va, uint64_t length, bool gone)
{
	const bool known = va_taken(va, length);
	unsigned int token;
	bool touched;

	/* Without memory for the table more is hidden: see test_failure.c. */
	model_fail(0, 0, 0);
	token = ioas_forget_begin(space, VA(va), length);
	CHECK(unit_lookup(VA(va)) == IOAS_BAD_IOVA && unit_lookup(VA(va + length - 1)) == IOAS_BAD_IOVA);
	touched = ioas_forget_end(space, token, gone);
	CHECK(touched || !known);
	for (unsigned int i = 0; gone && i < n_areas; i++) {
		struct reference *const area = &areas[i];

		for (uint64_t page = 0; page < area->length / PAGE; page++)
			area->gone[page] |= touches(area->va + page * PAGE, PAGE, va, length);
		if (!has_memory(area, area->va, area->length))
			freed_bytes += area->length;
	}
	for (unsigned int i = 0; gone && i < n_areas; i++) {
		if (has_memory(&areas[i], areas[i].va, areas[i].length))
			continue;
		note_freed(&areas[i], freed_bytes);
		areas[i--] = areas[--n_areas];
	}
}

/* The area with the lowest IOVA from there on that has lost a part; NULL: none. */
static struct reference *
find_cut(uint64_t iova)
{
	struct reference *found = NULL;

	for (unsigned int i = 0; i < n_areas; i++)
		if (areas[i].iova >= iova && (found == NULL || areas[i].iova < found->iova) &&
		    memory_in(&areas[i], areas[i].va, areas[i].length, NULL) < areas[i].length)
			found = &areas[i];
	return found;
}

/* Areas that have lost a part are mapped again, one for each remaining stretch of memory. */
static void
divide_areas(void)
{
	struct reference *cut;

	for (uint64_t iova = 0; (cut = find_cut(iova)) != NULL;) {
		const struct reference area = *cut;
		uint64_t page = 0, end;

		iova = area.iova + area.length;
		*cut = areas[--n_areas];
		for (; page < area.length / PAGE; page = end + 1) {
			for (end = page; end < area.length / PAGE && !area.gone[end]; end++)
				;
			if (end > page)
				add(area.va + page * PAGE, (end - page) * PAGE, area.iova + page * PAGE,
				    area.fixed);
		}
	}
}

static void
do_attach(void)
{
	int ret;

	/* A map that fails now removes the area. */
	if (find_cut(0) != NULL)
		model_fail(0, 0, 0);
	ret = ioas_attach(space, NIC, NULL, &nic);
	CHECK(ret == 0 || was_failed(ret));
	if (find_cut(0) != NULL && CHECK(ret == 0))
		divide_areas();
}

/* The area that a lookup must find; NULL: none. If only an alias is left, either result is right. */
static const struct reference *
find_va(uint64_t va, bool *alias)
{
	*alias = false;
	for (unsigned int i = 0; i < n_areas; i++) {
		if (!has_memory(&areas[i], va, 1))
			continue;
		if (!areas[i].alias)
			return &areas[i];
		*alias = true;
	}
	return NULL;
}

static void
check_lookup(uint64_t va)
{
	const uint64_t got = unit_lookup(VA(va));
	bool alias;
	const struct reference *const area = find_va(va, &alias);

	if (area != NULL)
		CHECK(got == area->iova + (va - area->va));
	else if (!alias || got == IOAS_BAD_IOVA)
		CHECK(got == IOAS_BAD_IOVA);
	else
		CHECK(ioas_lookup_iova(space, got, NULL) == VA(va));
}

struct walk {
	uint64_t n, before;
	bool right;
};

static int
check_area(const struct ioas_area *shown, void *arg)
{
	struct walk *const walk = arg;
	bool found = false;

	for (unsigned int i = 0; i < n_areas && !found; i++)
		found = areas[i].iova == shown->iova && VA(areas[i].va) == shown->va &&
			areas[i].length == shown->length && areas[i].fixed == shown->fixed;
	walk->right = walk->right && found && shown->iova >= walk->before &&
		      (nic == NULL ||
		       model_translate(nic_model, shown->iova) == (uintptr_t)shown->va);
	walk->before = shown->iova + shown->length;
	walk->n++;
	return 0;
}

void
reference_check_all(uint64_t stride)
{
	struct walk walk = { .right = true };
	struct ioas_info info;
	uint64_t bytes = 0;

	ioas_walk(space, check_area, &walk);
	CHECK(walk.right && walk.n == n_areas);
	CHECK(model_areas() == unit_kernel_areas(n_areas));
	for (unsigned int i = 0; i < n_areas; i++)
		bytes += areas[i].length;
	ioas_get_info(space, &info);
	CHECK(info.bytes == bytes && info.maps == n_areas);
	/* In a narrow window maps without another place take IOVAs from it. */
	CHECK(wide ? info.quarantine == held_bytes(0, UINT64_MAX)
		   : info.quarantine <= held_bytes(0, UINT64_MAX));
	/* On POWER memory that is mapped twice is pinned once. */
	if (info.devices == 0 || !unit_backend_is("spapr"))
		CHECK(model_pinned() == (info.devices > 0 ? bytes : 0));
	for (unsigned int i = 0; i < n_areas; i++) {
		const uint64_t first = areas[i].va, next = first + areas[i].length;

		check_lookup(first);
		check_lookup(next - 1);
		check_lookup(next);
		if (first > 0)
			check_lookup(first - 1);
	}
	for (uint64_t va = 0; va < MEMORY + MIB(16); va += stride)
		check_lookup(va);
}

void
reference_step(void)
{
	const uint64_t kind = choose(100), va = choose(MEMORY / PAGE) * PAGE;
	uint64_t length = PAGE * (1 + choose(8));

	step++;
	if (choose(8) == 0)
		length = MIB(2) * (1 + choose(2));
	else if (choose(8) == 0)
		length = PAGE * (1 + choose(700));
	if (kind < 55 && n_areas < MAX_AREAS)
		do_map(choose(3) == 0 ? va & ~(MIB(2) - 1) : va, length);
	else if (kind < 65 && n_areas < MAX_AREAS)
		do_map_fixed(va, length);
	else if (kind < 77)
		do_unmap(va, choose(4) * MIB(1) + length, false);
	else if (kind < 85)
		do_forget(va, choose(4) == 0 ? MIB(8) + length : length, choose(4) != 0);
	else if (kind < 90 && n_areas > 0)
		do_unmap(areas[choose(n_areas)].iova, length, true);
	else if (kind < 96 && n_areas > 0)
		do_unmap(areas[choose(n_areas)].va, length, false);
	else if (kind == 96 && nic != NULL) {
		ioas_detach(nic);
		nic = NULL;
	} else if (kind >= 97 && nic == NULL) {
		do_attach();
	}
	model_fail(0, 0, 0);
	for (unsigned int i = 0; i < 4; i++)
		check_lookup(choose(MEMORY));
	if (n_areas > 0) {
		const struct reference *const area = &areas[choose(n_areas)];
		const uint64_t byte = choose(area->length);

		CHECK(ioas_lookup_iova(space, area->iova + byte, NULL) ==
		      (area->gone[byte / PAGE] ? NULL : VA(area->va + byte)));
	}
}

void
reference_fail(unsigned int n)
{
	/* Not for unmaps: the reference does not model what a failed one leaves behind. */
	model_fail(n, ~(1u << MODEL_UNMAP | 1u << MODEL_RESERVE | 1u << MODEL_OTHER), FAILURE);
}

uint64_t
reference_steps(void)
{
	return step;
}

struct ioas_range
reference_wide(uint64_t held)
{
	const bool small = unit_backend_is("spapr") || held != 0;

	return (struct ioas_range){ MIB(16), (small ? GIB(1) : GIB(512)) - 1 };
}

struct ioas_range
reference_narrow(void)
{
	if (unit_backend_is("spapr"))
		return (struct ioas_range){ GIB(1) - MIB(24), GIB(1) + MIB(8) - 1 };
	return (struct ioas_range){ 0xfee00000 - MIB(12), 0xfef00000 + MIB(12) - 1 };
}

void
reference_start(struct ioas_range where, bool is_wide, uint64_t held, reference_choose_fn choose_fn)
{
	struct ioas_options options = unit_options();

	n_areas = 0;
	step = 0;
	window = where;
	wide = is_wide;
	choose = choose_fn;
	n_freed = freed_bytes = 0;
	quarantine = held;
	options.window = where;
	options.quarantine = held;
	unit_create_with(&options, true);
}
