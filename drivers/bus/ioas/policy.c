/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Demands of the user and the drivers on IOVAs.
 *
 * Chosen IOVAs lie in the user's window and below every DMA mask that a driver has set. With IOVA=VA the
 * plugin cannot place IOVAs, so it checks the addresses against the aperture and the masks before it maps
 * any.
 *
 * EAL compares rte_memseg.iova with a mask. Until memory is mapped this is a placeholder. Therefore the
 * plugin accepts the mask, remembers it, and applies it when memory is mapped.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include "addresses.h"
#include "common_space.h"
#include "ioas_bus.h"
#include "neighbours.h"
#include "policy.h"
#include "role.h"
#include "seams.h"
#include "traced.h"

#define GIB (UINT64_C(1) << 30)

/* The option iova=. */
static enum rte_iova_mode user_wants = RTE_IOVA_DC;

/* A driver demands IOVA=VA. */
static bool va_demanded;

/* The highest address that all masks allow. Drivers set masks while buses are scanned and devices probed. */
static uint64_t mask = UINT64_MAX;

/* EAL refuses wider masks. 0 means none, and nothing can be mapped in less than a page. */
static bool
is_mask(uint8_t bits)
{
	return bits >= 12 && bits <= 63;
}

static uint64_t
mask_of(uint8_t bits)
{
	return (UINT64_C(1) << bits) - 1;
}

/* Restricts chosen IOVAs to those up to last. On failure nothing changes. */
static int
confine(uint64_t last)
{
	struct ioas_range window;
	struct ioas_info info;

	ioas_get_info(bus_ioas_space, &info);
	window = info.window;
	if (window.last > last)
		window.last = last;
	if (window.first > window.last) {
		BUS_IOAS_LOG(ERR, "no IOVA of the window from 0x%" PRIx64 " on is below 0x%" PRIx64,
			     window.first, last);
		return -1;
	}
	return ioas_set_window(bus_ioas_space, window);
}

static void
log_mask(uint64_t last)
{
	BUS_IOAS_LOG(ERR, "a driver limits DMA addresses to 0x%" PRIx64 ": start with DPDK_IOAS="
		     "window=0x1000-0x%" PRIx64 "%s", last, last,
		     rte_eal_iova_mode() == RTE_IOVA_VA ? " and without iova=va, --iova-mode=va"
							: "");
}

static int
limit(uint64_t last)
{
	if (role()->has_mapped && last < mask && rte_eal_iova_mode() != RTE_IOVA_VA && confine(last) < 0) {
		log_mask(last);
		return -1;
	}
	mask = RTE_MIN(mask, last);
	return 0;
}

void
policy_set_mask(uint8_t bits)
{
	seam_original.rte_mem_set_dma_mask(bits);
	if (is_mask(bits))
		limit(mask_of(bits));
}

int
policy_check_mask_of_stock(uint8_t bits, int (*original)(uint8_t bits))
{
	const int ret = original(bits);

	return ret != 0 || !is_mask(bits) ? ret : limit(mask_of(bits));
}

int
policy_note_mask(uint8_t bits, int (*original)(uint8_t bits))
{
	if (!is_mask(bits))
		return original(bits);
	policy_set_mask(bits);
	return 0;
}

int
policy_check_mask(uint8_t bits, int (*original)(uint8_t bits))
{
	const uint64_t before = mask;
	struct ioas_info info;
	int ret;

	if (!is_mask(bits))
		return original(bits);
	ioas_get_info(bus_ioas_space, &info);
	if (limit(mask_of(bits)) < 0)
		return 1;
	ret = original(bits);
	if (ret != 0) {
		/* The application or the user has placed memory above. */
		log_mask(mask_of(bits));
		ioas_set_window(bus_ioas_space, info.window);
		mask = before;
	}
	return ret;
}

static int
add_length(const struct rte_memseg_list *msl, void *arg)
{
	uint64_t *const total = arg;

	if (!msl->external)
		*total += msl->len + msl->page_sz;
	return 0;
}

