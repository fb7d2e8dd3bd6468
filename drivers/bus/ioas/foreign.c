/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Memory that EAL does not own. A driver asks for its IOVA, or the application maps it at a fixed IOVA (a
 * statement).
 *
 * EAL does not report when this memory goes. The seams of libc do, before and after the call
 * (foreign_leaves(), foreign_has_left()). The kernel reports memory that goes without a seam (ioas_watch()).
 *
 * A query maps one page, and reserves a linear range of IOVAs for the mapping that contains the page.
 * Therefore an application can ask for the IOVA of the first byte, and then state that IOVA for a longer
 * range.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>

#include "addresses.h"
#include "common_space.h"
#include "foreign.h"
#include "ioas_bus.h"
#include "policy.h"
#include "role.h"
#include "traced.h"

/* A range that the application has mapped and not unmapped. Like stock EAL, the plugin refuses to unmap a
 * part of one. */
struct statement {
	const struct ioas *space;
	uint64_t va, iova, length;
};

static pthread_mutex_t statements_lock = PTHREAD_MUTEX_INITIALIZER;
static struct statement *statements;
static size_t n_statements;

void
foreign_before_fork(void)
{
	pthread_mutex_lock(&statements_lock);
}

void
foreign_after_fork(void)
{
	pthread_mutex_unlock(&statements_lock);
}

void
foreign_watch(struct ioas *space, const void *start, uint64_t length)
{
	const uint64_t first = (uintptr_t)start, last = first + (length - 1);
	struct ioas_memory memory;

	for (uint64_t va = first; va <= last && ioas_memory_at((void *)(uintptr_t)va, &memory) == 0;
	     va = memory.mapping.last + 1) {
		const uint64_t end = RTE_MIN(last, memory.mapping.last);

		ioas_watch(space, (void *)(uintptr_t)va, end - va + 1, memory.shared);
	}
}

rte_iova_t
foreign_map_page(const void *va)
{
	struct ioas_memory memory;
	uintptr_t page;

	if (ioas_memory_at(va, &memory) < 0) {
		BUS_IOAS_LOG(DEBUG, "asked for the IOVA of %p, which is not mapped memory", va);
		return RTE_BAD_IOVA;
	}
	page = (uintptr_t)va & ~(uintptr_t)(memory.page - 1);
	if (rte_eal_iova_mode() != RTE_IOVA_VA)
		ioas_reserve_around(bus_ioas_space, va, memory.mapping);
	foreign_watch(bus_ioas_space, (void *)page, memory.page);
	if (policy_map((void *)page, memory.page) < 0)
		return RTE_BAD_IOVA;
	return ioas_lookup_or_wait(bus_ioas_space, va);
}

unsigned int
foreign_leaves(const void *va, size_t length)
{
	const int error = errno;
	unsigned int token;

	if (!role()->has_mapped)
		return 0;
	token = ioas_forget_begin(bus_ioas_space, va, length);
	errno = error;
	return token;
}

void
foreign_has_left(unsigned int token, const void *va, size_t length, bool gone)
{
	const int error = errno;

	if (token != 0)
		traced_forget_end(bus_ioas_space, token, va, length, gone);
	errno = error;
}

/* Most memory is not mapped for DMA, so nothing depends on it. */
static bool
matters(const void *va, size_t length)
{
	if (!role()->has_mapped)
		return false;
	return bus_ioas_isolated || ioas_lookup_any(ioas_table(bus_ioas_space), va, length);
}

bool
foreign_is_shared(const void *va, size_t length)
{
	struct ioas_range mapping;
	bool shared;

	return matters(va, length) && ioas_mapping_from(va, &mapping, &shared) &&
	       mapping.first <= (uintptr_t)va && shared;
}

size_t
foreign_part(const void *va, size_t length)
{
	struct ioas_range mapping;
	bool shared;

	/* A hole counts as a separate part. */
	if (!matters(va, length) || !ioas_mapping_from(va, &mapping, &shared))
		return length;
	return RTE_MIN(length, (mapping.first > (uintptr_t)va ? mapping.first - 1 : mapping.last) - (uintptr_t)va + 1);
}

bool
foreign_is_empty(const void *va, size_t length)
{
	struct ioas_range mapping;
	bool shared;

	return !ioas_mapping_from(va, &mapping, &shared) || mapping.first > (uintptr_t)va + length - 1;
}

