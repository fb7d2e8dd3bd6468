/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/*
 * Checks whether the requested configuration will map: hugepages, the limit of locked memory, the number of
 * maps, the aperture.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "info.h"

/* 16 bytes for each 4 KiB of a default window of 1 or 2 GiB, and as much again for another window. */
#define SPAPR_TABLES (UINT64_C(16) << 20)

void
name_size(uint64_t size, char dpdk[SIZE_TEXT], char hugeadm[SIZE_TEXT])
{
	const bool gigabytes = size % (UINT64_C(1) << 30) == 0, megabytes = size % (1u << 20) == 0;
	const uint64_t n = gigabytes ? size >> 30 : megabytes ? size >> 20 : size >> 10;
	const char unit = gigabytes ? 'G' : megabytes ? 'M' : 'K';

	snprintf(dpdk, SIZE_TEXT, "%" PRIu64 "%c", n, unit);
	snprintf(hugeadm, SIZE_TEXT, "%" PRIu64 "%cB", n, unit);
}

static bool
may_be_used(const struct info *info, const struct info_hugepages *pages)
{
	return info->config.page_size == 0 || info->config.page_size == pages->size;
}

static bool
is_on(const struct info_pages *on, int node)
{
	return node == ANY_NODE || on->node == node;
}

/* Usable pages. */
struct count {
	uint64_t free, added;   /* bytes */
	struct info_hugepages *best; /* the size to request more of: one in use, or the smallest */
};

static struct count
count_pages(const struct info *info, int node)
{
	struct count count = { 0 };

	for (unsigned int i = 0; i < info->n_hugepages; i++) {
		struct info_hugepages *const pages = &info->hugepages[i];
		uint64_t total = 0;

		if (!may_be_used(info, pages))
			continue;
		for (unsigned int k = 0; k < pages->n_nodes; k++) {
			if (!is_on(&pages->nodes[k], node))
				continue;
			count.free += pages->nodes[k].free * pages->size;
			count.added += pages->nodes[k].added * pages->size;
			total += pages->nodes[k].total;
		}
		if (count.best == NULL || total > 0)
			count.best = pages;
	}
	return count;
}

/* The node of the first device. */
static int
node_of_devices(const struct info *info)
{
	for (unsigned int i = 0; i < info->n_devices; i++)
		if (device_is_chosen(info, &info->devices[i]))
			return info->devices[i].node;
	return ANY_NODE;
}

/* dpdk-hugepages.py sets the number for each node, unless one is named. */
void
remedy_pages(const struct info *info, struct info_problem *wrong, struct info_hugepages *pages, int node,
	     uint64_t bytes)
{
	char size[SIZE_TEXT], adm[SIZE_TEXT], sum[SIZE_TEXT], unused[SIZE_TEXT], option[32] = "";
	const int wanted = node != ANY_NODE ? node : node_of_devices(info);
	const uint64_t more = round_up(bytes, pages->size) / pages->size;
	struct info_pages *on = &pages->nodes[0];

	for (unsigned int k = 0; k < pages->n_nodes; k++)
		if (pages->nodes[k].node == wanted)
			on = &pages->nodes[k];
	on->added += more;
	if (pages->n_nodes > 1)
		snprintf(option, sizeof(option), " -n %d", on->node);
	name_size(pages->size, size, adm);
	name_size((on->total + on->added) * pages->size, sum, unused);
	remedy(wrong, "`%sdpdk-hugepages.py -p %s%s -r %s`", info->sudo, size, option, sum);
	if (node == ANY_NODE || pages->n_nodes == 1)
		info_append(&wrong->remedy, ", or `%shugeadm --pool-pages-min %s:+%" PRIu64 "`", info->sudo, adm,
			    more);
}

/* Checks for enough hugepages on a node, or on all together. Skipped if a remedy adds them. */
static void
advise_pages(struct info *info, int node, uint64_t needed)
{
	const struct count count = count_pages(info, node);
	char text[BYTES_TEXT], where[32] = "";
	struct info_problem *wrong;

	if (count.free + count.added >= needed || count.best == NULL)
		return;
	if (node != ANY_NODE)
		snprintf(where, sizeof(where), " on node %d", node);
	wrong = problem(info, true, "hugepages: %" PRIu64 " MiB are needed%s, %" PRIu64 " MiB are free%s%s",
			needed >> 20, where, count.free >> 20,
			info->config.page_size != 0 ? " in pages of " : "",
			info->config.page_size != 0 ? bytes_exact(info->config.page_size, text) : "");
	remedy_pages(info, wrong, count.best, node, needed - count.free - count.added);
	if (count.best->size >= UINT64_C(1) << 30)
		info_append(&wrong->remedy, "; where memory is fragmented at boot: hugepagesz=1G hugepages=N "
			    "on the kernel's command line");
}

