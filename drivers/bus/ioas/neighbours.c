/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * What is beside our devices and takes IOVAs without an IOMMU that translates them.
 *
 * EAL has one IOVA mode for all. A device that takes chosen IOVAs, or addresses, for physical ones
 * reads and writes memory of other programs. The PCI bus keeps such devices out itself if it is told
 * that they are there, but with them all others (rte_vfio_noiommu_is_enabled); so each is refused here.
 */

#include <glob.h>
#include <limits.h>
#include <stdio.h>

#include <rte_errno.h>

#include "ioas_bus.h"

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