uint64_t
foreign_mapping_length(const void *va, uint64_t *inode)
{
	struct ioas_memory memory;

	if (ioas_memory_at(va, &memory) < 0)
		return 0;
	*inode = memory.inode;
	return memory.mapping.last - (uintptr_t)va + 1;
}

static bool
overlaps(const struct statement *statement, uint64_t first, uint64_t length)
{
	return statement->iova < first + length && statement->iova + statement->length > first;
}

static bool
is_inside(const struct statement *statement, uint64_t first, uint64_t length)
{
	return statement->iova >= first && statement->iova + statement->length <= first + length;
}

/* Removes the statements that are inside the range. With statements_lock held. */
static void
remove_statements(const struct ioas *space, uint64_t iova, uint64_t length)
{
	for (size_t i = n_statements; i-- > 0;)
		if (statements[i].space == space && is_inside(&statements[i], iova, length))
			statements[i] = statements[--n_statements];
}

void
foreign_end_space(const struct ioas *space)
{
	pthread_mutex_lock(&statements_lock);
	remove_statements(space, 0, UINT64_MAX);
	pthread_mutex_unlock(&statements_lock);
}

static int
log_no_memory(uint64_t iova)
{
	BUS_IOAS_LOG(ERR, "cannot map memory at IOVA 0x%" PRIx64 ": no memory: end other programs, or raise "
		     "RLIMIT_AS (`ulimit -v`)", iova);
	return -ENOMEM;
}

/* Makes room for one more statement. */
static int
prepare_statement(uint64_t iova)
{
	struct statement *const larger = realloc(statements, (n_statements + 1) * sizeof(*larger));

	if (larger == NULL)
		return log_no_memory(iova);
	statements = larger;
	return 0;
}

/* Whether some of its memory has gone without being unmapped. Other memory may have its IOVAs now. */
static bool
is_outdated(const struct ioas *space, const struct statement *statement)
{
	return !addresses_are_mapped_at(space, statement->va, statement->length, statement->iova);
}

static void
add_statement(const struct ioas *space, uint64_t va, uint64_t iova, uint64_t length)
{
	for (size_t i = n_statements; i-- > 0;)
		if (statements[i].space == space && overlaps(&statements[i], iova, length) &&
		    (is_inside(&statements[i], iova, length) || is_outdated(space, &statements[i])))
			statements[i] = statements[--n_statements];
	statements[n_statements++] = (struct statement){ space, va, iova, length };
}

/* A part of a statement that is not mapped at its IOVA yet. */
struct run {
	uint64_t offset, length;
};

/* Finds these parts. The caller frees the list. */
static int
find_missing(const struct ioas_table *table, uint64_t va, uint64_t iova, uint64_t length, struct run **out)
{
	struct run *runs = NULL, *larger;
	uint64_t offset, page;
	int n = 0;

	for (offset = 0; offset < length; offset += page) {
		page = RTE_MIN(UINT64_C(4096), length - offset);
		if (ioas_lookup(table, (void *)(uintptr_t)(va + offset)) == iova + offset)
			continue;
		if (n > 0 && runs[n - 1].offset + runs[n - 1].length == offset) {
			runs[n - 1].length += page;
			continue;
		}
		larger = realloc(runs, (n + 1) * sizeof(*runs));
		if (larger == NULL) {
			free(runs);
			return log_no_memory(iova);
		}
		runs = larger;
		runs[n++] = (struct run){ offset, page };
	}
	*out = runs;
	return n;
}

/* Maps the parts that are not at their IOVAs yet. If a part fails, the parts that were mapped before it are
 * unmapped. */
static int
map_missing(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length)
{
	struct run *runs = NULL;
	int n, ret = 0, i;

	n = find_missing(ioas_table(space), va, iova, length, &runs);
	for (i = 0; ret == 0 && i < n; i++) {
		const uint64_t at = va + runs[i].offset;

		foreign_watch(space, (void *)(uintptr_t)at, runs[i].length);
		ret = traced_map_fixed(space, (void *)(uintptr_t)at, runs[i].length, iova + runs[i].offset);
	}
	if (ret < 0)
		for (i--; i-- > 0;)
			traced_unmap_iova(space, iova + runs[i].offset, runs[i].length);
	free(runs);
	return n < 0 ? n : ret;
}

