/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The plugin has a space without a device. EAL will choose an IOVA mode. The first seam that is called
 * afterwards shows whether it is the mode that the plugin needs. The wait ends there, and the next role
 * handles the seam.
 */

#include <rte_eal.h>

#include "policy.h"
#include "role.h"
#include "role_owner.h"
#include "role_starting.h"
#include "role_stock.h"
#include "spaces.h"
#include "wait.h"

static const struct role *
end_wait(void)
{
	if (wait_fits(rte_eal_iova_mode())) {
		role_start();
	} else {
		role_stand_aside();
		wait_give_up();
	}
	return role();
}

static int
iopl_init(void)
{
	return end_wait()->iopl_init();
}

static int
probe(void)
{
	return end_wait()->probe();
}

static rte_iova_t
iova(const void *va, rte_iova_t (*original)(const void *va))
{
	return end_wait()->iova(va, original);
}

static int
setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	return end_wait()->setup(sysfs_base, name, fd, info);
}

static int
get_group_fd(int group)
{
	return end_wait()->get_group_fd(group);
}

static int
enable_vfio(const char *modname)
{
	return end_wait()->enable_vfio(modname);
}

static int
vfio_is_enabled(const char *modname)
{
	return end_wait()->vfio_is_enabled(modname);
}

static int
noiommu_is_enabled(void)
{
	return end_wait()->noiommu_is_enabled();
}

const struct role role_waiting = {
	.scan = stock_scan,
	.mode = policy_mode,
	.using_phys_addrs = starting_using_phys_addrs,
	.iopl_init = iopl_init,
	.probe = probe,
	.iova = iova,
	.check_mask = policy_note_mask,
	.setup = setup,
	.release = owner_release,
	.get_group_fd = get_group_fd,
	.enable_vfio = enable_vfio,
	.vfio_is_enabled = vfio_is_enabled,
	.noiommu_is_enabled = noiommu_is_enabled,
	.map = owner_map,
	.unmap = owner_unmap,
	.aim = spaces_aim,
	.unregister = stock_unregister,
};
