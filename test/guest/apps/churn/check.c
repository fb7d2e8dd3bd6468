/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Conditions on EAL's memory: at any time for memory in use, and at rest for all of it. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "../pinned.h"
#include "churn.h"

/* The pages that were freed last. */
#define FREED 64
static _Atomic(uintptr_t) freed[FREED];

static void
memory_event(enum rte_mem_event type, const void *addr, size_t length, void *arg)
{
	static atomic_uint next;
	const struct rte_memseg_list *const msl = rte_mem_virt2memseg_list(addr);

	RTE_SET_USED(arg);
	if (msl->external)
		return;
	if (type == RTE_MEM_EVENT_ALLOC) {
		figures.grown += length / msl->page_sz;
		return;
	}
	figures.shrunk += length / msl->page_sz;
	freed[next++ % FREED] = (uintptr_t)addr;
}

/* The number of areas, from telemetry of the plugin. */
static uint64_t
areas(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *const question = "/ioas/info";
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char answer[4096] = "", *maps;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/dpdk_telemetry.v2",
		 rte_eal_get_runtime_dir());
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    recv(fd, answer, sizeof(answer), 0) <= 0 ||
	    send(fd, question, strlen(question), 0) < 0)
		wrong("no telemetry at %s", address.sun_path);
	memset(answer, 0, sizeof(answer));
	if (recv(fd, answer, sizeof(answer) - 1, 0) <= 0)
		wrong("no answer to %s", question);
	close(fd);
	maps = strstr(answer, "\"maps\":");
	if (maps == NULL)
		wrong("%s: %s", question, answer);
	return strtoull(maps + strcspn(maps, "0123456789"), NULL, 10);
}

/* The number of areas at the start. */
static uint64_t areas_before;

void
check_start(void)
{
	areas_before = areas();
	if (rte_mem_event_callback_register("churn", memory_event, NULL) != 0)
		wrong("no memory events: %s", rte_strerror(rte_errno));
}

static void
check_address(const char *what, const void *va)
{
	const struct rte_memseg *const ms = rte_mem_virt2memseg(va, NULL);
	const rte_iova_t iova = rte_mem_virt2iova(va);
	rte_iova_t recorded;

	if (ms == NULL || ms->len == 0)
		wrong("%s: %p has no segment", what, va);
	/* For external memory only IOVAs from the application are recorded. */
	recorded = ms->iova == RTE_BAD_IOVA && rte_mem_virt2memseg_list(va)->external
		? iova : ms->iova + RTE_PTR_DIFF(va, ms->addr);
	if (iova == RTE_BAD_IOVA || iova == 0 || iova == (uintptr_t)va || iova != recorded)
		wrong("%s: %p has IOVA 0x%" PRIx64 ", its segment at %p 0x%" PRIx64, what, va, iova,
		      ms->addr, ms->iova);
}

void
check_memory(const char *what, const void *va, size_t length)
{
	for (size_t at = 0; at < length; at += LARGE_PAGE)
		check_address(what, RTE_PTR_ADD(va, at));
	check_address(what, RTE_PTR_ADD(va, length - 1));
}

void
check_contiguous(const char *what, const void *va, size_t length, rte_iova_t iova)
{
	for (size_t at = 0; at < length; at += SMALL_PAGE)
		if (rte_mem_virt2iova(RTE_PTR_ADD(va, at)) != iova + at)
			wrong("%s: byte 0x%zx of the memory at %p has IOVA 0x%" PRIx64 ", not 0x%"
			      PRIx64, what, at, va, rte_mem_virt2iova(RTE_PTR_ADD(va, at)), iova + at);
}

/* ---- at rest ---- */

struct segs {
	struct rte_memseg seg[16384];
	unsigned int n;
	uint64_t bytes;
};

static int
collect(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	struct segs *const segs = arg;

	if (msl->external && ms->iova == RTE_BAD_IOVA)
		return 0; /* registered; no IOVAs of its maps are recorded */
	if (segs->n == RTE_DIM(segs->seg))
		return -1;
	segs->seg[segs->n++] = *ms;
	if (!msl->external)
		segs->bytes += ms->len;
	return 0;
}

static int
by_iova(const void *a, const void *b)
{
	const struct rte_memseg *const x = a, *const y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* Memory that EAL has freed has no IOVA. */
static void
check_freed(void)
{
	for (unsigned int i = 0; i < FREED; i++) {
		const void *const va = (const void *)freed[i];
		const struct rte_memseg *const ms = va == NULL ? NULL : rte_mem_virt2memseg(va, NULL);

		if (ms == NULL || ms->len != 0)
			continue; /* in use again */
		if (rte_mem_virt2iova(va) != RTE_BAD_IOVA)
			wrong("%p was freed and has IOVA 0x%" PRIx64, va, rte_mem_virt2iova(va));
		return; /* each such query makes the plugin log an error */
	}
}

void
check_rest(void)
{
	static struct segs segs;
	uint64_t mapped;

	segs.n = 0;
	segs.bytes = 0;
	if (rte_memseg_walk(collect, &segs) != 0)
		wrong("more segments than this program has room for");
	for (unsigned int i = 0; i < segs.n; i++)
		check_memory("segment", segs.seg[i].addr, segs.seg[i].len);
	qsort(segs.seg, segs.n, sizeof(segs.seg[0]), by_iova);
	for (unsigned int i = 1; i < segs.n; i++)
		if (segs.seg[i].iova < segs.seg[i - 1].iova + segs.seg[i - 1].len)
			wrong("segments at %p and %p share IOVA 0x%" PRIx64, segs.seg[i - 1].addr,
			      segs.seg[i].addr, segs.seg[i].iova);
	mapped = segs.bytes + external_mapped();
	if (!pinned_falls_to(mapped) || pinned_bytes() != mapped)
		wrong("%" PRIu64 " KiB are pinned; EAL has %" PRIu64 " KiB, and %" PRIu64 " KiB of "
		      "external memory are mapped", pinned_bytes() / KB, segs.bytes / KB,
		      external_mapped() / KB);
	check_freed();
}

void
check_end(void)
{
	const uint64_t now = areas(), pages = figures.grown - figures.shrunk;

	check_rest();
	/* A page that comes after the start is an area. */
	if (now != areas_before + pages)
		wrong("%" PRIu64 " areas before, %" PRIu64 " after, %" PRIu64 " pages more", areas_before,
		      now, pages);
	printf("areas: %" PRIu64 " before, %" PRIu64 " after, %" PRIu64 " pages that EAL has kept\n",
	       areas_before, now, pages);
}