static bool
advise_page_size(struct info *info)
{
	char text[BYTES_TEXT], adm[BYTES_TEXT];
	struct info_problem *wrong;

	if (info->n_hugepages == 0)
		return false; /* advise() has reported it */
	for (unsigned int i = 0; i < info->n_hugepages; i++)
		if (may_be_used(info, &info->hugepages[i]))
			return true;
	wrong = problem(info, true, "this machine has no hugepages of %s",
			bytes_exact(info->config.page_size, text));
	name_size(info->hugepages[0].size, text, adm);
	remedy(wrong, "--page-size %s, or the CPU flag pdpe1gb for pages of 1 GiB", text);
	return false;
}

/* Memory that counts against RLIMIT_MEMLOCK. On POWER this includes the tables of each device's DMA windows. */
static uint64_t
locked_bytes(const struct info *info)
{
	uint64_t bytes = info->config.bytes + info->config.grow;

	for (unsigned int i = 0; i < info->n_devices; i++)
		if (info->backend == &info->backends[1] && device_is_chosen(info, &info->devices[i]))
			bytes += SPAPR_TABLES;
	return bytes;
}

static void
advise_memlock(struct info *info)
{
	const uint64_t needed = locked_bytes(info);
	struct info_problem *wrong;
	char text[BYTES_TEXT];

	if (info->may_lock || info->memlock >= needed)
		return;
	wrong = problem(info, true, "RLIMIT_MEMLOCK is %s, %" PRIu64 " MiB are needed",
			bytes_exact(info->memlock, text), needed >> 20);
	if (info->memlock_hard < needed)
		remedy(wrong, "`%sprlimit --pid $$ --memlock=%" PRIu64 "`", info->sudo, needed);
	else
		remedy(wrong, "`ulimit -l %" PRIu64 "`", needed >> 10);
	info_append(&wrong->remedy, "; for good: \"%s - memlock %" PRIu64 "\" in "
		    "/etc/security/limits.conf, or LimitMEMLOCK=%" PRIu64 "M in the systemd unit", info->user,
		    needed >> 10, needed >> 20);
}

/* type1: preallocated memory takes one map for each contiguous run, later memory one map for each page. */
static void
advise_maps(struct info *info)
{
	const struct info_hugepages *const best = count_pages(info, ANY_NODE).best;
	uint64_t maps;

	if (info->backend == NULL || info->backend->works == false ||
	    info->backend != &info->backends[2])
		return;
	if (best == NULL)
		return;
	maps = round_up(info->config.grow, best->size) / best->size +
	       (info->config.bytes > 0) * best->n_nodes;
	if (maps <= info->dma_entry_limit)
		return;
	remedy(problem(info, true, "type1 takes %" PRIu64 " maps, and memory that grows is one a page: %"
		       PRIu64, info->dma_entry_limit, maps),
	       "preallocate it (-m), use larger pages, or `echo %" PRIu64 " | %stee "
	       "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit`", round_up(maps, 1u << 16),
	       info->sudo);
}

static void
advise_aperture(struct info *info)
{
	for (unsigned int i = 0; i < info->n_devices; i++) {
		const struct info_device *const device = &info->devices[i];
		uint64_t sum = 0, longest = 0;
		struct ioas_range *ranges;
		unsigned int n;

		if (!device_is_chosen(info, device))
			continue;
		ranges = device_ranges(info, device, &n);
		for (unsigned int k = 0; k < n; k++) {
			const uint64_t step = ranges[k].last - ranges[k].first;
			/* The length of all 64 bits does not fit into 64 bits. */
			const uint64_t length = step + (step < UINT64_MAX);

			sum += length;
			longest = length > longest ? length : longest;
		}
		free(ranges);
		if (n == 0 || (longest >= info->config.bytes &&
			       sum >= info->config.bytes + info->config.grow))
			continue;
		remedy(problem(info, true, "%s: %" PRIu64 " MiB are needed, it has %" PRIu64
			       " MiB of IOVAs, %" PRIu64 " MiB of them contiguous", device->address,
			       (info->config.bytes + info->config.grow) >> 20, sum >> 20, longest >> 20),
		       "less memory, or another device");
	}
}

void
advise_config(struct info *info)
{
	if (advise_page_size(info)) {
		for (unsigned int node = 0; node < info->config.n_nodes; node++)
			advise_pages(info, node, info->config.node_bytes[node]);
		advise_pages(info, ANY_NODE, info->config.bytes + info->config.grow);
	}
	advise_memlock(info);
	advise_maps(info);
	advise_aperture(info);
}
