/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Without a device at the start the plugin waits for one if possible: it creates a space without a device.
 */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_eal.h>
#include <rte_version.h>

#include "common_space.h"
#include "ioas_bus.h"
#include "neighbours.h"
#include "seams.h"
#include "wait.h"

static enum rte_iova_mode mode_to_wait_in;

void
wait_log_unused(void)
{
	BUS_IOAS_LOG(INFO, "no device for the plugin: none that EAL's options allow is bound to a VFIO "
		     "driver and has an IOMMU (bind it with `dpdk-devbind.py -b vfio-pci ADDRESS`, switch "
		     "the IOMMU on); DPDK continues without the plugin, %s", rte_version());
}

/* Whether the command line names an IOVA mode, because EAL does not report it. */
static bool
mode_is_named(void)
{
	FILE *const file = fopen("/proc/self/cmdline", "re");
	char *word = NULL;
	size_t size = 0;
	bool named = false;

	if (file == NULL)
		return true;
	while (!named && getdelim(&word, &size, '\0', file) > 0)
		named = strncmp(word, "--iov", strlen("--iov")) == 0;
	free(word);
	fclose(file);
	return named;
}

/* Whether IOVAs can be chosen for a device that comes later: a device can come, the machine has an IOMMU, and
 * no present bus demands a mode, above all not physical addresses. */
static bool
can_wait(void)
{
	glob_t groups;

	if (rte_eal_has_pci() == 0 || rte_eal_has_hugepages() == 0 || mode_is_named() ||
	    neighbours_are_there() ||
	    seam_original.rte_bus_get_iommu_class() != RTE_IOVA_DC ||
	    seam_original.rte_vfio_noiommu_is_enabled() == 1 ||
	    glob("/sys/kernel/iommu_groups/[0-9]*", 0, NULL, &groups) != 0)
		return false;
	globfree(&groups);
	return true;
}

/* Creates a space without a device. The range that later devices can use is not known. All IOMMUs support
 * this one, and the reserved regions of x86 and Arm lie below it. On POWER the space needs a device. */
bool
wait_start(const struct ioas_options *options, enum rte_iova_mode mode, bool isolated)
{
	static const struct ioas_range common = { UINT64_C(1) << 32, (UINT64_C(1) << 39) - 1 };
	struct ioas_options with = *options;
	struct ioas_info info;

	if (!can_wait())
		return false;
	if (with.window.last == 0 && mode == RTE_IOVA_PA)
		with.window = common;
	if (common_space_try(&with, isolated) < 0)
		return false;
	ioas_get_info(bus_ioas_space, &info);
	mode_to_wait_in = mode;
	if (strcmp(info.backend, "spapr") != 0)
		return true;
	common_space_destroy();
	return false;
}

bool
wait_fits(enum rte_iova_mode mode)
{
	return mode == mode_to_wait_in;
}

void
wait_give_up(void)
{
	common_space_destroy();
	wait_log_unused();
}