static bool
is_mapped(const struct ioas *space, uint64_t va, uint64_t length)
{
	const struct ioas_table *const table = ioas_table(space);

	for (uint64_t offset = 0; offset < length; offset += 4096)
		if (ioas_lookup(table, (void *)(uintptr_t)(va + offset)) == RTE_BAD_IOVA)
			return false;
	return true;
}

static int
map_stated(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length)
{
	int ret;

	/* The library refuses these, and logs the reason. */
	if (length == 0 || va + length < va || iova + length < iova)
		return traced_map_fixed(space, (void *)(uintptr_t)va, length, iova);
	ret = prepare_statement(iova);
	if (ret == 0)
		ret = map_missing(space, va, iova, length);
	if (ret == 0)
		add_statement(space, va, iova, length);
	return ret;
}

int
foreign_map(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length)
{
	int ret;

	/* testpmd states IOVA 0 for anonymous pools whose IOVAs it has already got. */
	if (iova == 0 && length != 0 && is_mapped(space, va, length)) {
		BUS_IOAS_LOG(DEBUG, "0x%" PRIx64 " keeps its IOVA 0x%" PRIx64 ": 0 is never one",
			     va, ioas_lookup(ioas_table(space), (void *)(uintptr_t)va));
		return 0;
	}
	pthread_mutex_lock(&statements_lock);
	ret = map_stated(space, va, iova, length);
	pthread_mutex_unlock(&statements_lock);
	if (ret == 0)
		return 0;
	rte_errno = -ret;
	return -1;
}

/* A statement that overlaps [iova, iova + length) and extends beyond it; NULL: none. */
static const struct statement *
find_larger(const struct ioas *space, uint64_t iova, uint64_t length)
{
	for (size_t i = 0; i < n_statements; i++)
		if (statements[i].space == space && overlaps(&statements[i], iova, length) &&
		    !is_inside(&statements[i], iova, length) && !is_outdated(space, &statements[i]))
			return &statements[i];
	return NULL;
}

/* Whether one area has all of these IOVAs and more: a query had mapped the page before the statement. */
static bool
is_part_of_page(struct ioas *space, uint64_t iova, uint64_t length)
{
	struct ioas_area area;

	return ioas_lookup_iova(space, iova, &area) != NULL && iova + length <= area.iova + area.length &&
	       area.length > length;
}

static int
unmap_stated(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length)
{
	const struct statement *const larger = find_larger(space, iova, length);
	int ret;

	if (larger != NULL) {
		BUS_IOAS_LOG(ERR, "cannot unmap a part (0x%" PRIx64 " bytes at IOVA 0x%" PRIx64 ") of what one call has "
			     "mapped: unmap all 0x%" PRIx64 " bytes at IOVA 0x%" PRIx64, length, iova,
			     larger->length, larger->iova);
		return -EINVAL;
	}
	remove_statements(space, iova, length);
	if (is_part_of_page(space, iova, length))
		return 0;
	ret = traced_unmap_iova(space, iova, length);
	/* A device keeps memory that it shares with all devices. */
	if (ret == 0 && space != bus_ioas_space && addresses_are_mapped_at(space, va, length, iova))
		return 0;
	if (ret == 0)
		BUS_IOAS_LOG(ERR, "nothing is mapped at IOVA 0x%" PRIx64, iova);
	return ret > 0 ? 0 : ret == 0 ? -EINVAL : ret;
}

int
foreign_unmap(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length)
{
	int ret;

	if (iova == 0 && is_mapped(space, va, length))
		return 0;
	if (address_is_eal(va)) {
		BUS_IOAS_LOG(ERR, "0x%" PRIx64 " is memory of EAL and stays mapped", va);
		rte_errno = EINVAL;
		return -1;
	}
	pthread_mutex_lock(&statements_lock);
	ret = unmap_stated(space, va, iova, length);
	pthread_mutex_unlock(&statements_lock);
	if (ret == 0)
		return 0;
	rte_errno = -ret;
	return -1;
}

bool
foreign_is_stated(const void *va, size_t length)
{
	const uint64_t first = (uintptr_t)va;
	bool stated = false;

	pthread_mutex_lock(&statements_lock);
	for (size_t i = 0; i < n_statements && !stated; i++)
		stated = statements[i].va < first + length && statements[i].va + statements[i].length > first;
	pthread_mutex_unlock(&statements_lock);
	return stated;
}
