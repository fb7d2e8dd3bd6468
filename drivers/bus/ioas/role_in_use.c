/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Shared by processes that own devices and by those that use devices of the primary process.
 */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "addresses.h"
#include "bind.h"
#include "devices.h"
#include "ioas_bus.h"
#include "load.h"
#include "lookup.h"
#include "neighbours.h"
#include "role_in_use.h"

/* A device of uio can be used through I/O ports without mapped registers (virtio's legacy interface). */
int
in_use_iopl_init(void)
{
	BUS_IOAS_LOG(ERR, "I/O ports are refused: a device of uio that is used through them takes IOVAs for "
		     "physical addresses: bind it to vfio-pci");
	return -1;
}

rte_iova_t
in_use_iova(const void *va, rte_iova_t (*find)(const void *va))
{
	rte_iova_t iova;

	/* A call that unmaps the application's memory must reach the plugin first. No lock is held here,
	 * because this waits for threads that load libraries, and their constructors may ask for IOVAs as
	 * well. */
	if (!address_is_eal((uintptr_t)va))
		seams_bind_late();
	iova = find(va);
	if (unlikely(iova == RTE_BAD_IOVA))
		lookup_note_miss();
	return iova;
}

int
in_use_setup_other(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	return neighbours_refuse_device(sysfs_base, name) ? -1 : stock_setup(sysfs_base, name, fd, info);
}

/* The VFIO of a secondary process's EAL makes this process open the group. */
int
in_use_get_group_fd(int group)
{
	char name[RTE_DEV_NAME_MAX_LEN];

	if (!devices_in_group(group, name))
		return neighbours_refuse_group(group) ? -1 : stock_get_group_fd(group);
	BUS_IOAS_LOG(ERR, "IOMMU group %d is the plugin's, because of %s: a secondary process that uses it "
		     "needs the plugin as well%s", group, name, bus_ioas_how_to_load());
	return -1;
}

bool
in_use_without_vfio(void)
{
	return faccessat(AT_FDCWD, "/dev/vfio/vfio", R_OK | W_OK, AT_EACCESS) != 0;
}

int
in_use_vfio_is_enabled(const char *modname)
{
	/* The PCI bus asks for vfio_pci before it calls rte_vfio_setup_device(). */
	return strcmp(modname, "vfio") != 0 ? 1 : stock_vfio_is_enabled(modname);
}

int
in_use_noiommu_is_enabled(void)
{
	return 0;
}
