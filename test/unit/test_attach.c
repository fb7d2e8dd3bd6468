/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

static void
by_name_and_path(void)
{
	char path[256];

	unit_create(true);
	CU_ASSERT_STRING_EQUAL(ioas_device_name(nic), NIC);
	CU_ASSERT_TRUE(ioas_device_fd(nic) >= 0);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, NIC), nic);
	CU_ASSERT_PTR_NULL(ioas_device_find(space, "0000:00:02.1"));
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EEXIST, NIC "|attached already");
	ioas_detach(nic);
	CU_ASSERT_PTR_NULL(ioas_device_find(space, NIC));
	CU_ASSERT_EQUAL(model_attached(), 0);
	CU_ASSERT_EQUAL(model_open_files(), 1);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", ioas_sys->sysfs, NIC);
	CU_ASSERT_EQUAL(ioas_attach(space, path, NULL, &nic), 0);
	CU_ASSERT_STRING_EQUAL(ioas_device_name(nic), NIC);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, path), nic);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, NIC), nic);
}

/* A link to a device's folder. All such links have the same name. */
static const char *
link_to(const char *device, const char *folder)
{
	static char links[2][256];
	static unsigned int turn;
	char *const path = links[turn++ % 2];
	char target[256];

	snprintf(target, sizeof(target), "%s/devices/pci0000:00/%s", ioas_sys->sysfs, device);
	snprintf(path, sizeof(links[0]), "%s/class/vfio-dev/%s/device", ioas_sys->sysfs, folder);
	CU_ASSERT_EQUAL_FATAL(symlink(target, path), 0);
	return path;
}

/* A device has one name, whatever path is used for it. */
static void
by_link(void)
{
	struct ioas_device *second, *again;
	const char *first_link, *second_link;
	char path[256];

	unit_add_device("0000:00:03.0", &model_intel39);
	first_link = link_to(NIC, "vfio0");
	second_link = link_to("0000:00:03.0", "vfio1");
	unit_create(false);
	CU_ASSERT_TRUE(ioas_device_is_usable(first_link));
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, first_link, NULL, &nic), 0);
	CU_ASSERT_STRING_EQUAL(ioas_device_name(nic), NIC);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, NIC), nic);
	CU_ASSERT_PTR_NULL(ioas_device_find(space, second_link));
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, second_link, NULL, &second), 0);
	CU_ASSERT_STRING_EQUAL(ioas_device_name(second), "0000:00:03.0");
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, first_link), nic);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, second_link), second);
	REFUSED(ioas_attach(space, NIC, NULL, &again), -EEXIST, NIC "|attached already");
	REFUSED(ioas_attach(space, first_link, NULL, &again), -EEXIST, NIC "|attached already");
	snprintf(path, sizeof(path), "%s/bus/pci/devices//%s/", ioas_sys->sysfs, NIC);
	CU_ASSERT_TRUE(ioas_device_is_usable(path));
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, path), nic);
	REFUSED(ioas_attach(space, path, NULL, &again), -EEXIST, NIC "|attached already");
	/* Removed from its slot: */
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", ioas_sys->sysfs, NIC);
	CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
	CU_ASSERT_PTR_EQUAL(ioas_device_find(space, path), nic);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/nothing/", ioas_sys->sysfs);
	CU_ASSERT_FALSE(ioas_device_is_usable(path));
	CU_ASSERT_PTR_NULL(ioas_device_find(space, path));
	REFUSED(ioas_attach(space, path, NULL, &again), -ENODEV, "nothing/: no such device");
}

static void
info(void)
{
	struct vfio_device_info got = { .argsz = sizeof(got) };

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_device_info(nic, &got), 0);
	CU_ASSERT_EQUAL(got.num_regions, VFIO_PCI_NUM_REGIONS);
	got.argsz = 4;
	CU_ASSERT_EQUAL(ioas_device_info(nic, &got), -EINVAL);
}

static void
several_devices(void)
{
	struct ioas_device *second, *third;
	struct ioas_info got;
	uint64_t iova;

	unit_add_device("0000:00:03.0", &model_intel39);
	unit_add_device("0000:00:04.0", &model_smmuv3);
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:03.0", NULL, &second), 0);
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 0), 2);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:04.0", NULL, &third), 0);
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 0), 3);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
	ioas_detach(second);
	ioas_get_info(space, &got);
	CU_ASSERT_EQUAL(got.devices, 2);
	ioas_detach(third);
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 0), 2);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
}

/* Memory survives a detach, and a device that comes back can access it. */
static void
again(void)
{
	uint64_t iova;

	unit_create(true);
	iova = unit_map(0, MIB(8));
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(model_areas(), unit_kernel_areas(1));
	CU_ASSERT_TRUE(unit_translates(0, MIB(8), iova));
	for (uint64_t i = 1; i < 200; i++)
		unit_map(i * GIB(1), MIB(512));
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(8), iova));
	CU_ASSERT_EQUAL(model_pinned(), MIB(8) + 199 * MIB(512));
}

