/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "info.h"

#define ANY_NODE (-1)
/* 16 bytes for each 4 KiB of a default window of 1 or 2 GiB, and as much for another window. */
#define SPAPR_TABLES (UINT64_C(16) << 20)

/* The way in which dpdk-hugepages.py, as this program, and hugeadm name a size. */
static void
name_size(uint64_t size, char dpdk[BYTES_TEXT], char hugeadm[BYTES_TEXT])
{
	const bool gigabytes = size % (UINT64_C(1) << 30) == 0, megabytes = size % (1u << 20) == 0;
	const uint64_t n = gigabytes ? size >> 30 : megabytes ? size >> 20 : size >> 10;
	const char unit = gigabytes ? 'G' : megabytes ? 'M' : 'K';

	snprintf(dpdk, BYTES_TEXT, "%" PRIu64 "%c", n, unit);
	snprintf(hugeadm, BYTES_TEXT, "%" PRIu64 "%cB", n, unit);
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

/* Bytes of free pages that may be used, and the size that more of them are best asked for: the one that
 * is used already, or the smallest. */
static uint64_t
free_bytes(const struct info *info, int node, const struct info_hugepages **best)
{
	uint64_t bytes = 0;

	*best = NULL;
	for (unsigned int i = 0; i < info->n_hugepages; i++) {
		const struct info_hugepages *const pages = &info->hugepages[i];
		uint64_t total = 0;

		if (!may_be_used(info, pages))
			continue;
		for (unsigned int k = 0; k < pages->n_nodes; k++) {
			if (!is_on(&pages->nodes[k], node))
				continue;
			bytes += pages->nodes[k].free * pages->size;
			total += pages->nodes[k].total;
		}
		if (*best == NULL || total > 0)
			*best = pages;
	}
	return bytes;
}

static uint64_t
used_bytes(const struct info_hugepages *pages, int node)
{
	uint64_t bytes = 0;

	for (unsigned int k = 0; k < pages->n_nodes; k++)
		if (is_on(&pages->nodes[k], node))
			bytes += (pages->nodes[k].total - pages->nodes[k].free) * pages->size;
	return bytes;
}

static uint64_t
round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

/* Enough hugepages on a node, or on all together? */
static void
advise_pages(struct info *info, int node, uint64_t needed)
{
	char size[BYTES_TEXT], adm[BYTES_TEXT], sum[BYTES_TEXT], unused[BYTES_TEXT], where[32] = "";
	char on[32] = "";
	const struct info_hugepages *best;
	const uint64_t free = free_bytes(info, node, &best);
	struct info_problem *wrong;

	if (free >= needed || best == NULL)
		return;
	if (node != ANY_NODE) {
		snprintf(where, sizeof(where), " on node %d", node);
		snprintf(on, sizeof(on), " -n %d", node);
	}
	name_size(best->size, size, adm);
	name_size(round_up(needed, best->size) + used_bytes(best, node), sum, unused);
	wrong = problem(info, true, "hugepages: %" PRIu64 " MiB are needed%s, %" PRIu64 " MiB are free%s%s",
			needed >> 20, where, free >> 20,
			info->config.page_size != 0 ? " in pages of " : "",
			info->config.page_size != 0 ? size : "");
	remedy(wrong, "`dpdk-hugepages.py -p %s%s -r %s`, or `hugeadm --pool-pages-min %s:+%" PRIu64 "`%s",
	       size, on, sum, adm, (round_up(needed, best->size) - free) / best->size,
	       best->size >= UINT64_C(1) << 30
	       ? "; where memory is fragmented at boot: hugepagesz=1G hugepages=N on the kernel's "
		 "command line" : "");
}

static bool
advise_page_size(struct info *info)
{
	char text[BYTES_TEXT], adm[BYTES_TEXT];
	struct info_problem *wrong;

	for (unsigned int i = 0; i < info->n_hugepages; i++)
		if (may_be_used(info, &info->hugepages[i]))
			return true;
	wrong = problem(info, true, "this machine has no hugepages of %s",
			bytes_exact(info->config.page_size, text));
	if (info->n_hugepages == 0)
		return false;
	name_size(info->hugepages[0].size, text, adm);
	remedy(wrong, "--page-size %s, or the CPU flag pdpe1gb for pages of 1 GiB", text);
	return false;
}

/* What counts against RLIMIT_MEMLOCK: on POWER the tables of each device's DMA windows as well. */
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
	char text[BYTES_TEXT];

	if (info->may_lock || info->memlock >= needed)
		return;
	remedy(problem(info, true, "RLIMIT_MEMLOCK is %s, %" PRIu64 " MiB are needed",
		       bytes_exact(info->memlock, text), needed >> 20),
	       "%s`ulimit -l %" PRIu64 "`; for good: \"%s - memlock %" PRIu64 "\" in "
	       "/etc/security/limits.conf, or LimitMEMLOCK=%" PRIu64 "M in the systemd unit",
	       info->memlock_hard < needed ? "as root, for the shell that starts it: " : "", needed >> 10,
	       info->user, needed >> 10, needed >> 20);
}

