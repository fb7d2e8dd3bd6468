/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Neighbours: devices and modules that misread IOVAs as other addresses.
 *
 * EAL has one IOVA mode for all devices. A device that takes chosen IOVAs, or virtual addresses, for physical
 * addresses reads and writes memory of other programs. Most buses compare the needs of a device with EAL's
 * mode before they probe it. This file detects the others by the same means by which they find their devices,
 * because EAL does not tell which bus wants which mode. The PCI bus itself could refuse VFIO devices without
 * an IOMMU, but only with all others (rte_vfio_noiommu_is_enabled()). Therefore each is refused here.
 */

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "ioas_bus.h"
#include "neighbours.h"

/* It exists if all of its named parts exist. */
struct neighbour {
	const char *name;
	enum rte_iova_mode needs;
	const char *bus;       /* a bus of EAL, which its driver has registered */
	const char *device;    /* prefix of the name of a device on the bus */
	const char *folder;    /* an environment variable with the folder of the files */
	const char *files;     /* a pattern */
};

/* All that ask EAL for IOVAs and do not check the mode, by the sources of DPDK 22.11, 24.11 and 25.11. */
static const struct neighbour neighbours[] = {
	{ "the bus dsa", RTE_IOVA_VA, .bus = "dsa", .folder = "DSA_DEV_PATH", .files = "/dev/dsa/wq*" },
	{ "the bus uacce", RTE_IOVA_VA, .bus = "uacce", .device = "" },
	{ "the bus cdx", RTE_IOVA_VA, .bus = "cdx", .device = "" },
	{ "the bus fslmc", RTE_IOVA_VA, .bus = "fslmc", .files = "/sys/bus/fsl-mc/drivers/vfio-fsl-mc/dprc*" },
	/* In mode PA it reads memory at the address in a memzone. */
	{ "KNI's kernel module", RTE_IOVA_VA, .files = "/dev/kni" },
	{ "the bus dpaa", RTE_IOVA_PA, .bus = "dpaa", .files = "/sys/devices/platform/{soc/soc:,}fsl,dpaa" },
	/* The hypervisor reads packets at their physical addresses. */
	{ "the bus vmbus", RTE_IOVA_PA, .bus = "vmbus", .files = "/sys/bus/vmbus/drivers/uio_hv_generic/*-*" },
	/* Its kernel driver creates the nodes only for an IOMMU that is off or does not translate. */
	{ "net_nbl", RTE_IOVA_PA, .files = "/dev/nbl_userdev/*" },
	{ "baseband_la12xx", RTE_IOVA_PA, .bus = "vdev", .device = "baseband_la12xx" },
	{ "crypto_caam_jr", RTE_IOVA_PA, .bus = "vdev", .device = "crypto_caam_jr" },
	{ "crypto_ionic", RTE_IOVA_PA, .bus = "vdev", .device = "crypto_ionic" },
	{ "crypto_mvsam", RTE_IOVA_PA, .bus = "vdev", .device = "crypto_mvsam" },
	{ "net_enetfec", RTE_IOVA_PA, .bus = "vdev", .device = "net_enetfec" },
	{ "net_ionic", RTE_IOVA_PA, .bus = "vdev", .device = "net_ionic" },
	{ "net_mvneta", RTE_IOVA_PA, .bus = "vdev", .device = "net_mvneta" },
	{ "net_mvpp2", RTE_IOVA_PA, .bus = "vdev", .device = "net_mvpp2" },
	{ "net_mvpp2", RTE_IOVA_PA, .bus = "vdev", .device = "eth_mvpp2" },
	{ "net_pfe", RTE_IOVA_PA, .bus = "vdev", .device = "net_pfe" },
};

static bool
has_device(const struct neighbour *neighbour)
{
	struct rte_dev_iterator it;
	struct rte_device *dev;
	char filter[64];

	snprintf(filter, sizeof(filter), "bus=%s", neighbour->bus);
	RTE_DEV_FOREACH(dev, filter, &it)
		if (strncmp(rte_dev_name(dev), neighbour->device, strlen(neighbour->device)) == 0)
			return true;
	return false;
}