/* The allowed list of the last map would make the attach fail, although nothing is mapped there any more. */
static void
allowed_list(void)
{
	struct ioas_device *second;

	unit_add_device("0000:00:03.0", &model_smmuv3);
	unit_create_window(0x8000000, 0x80fffff);
	CU_ASSERT_EQUAL(unit_map(0, PAGE) & ~UINT64_C(0xfffff), 0x8000000);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), PAGE), 1);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:03.0", NULL, &second), 0);
	REFUSED(ioas_map(space, VA(0), PAGE, NULL), -ENOSPC, "no free range");
}

static void
hot(void)
{
	struct ioas_device *second;
	uint64_t iova, later;

	unit_add_device("0000:00:03.0", &model_smmuv3);
	unit_create(true);
	iova = unit_map(0, MIB(2));
	later = unit_map(MIB(8), KIB(12));
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:03.0", NULL, &second), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	CU_ASSERT_TRUE(unit_translates(MIB(8), KIB(12), later));
	for (uint64_t i = 0; i < 200; i++) {
		iova = unit_map(GIB(1) + i * MIB(4), MIB(2));
		CU_ASSERT_TRUE(iova + MIB(2) <= 0x8000000 || iova >= 0x8100000);
	}
}

static void
hot_fails(void)
{
	struct ioas_device *second;

	unit_add_device("0000:00:03.0", &model_smmuv3);
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(0), PAGE, 0x80ff000), 0);
	unit_map(MIB(2), MIB(2));
	REFUSED(ioas_attach(space, "0000:00:03.0", NULL, &second), -EADDRINUSE,
		"0000:00:03.0|reserves IOVAs|before memory is mapped");
	unit_map(MIB(4), MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), PAGE), 1);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:03.0", NULL, &second), 0);
}

/* A device with a smaller aperture comes: a reservation above it gets another place. */
static void
smaller_aperture(void)
{
	struct ioas_device *second;
	uint64_t iova;

	unit_add_device("0000:00:03.0", &model_intel39);
	nic_model->iommu = &model_intel48;
	unit_create(true);
	CU_ASSERT_EQUAL(ioas_reserve(space, VA(0), GIB(1024)), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, "0000:00:03.0", NULL, &second), 0);
	for (uint64_t i = 0; i < 8; i++) {
		iova = unit_map(i * GIB(128), MIB(2));
		CU_ASSERT_TRUE(iova != 0 && iova + MIB(2) <= GIB(512));
	}
}

/* Attaches through an explicit hardware page table. */
static void
hwpt(void)
{
	struct ioas_attach_options options = { .size = sizeof(options), .hwpt = true };

	unit_create(false);
	if (!unit_backend_is("iommufd")) {
		REFUSED(ioas_attach(space, NIC, &options, &nic), -EOPNOTSUPP,
			NIC "|hardware page table|iommufd|character device");
		return;
	}
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, &options, &nic), 0);
	CU_ASSERT_NOT_EQUAL(nic_model->hwpt, 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), unit_map(0, MIB(2))));
	CU_ASSERT_EQUAL(model_hwpts(), 1);
	CU_ASSERT_EQUAL(model.calls[MODEL_DESTROY], 0);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_hwpts(), 0);
	options.hwpt_flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	REFUSED(ioas_attach(space, NIC, &options, &nic), -EOPNOTSUPP,
		NIC "|hardware page table with flags 0x2|leave flags out");
	model.hwpt_flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	for (unsigned int i = 1; i <= 3; i++) {
		model_fail(i, 1u << MODEL_BIND | 1u << MODEL_HWPT_ALLOC | 1u << MODEL_ATTACH, -ENOMEM);
		REFUSED(ioas_attach(space, NIC, &options, &nic), -ENOMEM, NIC "|cannot attach");
	}
	model_fail(0, 0, 0);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, &options, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), ioas_lookup(ioas_table(space), VA(0))));
}

static void
wrong_options(void)
{
	struct ioas_attach_options options = { .size = 4 };

	unit_create(false);
	REFUSED(ioas_attach(space, NIC, &options, &nic), -EINVAL, "ioas_attach_options.size is 4");
	options.size = sizeof(options);
	options.hwpt_flags = 1;
	REFUSED(ioas_attach(space, NIC, &options, &nic), -EINVAL, "hwpt_flags need hwpt");
}