/* type1: what is there from the start is a map a contiguous run, what comes later a map a page. */
static void
advise_maps(struct info *info)
{
	const struct info_hugepages *best;
	uint64_t maps;

	if (info->backend == NULL || info->backend->works == false ||
	    info->backend != &info->backends[2])
		return;
	free_bytes(info, ANY_NODE, &best);
	if (best == NULL)
		return;
	maps = round_up(info->config.grow, best->size) / best->size +
	       (info->config.bytes > 0) * best->n_nodes;
	if (maps <= info->dma_entry_limit)
		return;
	remedy(problem(info, true, "type1 takes %" PRIu64 " maps, and memory that grows is one a page: %"
		       PRIu64, info->dma_entry_limit, maps),
	       "preallocate it (-m), use larger pages, or `echo %" PRIu64 " > "
	       "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit`", round_up(maps, 1u << 16));
}

/* The IOVAs that a device can use, as far as sysfs tells: their sum and the longest range. */
static void
usable_iovas(const struct info_device *device, uint64_t last, uint64_t *sum, uint64_t *longest)
{
	uint64_t from = 0;

	*sum = *longest = 0;
	/* The kernel sorts them. */
	for (unsigned int i = 0; i <= device->n_reserved && from <= last; i++) {
		const bool end = i == device->n_reserved || device->reserved[i].range.first > last;
		const uint64_t to = end ? last + 1 : device->reserved[i].range.first;

		if (to > from) {
			*sum += to - from;
			*longest = to - from > *longest ? to - from : *longest;
		}
		if (end || device->reserved[i].range.last >= last)
			break;
		from = device->reserved[i].range.last + 1;
	}
}

static unsigned int
bits_of(const struct info *info, const struct info_device *device)
{
	for (unsigned int i = 0; i < info->n_iommus; i++)
		if (strcmp(info->iommus[i].name, device->iommu) == 0)
			return info->iommus[i].bits;
	return 0;
}

static void
advise_aperture(struct info *info)
{
	for (unsigned int i = 0; i < info->n_devices; i++) {
		const struct info_device *const device = &info->devices[i];
		const unsigned int bits = bits_of(info, device);
		uint64_t sum, longest;

		if (!device_is_chosen(info, device) || bits == 0 || bits > 63)
			continue;
		usable_iovas(device, (UINT64_C(1) << bits) - 1, &sum, &longest);
		if (longest >= info->config.bytes && sum >= info->config.bytes + info->config.grow)
			continue;
		remedy(problem(info, true, "%s: %" PRIu64 " MiB are needed, its IOMMU of %u bits has %"
			       PRIu64 " MiB of IOVAs, %" PRIu64 " MiB of them contiguous", device->address,
			       (info->config.bytes + info->config.grow) >> 20, bits, sum >> 20,
			       longest >> 20),
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