/* A base address at which all of EAL's memory would fit; 0: none. Programs lie below 4 GiB. */
static uint64_t
find_base(void)
{
	struct ioas_range ranges[32];
	uint64_t total = 0;
	unsigned int n;

	rte_memseg_list_walk_thread_unsafe(add_length, &total);
	n = ioas_ranges(bus_ioas_space, ranges, RTE_DIM(ranges));
	for (unsigned int i = 0; i < RTE_MIN(n, RTE_DIM(ranges)); i++) {
		const uint64_t base = RTE_ALIGN_CEIL(RTE_MAX(ranges[i].first, 4 * GIB), GIB);
		const uint64_t last = RTE_MIN(ranges[i].last, mask);

		if (base < last && last - base >= total)
			return base;
	}
	return 0;
}

int
policy_check_va(uint64_t va, uint64_t length)
{
	static uint64_t said = UINT64_MAX; /* the last hole that was logged, because EAL asks page by page, and again */
	const char *what = "is reserved";
	char base_option[64] = "";
	struct ioas_range hole = { 0 };
	uint64_t base;

	if (ioas_check_fixed(bus_ioas_space, va, length, &hole) < 0) {
		if (hole.last == UINT64_MAX)
			what = "is beyond the IOMMU's aperture";
	} else if (va + (length - 1) > mask) {
		hole = (struct ioas_range){ mask + 1, UINT64_MAX };
		what = "is above what a driver's DMA mask allows";
	} else {
		return 0;
	}
	rte_errno = ERANGE;
	if (hole.first == said) {
		BUS_IOAS_LOG(DEBUG, "address 0x%" PRIx64 " cannot be an IOVA either", va);
		return -1;
	}
	said = hole.first;
	base = address_is_eal(va) ? find_base() : 0;
	if (base != 0)
		snprintf(base_option, sizeof(base_option), ", or --base-virtaddr=0x%" PRIx64, base);
	BUS_IOAS_LOG(ERR, "address 0x%" PRIx64 " cannot be an IOVA: 0x%" PRIx64 "-0x%" PRIx64
		     " %s: use iova=kernel without --iova-mode=va%s", RTE_MAX(va, hole.first),
		     hole.first, hole.last, what, base_option);
	return -1;
}

int
policy_map(void *va, uint64_t length)
{
	if (rte_eal_iova_mode() != RTE_IOVA_VA)
		return traced_map(bus_ioas_space, va, length);
	if (policy_check_va((uintptr_t)va, length) < 0)
		return -1;
	return traced_map_fixed(bus_ioas_space, va, length, (uintptr_t)va);
}

void
policy_user_wants(enum rte_iova_mode mode)
{
	user_wants = mode;
}

enum rte_iova_mode
policy_mode(enum rte_iova_mode wanted)
{
	va_demanded = wanted == RTE_IOVA_VA;
	/* In mode PA, EAL and drivers read rte_memseg.iova. */
	return user_wants != RTE_IOVA_DC ? user_wants : neighbours_mode();
}

bool
policy_refuses_drivers(void)
{
	return va_demanded && rte_eal_iova_mode() != RTE_IOVA_VA;
}

/* The devices must be able to use the user's window, also the part below the masks. */
static int
start_window(void)
{
	struct ioas_info info;

	ioas_get_info(bus_ioas_space, &info);
	if (rte_eal_iova_mode() == RTE_IOVA_VA) {
		if (info.window.first != 0 || info.window.last != UINT64_MAX)
			BUS_IOAS_LOG(WARNING, "window= has no effect on IOVAs equal to addresses");
		if (info.quarantine_limit != 0)
			BUS_IOAS_LOG(WARNING, "quarantine= has no effect on IOVAs equal to addresses");
		return 0;
	}
	if (ioas_set_window(bus_ioas_space, info.window) < 0)
		return -1;
	if (confine(mask) < 0) {
		log_mask(mask);
		return -1;
	}
	return 0;
}

int
policy_start(void)
{
	if (start_window() < 0)
		return -1;
	if (policy_refuses_drivers())
		BUS_IOAS_LOG(WARNING, "a driver for these devices demands IOVAs equal to addresses, "
			     "and the devices that it is for are refused: DPDK_IOAS=iova=va serves "
			     "them and all others");
	return 0;
}