/* A program that was compiled for an earlier release passes the size of that release. */
static void
older_options(void)
{
	struct ioas_attach_options options = {
		.size = offsetof(struct ioas_attach_options, vf_token),
		.vf_token = AT(1),
	};

	unit_create(false);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, &options, &nic), 0);
	ioas_detach(nic);
	options.size = sizeof(options) + 1;
	REFUSED(ioas_attach(space, NIC, &options, &nic), -EINVAL, "ioas_attach_options.size is|knows");
	options.size = offsetof(struct ioas_attach_options, vf_token) - 1;
	REFUSED(ioas_attach(space, NIC, &options, &nic), -EINVAL, "ioas_attach_options.size is|knows");
}

/* A virtual function whose physical function is bound to vfio-pci. */
static void
vf_token(void)
{
	static const unsigned char right[16] = {
		0x14, 0xd6, 0x3f, 0x20, 0x8f, 0xf0, 0x4f, 0x4d, 0xa0, 0x1c, 0xc3, 0x00, 0x07, 0x65, 0x1f, 0xee,
	};
	static const unsigned char wrong[16];
	struct ioas_attach_options options = { .size = sizeof(options), .vf_token = right };
	const bool cdev = unit_backend_is("iommufd");

	unit_create(false);
	/* A device that needs no token. */
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, &options, &nic), 0);
	ioas_detach(nic);
	nic_model->vf_token = "14d63f20-8ff0-4f4d-a01c-c30007651fee";
	model.cdev_tokens = true;
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EACCES, cdev
		? NIC "|VF token|--vfio-vf-token|backend type1" : NIC "|VF token|--vfio-vf-token");
	/* Character devices need none on older kernels. */
	model.cdev_tokens = false;
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, &options, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), unit_map(0, MIB(2))));
	ioas_detach(nic);
	options.vf_token = wrong;
	if (!cdev)
		REFUSED(ioas_attach(space, NIC, &options, &nic), -EACCES, NIC "|VF token");
}

static void
pasid(void)
{
	struct ioas_attach_options options = { .size = sizeof(options), .hwpt = true, .hwpt_flags = 1u << 3 };

	unit_create(true);
	REFUSED(ioas_attach_pasid(nic, 7), -EOPNOTSUPP, NIC "|PASID 7|Linux 6.15");
	ioas_detach_pasid(nic, 7);
	if (!unit_backend_is("iommufd"))
		return;
	model.pasid = true;
	model.hwpt_flags = options.hwpt_flags;
	/* Not through a page table that was not made for PASIDs. */
	REFUSED(ioas_attach_pasid(nic, 7), -EOPNOTSUPP, NIC "|PASID 7");
	ioas_detach(nic);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, &options, &nic), 0);
	REFUSED(ioas_attach_pasid(nic, 0), -EINVAL, NIC "|PASID 0");
	REFUSED(ioas_attach_pasid(nic, 1u << 20), -EINVAL, NIC "|PASID 1048576");
	CU_ASSERT_EQUAL(ioas_attach_pasid(nic, 7), 0);
	CU_ASSERT_EQUAL(nic_model->pasids, 1);
	CU_ASSERT_EQUAL(ioas_attach_pasid(nic, 7), 0);
	CU_ASSERT_EQUAL(nic_model->pasids, 1);
	ioas_detach_pasid(nic, 8);
	CU_ASSERT_EQUAL(nic_model->pasids, 1);
	ioas_detach_pasid(nic, 7);
	CU_ASSERT_EQUAL(nic_model->pasids, 0);
}

static void
features(void)
{
	const bool iommufd = unit_backend_is("iommufd");

	unit_create(true);
	CU_ASSERT_EQUAL(ioas_features(space), 0);
	model.map_file = true;
	model.dirty_tracking = true;
	CU_ASSERT_EQUAL(ioas_features(space),
			unit_backend_is("type1") ? 0
			: IOAS_FEATURE_MAP_FILE | IOAS_FEATURE_CHANGE_PROCESS |
				  (iommufd ? IOAS_FEATURE_DIRTY_TRACKING : 0));
	ioas_detach(nic);
	CU_ASSERT_EQUAL(ioas_features(space) & IOAS_FEATURE_DIRTY_TRACKING, 0);
}

UNIT_MAIN("attach",
	  { "by name and by path", by_name_and_path },
	  { "by a link", by_link },
	  { "info", info },
	  { "several devices", several_devices },
	  { "again", again },
	  { "hot, with an allowed list in the way", allowed_list },
	  { "hot, with memory mapped", hot },
	  { "hot, and it fails", hot_fails },
	  { "a smaller aperture", smaller_aperture },
	  { "through a HWPT", hwpt },
	  { "wrong options", wrong_options },
	  { "options of an earlier release", older_options },
	  { "VF token", vf_token },
	  { "PASID", pasid },
	  { "features", features })
