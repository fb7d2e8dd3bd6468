/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * EAL must not start. rte_bus_scan() and rte_bus_probe() return an error. If the compiler has seen that EAL's
 * own functions only return 0 (Debian's DPDK 25.11), EAL continues nevertheless. Then no device may be probed
 * or come later: stock EAL would take the devices that the plugin could not.
 */

#include <rte_common.h>

#include "ioas_bus.h"
#include "role.h"
#include "role_refused.h"
#include "role_stock.h"

int
refused_probe(void)
{
	return -1;
}

int
refused_setup(const char *sysfs_base __rte_unused, const char *name, int *fd __rte_unused,
	      struct vfio_device_info *info __rte_unused)
{
	BUS_IOAS_LOG(ERR, "%s: not attached: the plugin failed to start: see its first error", name);
	return -1;
}

const struct role role_refused = {
	STOCK_SEAMS,
	.scan = stock_scan,
	.probe = refused_probe,
	.setup = refused_setup,
};