static bool
has_files(const struct neighbour *neighbour)
{
	const char *const folder = neighbour->folder == NULL ? NULL : getenv(neighbour->folder);
	char pattern[PATH_MAX];
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s%s", folder == NULL ? "" : folder,
		 folder == NULL ? neighbour->files : strrchr(neighbour->files, '/'));
	if (glob(pattern, GLOB_BRACE, NULL, &files) != 0)
		return false;
	globfree(&files);
	return true;
}

static bool
is_there(const struct neighbour *neighbour)
{
	return (neighbour->bus == NULL || rte_bus_find_by_name(neighbour->bus) != NULL) &&
	       (neighbour->device == NULL || has_device(neighbour)) &&
	       (neighbour->files == NULL || has_files(neighbour));
}

/* The first neighbour that cannot use IOVAs of this mode; NULL: none. */
static const struct neighbour *
find_other(enum rte_iova_mode mode)
{
	for (unsigned int i = 0; i < RTE_DIM(neighbours); i++)
		if (neighbours[i].needs != mode && is_there(&neighbours[i]))
			return &neighbours[i];
	return NULL;
}

bool
neighbours_are_there(void)
{
	return find_other(RTE_IOVA_DC) != NULL;
}

bool
neighbours_keep_out(void)
{
	const struct neighbour *const other = find_other(RTE_IOVA_VA);

	if (other == NULL)
		return false;
	BUS_IOAS_LOG(WARNING, "%s takes IOVAs for physical addresses: DPDK continues without the plugin: start "
		     "without %s to have kernel-chosen IOVAs", other->name, other->name);
	return true;
}

enum rte_iova_mode
neighbours_mode(void)
{
	const struct neighbour *const other = find_other(RTE_IOVA_PA);

	if (other == NULL)
		return RTE_IOVA_PA;
	BUS_IOAS_LOG(INFO, "%s takes IOVAs for addresses: they are equal to addresses for all devices",
		     other->name);
	return RTE_IOVA_VA;
}

/* No neighbour can use chosen IOVAs. */
int
neighbours_check(void)
{
	const struct neighbour *const other = find_other(rte_eal_iova_mode() == RTE_IOVA_VA ? RTE_IOVA_VA
											   : RTE_IOVA_DC);

	if (other == NULL)
		return 0;
	if (other->needs == RTE_IOVA_VA)
		BUS_IOAS_LOG(ERR, "%s takes IOVAs for addresses, which chosen ones are not: start without it, or "
			     "with iova=va and without --iova-mode=pa (where this is a secondary process, the "
			     "primary)", other->name);
	else
		BUS_IOAS_LOG(ERR, "%s takes IOVAs for physical addresses, which they are not: start without it, "
			     "or without the plugin", other->name);
	return -1;
}

static bool
refuse(const char *what)
{
	BUS_IOAS_LOG(ERR, "%s: refused: no IOMMU translates for it, and it would take the IOVAs of this "
		     "process for physical addresses of any memory: leave it out (-b), or use it in a process "
		     "without the plugin", what);
	rte_errno = EPERM;
	return true;
}

bool
neighbours_refuse_device(const char *sysfs_base, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", sysfs_base, name);
	return ioas_device_is_untranslated(path) && refuse(name);
}

bool
neighbours_refuse_group(int group)
{
	char text[64];
	glob_t devices;
	bool refused = false;

	snprintf(text, sizeof(text), "/sys/kernel/iommu_groups/%d/devices/*", group);
	if (glob(text, 0, NULL, &devices) == 0) {
		for (size_t i = 0; i < devices.gl_pathc && !refused; i++)
			refused = ioas_device_is_untranslated(devices.gl_pathv[i]);
		globfree(&devices);
	}
	snprintf(text, sizeof(text), "IOMMU group %d", group);
	return refused && refuse(text);
}
