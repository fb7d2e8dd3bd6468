/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Properties of single backends, and the choice between them. */

#include <stdio.h>
#include <string.h>

#include <linux/vfio.h>

#include "unit.h"

#define NIC2 "0000:00:03.0"

static char infos[8][700];
static unsigned int n_infos;

static void
take_info(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level == IOAS_LOG_INFO && n_infos < 8)
		snprintf(infos[n_infos++], sizeof(infos[0]), "%s", line);
}

/* Creates a space with that backend, and collects the log lines about the choice. */
static int
create(const char *backend)
{
	struct ioas_options options = unit_options();

	options.backend = backend;
	options.log = take_info;
	n_infos = 0;
	return ioas_create(&options, &space);
}

static const char *
backend_name(void)
{
	struct ioas_info info;

	ioas_get_info(space, &info);
	return info.backend;
}

static void
auto_takes_iommufd(void)
{
	CU_ASSERT_EQUAL_FATAL(create("auto"), 0);
	CU_ASSERT_STRING_EQUAL(backend_name(), "iommufd");
	CU_ASSERT_EQUAL(n_infos, 0);
}

static void
auto_falls_back(void)
{
	model.iommu_error = -ENOENT;
	CU_ASSERT_EQUAL_FATAL(create(NULL), 0);
	CU_ASSERT_STRING_EQUAL(backend_name(), "type1");
	CU_ASSERT_EQUAL_FATAL(n_infos, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(infos[0], "iommufd cannot be used: /dev/iommu does not exist"));
	CU_ASSERT_PTR_NOT_NULL(strstr(infos[1], "spapr cannot be used: "));
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
}

static void
auto_finds_none(void)
{
	struct ioas_options options = unit_options();

	options.backend = "auto";
	model.iommu_error = -ENOENT;
	model.container_error = -EACCES;
	CU_ASSERT_EQUAL(ioas_create(&options, &space), -ENOENT);
	/* One line for each backend. */
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), 3);
	CU_ASSERT_TRUE(unit_logged("iommufd cannot be used: /dev/iommu does"));
	CU_ASSERT_EQUAL(model_open_files(), 0);
	CU_ASSERT_EQUAL(ioas_create(&options, &space), -ENOENT);
	CU_ASSERT_TRUE(unit_logged("type1 cannot be used: no permission to open /dev/vfio/vfio"));
}

static void
forced(void)
{
	struct ioas_options options = unit_options();

	CU_ASSERT_EQUAL_FATAL(create("type1"), 0);
	CU_ASSERT_STRING_EQUAL(backend_name(), "type1");
	CU_ASSERT_EQUAL(n_infos, 0);
	ioas_destroy(space);
	space = NULL;
	model.iommu_error = -ENOENT;
	options.backend = "iommufd";
	REFUSED(ioas_create(&options, &space), -ENOENT, "/dev/iommu does not exist");
}

static void
versions(void)
{
	struct ioas_options options = unit_options();

	options.backend = "type1";
	model.type1_version = 0;
	REFUSED(ioas_create(&options, &space), -EOPNOTSUPP,
		"no type1 IOMMU|modprobe vfio_iommu_type1|CONFIG_VFIO_IOMMU_TYPE1");
	model.type1_version = 1;
	CU_ASSERT_EQUAL_FATAL(create("type1"), 0);
	CU_ASSERT_EQUAL_FATAL(n_infos, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(infos[0], "version 1 is used"));
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), unit_map(0, MIB(2))));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
}

static void
emulated(void)
{
	model.emulated = true;
	CU_ASSERT_EQUAL_FATAL(create("type1"), 0);
	CU_ASSERT_EQUAL_FATAL(n_infos, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(infos[0], "iommufd's emulation"));
}

static void
create_type1(bool attach)
{
	struct ioas_options options = unit_options();

	options.backend = "type1";
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &space), 0);
	if (attach)
		CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, NULL, &nic), 0);
}

/* Both devices of a group are opened through one descriptor of it. */
static void
one_group(void)
{
	struct ioas_device *second;
	uint64_t iova;

	model_device_join(model_device_add(NIC2, &model_intel39), nic_model);
	create_type1(true);
	CU_ASSERT_EQUAL(model_open_files(), 3);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC2, NULL, &second), 0);
	CU_ASSERT_EQUAL(model_open_files(), 4);
	iova = unit_map(0, MIB(2));
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_open_files(), 3);
	CU_ASSERT_EQUAL(model_areas(), 1);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
	ioas_detach(second);
	CU_ASSERT_EQUAL(model_open_files(), 1);
}

static void
several_groups(void)
{
	struct ioas_device *second;
	struct model_device *second_model = model_device_add(NIC2, &model_smmuv3);
	uint64_t iova;

	create_type1(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_attach(space, NIC2, NULL, &second), 0);
	CU_ASSERT_EQUAL(model_translate(second_model, iova), BASE);
	CU_ASSERT_EQUAL(ioas_ranges(space, NULL, 0), 3);
	/* No map is lost when one group leaves, whichever it is. */
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_areas(), 1);
	CU_ASSERT_EQUAL(model_translate(second_model, iova), BASE);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	ioas_detach(second);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
}

static void
not_viable(void)
{
	create_type1(false);
	nic_model->holder = MODEL_HELD_BY_NEIGHBOUR;
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EPERM,
		NIC "|group 0 is not viable|iommu_group/devices|vfio-pci");
}

static void
entries_run_out(void)
{
	model.dma_entry_limit = 3;
	create_type1(false);
	CU_ASSERT_EQUAL(ioas_room(space), UINT64_MAX);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, NULL, &nic), 0);
	for (uint64_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(ioas_room(space), 3 - i);
		unit_map(i * MIB(4), MIB(2));
	}
	CU_ASSERT_EQUAL(ioas_room(space), 0);
	REFUSED(ioas_map(space, VA(GIB(1)), MIB(2), NULL), -ENOSPC,
		"no more maps than the 3 that there are|vfio_iommu_type1.dma_entry_limit");
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	unit_map(GIB(1), MIB(2));
}

/* Maps come back with the first group, also if it finds the container unchanged because the program keeps the
 * device of the last group open. */
static void
maps_come_back(void)
{
	struct model_device *second_model = model_device_add(NIC2, &model_intel39);
	struct ioas_device *second;
	uint64_t iova;

	create_type1(true);
	iova = unit_map(0, MIB(2));
	model_device_hold(nic_model, true);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_areas(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, NIC "|in use");
	unit_map(MIB(8), MIB(2));
	/* A failed attach gives no access to the device that stays open either. */
	model_fail(1, 1u << MODEL_DEVICE_FD, -EIO);
	REFUSED(ioas_attach(space, NIC2, NULL, &second), -EIO, NIC2 "|cannot attach");
	CU_ASSERT_EQUAL(model_translate(nic_model, iova), UINT64_MAX);
	CU_ASSERT_EQUAL(model_areas(), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC2, NULL, &second), 0);
	CU_ASSERT_EQUAL(model_areas(), 2);
	CU_ASSERT_EQUAL(model_translate(second_model, iova), BASE);
	model_device_hold(nic_model, false);
	CU_ASSERT_EQUAL(model_areas(), 2);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
}

/* Kernels before 5.4 report no ranges: sysfs has the reserved regions. */
static void
ranges_from_sysfs(void)
{
	struct ioas_range ranges[4] = { 0 };
	struct ioas_device *second;

	model_device_add(NIC2, &model_smmuv3);
	model.no_info_caps = true;
	create_type1(true);
	/* They do not report the remaining maps either. */
	CU_ASSERT_EQUAL(ioas_room(space), UINT64_MAX);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 4), 2);
	CU_ASSERT_EQUAL(ranges[0].first, 0);
	CU_ASSERT_EQUAL(ranges[0].last, 0xfedfffff);
	CU_ASSERT_EQUAL(ranges[1].first, 0xfef00000);
	CU_ASSERT_EQUAL(ranges[1].last, GIB(512) - 1);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC2, NULL, &second), 0);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 4), 3);
	CU_ASSERT_EQUAL(ranges[1].first, 0x8100000);
	/* The same in the other order of devices. */
	ioas_detach(nic);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 4), 3);
	CU_ASSERT_EQUAL(ranges[0].last, 0x7ffffff);
	CU_ASSERT_EQUAL(ranges[1].first, 0x8100000);
	CU_ASSERT_EQUAL(ranges[1].last, 0xfedfffff);
	CU_ASSERT_EQUAL(ranges[2].first, 0xfef00000);
	CU_ASSERT_EQUAL(ranges[2].last, GIB(512) - 1);
	for (uint64_t i = 0; i < 100; i++)
		unit_map(i * GIB(1), MIB(512));
}

/* Reserved regions that touch or overlap have no range between them, not even an empty one. */
static void
touching_regions(void)
{
	static const struct model_iommu touching = {
		.name = "touching",
		.aperture = { 0, GIB(512) - 1 },
		.reserved = { { MIB(1), MIB(2) - 1 }, { MIB(2), MIB(3) - 1 }, { MIB(2) + PAGE, MIB(4) - 1 },
			      { MIB(3), MIB(3) + PAGE - 1 } },
		.n_reserved = 4,
		.page = PAGE,
	};
	struct ioas_range ranges[4] = { 0 };

	nic_model = model_device_add(NIC2, &touching);
	model.no_info_caps = true;
	create_type1(false);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC2, NULL, &nic), 0);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 4), 2);
	CU_ASSERT_EQUAL(ranges[0].first, 0);
	CU_ASSERT_EQUAL(ranges[0].last, MIB(1) - 1);
	CU_ASSERT_EQUAL(ranges[1].first, MIB(4));
	CU_ASSERT_EQUAL(ranges[1].last, GIB(512) - 1);
}

/* A kernel that unmaps nothing, and reports that. */
static int
unmap_nothing(int fd, unsigned long request, void *arg)
{
	if (request != VFIO_IOMMU_UNMAP_DMA)
		return unit_model->ioctl(fd, request, arg);
	((struct vfio_iommu_type1_dma_unmap *)arg)->size = 0;
	return 0;
}

/* A kernel with pages of 64 KiB. */
static int
large_pages(int fd, unsigned long request, void *arg)
{
	const int ret = unit_model->ioctl(fd, request, arg);

	if (request == VFIO_IOMMU_GET_INFO)
		((struct vfio_iommu_type1_info *)arg)->iova_pgsizes = KIB(64) | MIB(512);
	return ret;
}

static void
page_sizes(void)
{
	struct ioas_info info;

	unit_change_sys()->ioctl = large_pages;
	create_type1(true);
	ioas_get_info(space, &info);
	CU_ASSERT_EQUAL(info.alignment, KIB(64));
	REFUSED(ioas_map(space, VA(0), PAGE, NULL), -EINVAL, "not aligned to 64 KiB");
}

/* An unmap of less than the area has failed: the IOVAs are not chosen again. */
static void
short_unmap(void)
{
	uint64_t iova;

	unit_change_sys()->ioctl = unmap_nothing;
	create_type1(true);
	iova = unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_TRUE(unit_logged("cannot unmap 2 MiB|the IOVAs are lost"));
	REFUSED(ioas_map_fixed(space, VA(GIB(1)), MIB(2), iova), -EINVAL, "reserved");
	CU_ASSERT_TRUE(unit_unmapped(0, MIB(2)));
}

/* A machine with POWER's IOMMU, and its first device. */
static void
create_spapr(bool attach)
{
	model_device_add("0001:00:00.0", &model_pseries);
	model_device_add("0002:00:00.0", &model_pseries);
	CU_ASSERT_EQUAL_FATAL(create("auto"), 0);
	CU_ASSERT_STRING_EQUAL(backend_name(), "spapr");
	CU_ASSERT_EQUAL_FATAL(n_infos, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(infos[0], "iommufd cannot translate for devices on POWER"));
	ioas_destroy(space);
	space = NULL;
	if (attach) {
		struct ioas_options options = unit_options();

		options.backend = "spapr";
		CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &space), 0);
		CU_ASSERT_EQUAL_FATAL(ioas_attach(space, "0001:00:00.0", NULL, &nic), 0);
	}
}

static void
power(void)
{
	struct ioas_options options = unit_options();

	create_spapr(false);
	options.backend = "type1";
	REFUSED(ioas_create(&options, &space), -EOPNOTSUPP, "no type1 IOMMU");
	options.backend = "iommufd";
	REFUSED(ioas_create(&options, &space), -EOPNOTSUPP, "on POWER|backend spapr");
	model.spapr = 0;
	options.backend = "spapr";
	REFUSED(ioas_create(&options, &space), -EOPNOTSUPP, "no sPAPR IOMMU|found on POWER");
}

/* A device that the program keeps open has no access after it was detached. */
static void
power_held(void)
{
	struct model_device *const device = model_device_add("0001:00:00.0", &model_pseries);
	struct ioas_options options = unit_options();
	uint64_t small, large;

	options.backend = "spapr";
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &space), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, "0001:00:00.0", NULL, &nic), 0);
	small = unit_map(0, MIB(512));
	large = unit_map(GIB(1), MIB(768));
	CU_ASSERT_EQUAL(model_translate(device, small), BASE);
	CU_ASSERT_EQUAL(model_translate(device, large), BASE + GIB(1));
	model_device_hold(device, true);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_translate(device, small), UINT64_MAX);
	CU_ASSERT_EQUAL(model_translate(device, large), UINT64_MAX);
	CU_ASSERT_EQUAL(model_areas(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	model_device_hold(device, false);
}

/* The default window first; then a window with pages as large as the memory's. */
static void
windows(void)
{
	struct ioas_range ranges[3];
	uint64_t iova;

	create_spapr(true);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 3), 1);
	CU_ASSERT_EQUAL(ranges[0].last, GIB(1) - 1);
	iova = unit_map(0, MIB(512));
	CU_ASSERT_TRUE(iova > 0 && iova + MIB(512) <= GIB(1));
	iova = unit_map(GIB(1), MIB(768));
	CU_ASSERT_EQUAL(iova, UINT64_C(1) << 59);
	CU_ASSERT_EQUAL(ioas_ranges(space, ranges, 3), 2);
	CU_ASSERT_EQUAL(ioas_lookup(ioas_table(space), VA(GIB(1) + 5)), iova + 5);
	/* Small pages do not fit there. */
	model.memory_page = PAGE;
	iova = unit_map(GIB(2), MIB(256));
	CU_ASSERT_TRUE(iova + MIB(256) <= GIB(1));
	model.memory_page = MIB(2);
	iova = unit_map(GIB(3) + KIB(64), KIB(64));
	CU_ASSERT_TRUE(iova + KIB(64) <= GIB(1));
	REFUSED(ioas_map_fixed(space, VA(GIB(4)), KIB(64), (UINT64_C(1) << 59) + GIB(1)), -EINVAL,
		"IOMMU's pages there are larger");
	model.memory_page = PAGE;
	REFUSED(ioas_map(space, VA(GIB(5)), MIB(512), NULL), -ENOSPC,
		"512 MiB|the 2 DMA windows|pages of 4 KiB|huge pages");
}

/* A platform whose further windows have pages of 64 KiB and more. */
static int
no_small_pages(int fd, unsigned long request, void *arg)
{
	const int ret = unit_model->ioctl(fd, request, arg);

	if (request == VFIO_IOMMU_SPAPR_TCE_GET_INFO)
		((struct vfio_iommu_spapr_tce_info *)arg)->ddw.pgsizes = KIB(64) | MIB(16);
	return ret;
}

/* Smaller pages of memory stay in the default window, the only one for them. */
static void
no_window_for_small_pages(void)
{
	unit_change_sys()->ioctl = no_small_pages;
	create_spapr(true);
	unit_map(0, MIB(512));
	model.memory_page = PAGE;
	REFUSED(ioas_map(space, VA(GIB(1)), MIB(768), NULL), -ENOSPC,
		"768 MiB|no room for pages of 4 KiB|there can be no further one");
	model.memory_page = KIB(64);
	CU_ASSERT_EQUAL(unit_map(GIB(1), MIB(768)), UINT64_C(1) << 59);
}

static void
no_window(void)
{
	create_spapr(true);
	unit_map(0, MIB(512));
	model.windows = 1;
	REFUSED(ioas_map(space, VA(GIB(1)), MIB(768), NULL), -ENODEV,
		"768 MiB|no further DMA window|No such device|less memory");
	model.windows = 2;
	unit_map(GIB(1), MIB(768));
}

/* The platform reports from the start that it has none. */
static void
one_window(void)
{
	model.windows = 1;
	create_spapr(true);
	unit_map(0, MIB(512));
	REFUSED(ioas_map(space, VA(GIB(1)), MIB(768), NULL), -ENOSPC, "the 1 DMA windows|there can be no further one");
}

/* Each group has its own container. After the last one left, all come back, including the windows. */
static void
power_groups(void)
{
	const struct model_device *second_model;
	struct ioas_device *second;
	uint64_t small, large;

	create_spapr(true);
	second_model = model_device_find("0002:00:00.0");
	small = unit_map(0, MIB(512));
	large = unit_map(GIB(1), MIB(768));
	CU_ASSERT_EQUAL(ioas_attach(space, "0002:00:00.0", NULL, &second), 0);
	CU_ASSERT_EQUAL(model_pinned(), MIB(1280));
	CU_ASSERT_EQUAL(model_translate(second_model, small + 1), BASE + 1);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_translate(second_model, small + 1), BASE + 1);
	CU_ASSERT_EQUAL(model_translate(second_model, large + 1), BASE + GIB(1) + 1);
	CU_ASSERT_EQUAL(ioas_attach(space, "0001:00:00.0", NULL, &nic), 0);
	ioas_detach(second);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_open_files(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, "0002:00:00.0", NULL, &second), 0);
	CU_ASSERT_EQUAL(model_translate(second_model, small + 1), BASE + 1);
	CU_ASSERT_EQUAL(model_translate(second_model, large + 1), BASE + GIB(1) + 1);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), GIB(2)), 2);
	CU_ASSERT_EQUAL(model_pinned(), 0);
}

/* Devices of one group share its container, which ends with the last of them. */
static void
power_one_group(void)
{
	struct ioas_device *second;

	create_spapr(true);
	model_device_join(model_device_find("0002:00:00.0"), model_device_find("0001:00:00.0"));
	CU_ASSERT_EQUAL(ioas_attach(space, "0002:00:00.0", NULL, &second), 0);
	unit_map(0, MIB(2));
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
	ioas_detach(second);
	model_fail(1, 1u << MODEL_DEVICE_FD, -EIO);
	REFUSED(ioas_attach(space, "0002:00:00.0", NULL, &second), -EIO, "0002:00:00.0|cannot attach");
	CU_ASSERT_EQUAL(ioas_attach(space, "0002:00:00.0", NULL, &second), 0);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
	ioas_detach(second);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(model_open_files(), 0);
}

/* Memory is registered once for any number of maps, and in pieces if maps overlap. */
static void
registered_once(void)
{
	create_spapr(true);
	unit_map(MIB(2), MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), MIB(2), MIB(64)), 0);
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(1)), MIB(4), MIB(96)), 0);
	CU_ASSERT_EQUAL(model_pinned(), MIB(4));
	CU_ASSERT_EQUAL(ioas_unmap_iova(space, MIB(96), MIB(4)), 1);
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(2)), MIB(2)), 2);
	CU_ASSERT_EQUAL(model_pinned(), 0);
}

/* The second of two pieces cannot be registered: the first is released, and the piece between them does not
 * count one area more. */
static void
registered_in_part(void)
{
	create_spapr(true);
	unit_map(MIB(2), MIB(2));
	model_fail(2, 1u << MODEL_REGISTER, -EIO);
	REFUSED(ioas_map_fixed(space, VA(0), MIB(6), MIB(64)), -EIO, "cannot map 6 MiB");
	CU_ASSERT_EQUAL(model.failed, MODEL_REGISTER);
	model_fail(0, 0, 0);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(MIB(2)), MIB(2)), 1);
	CU_ASSERT_EQUAL(model_pinned(), 0);
}

/* Memory that the kernel did not unmap stays registered. */
static void
registered_if_mapped(void)
{
	create_spapr(true);
	unit_map(0, MIB(2));
	model_forget();
	model_fail(1, 1u << MODEL_UNMAP, -EIO);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	CU_ASSERT_TRUE(unit_logged("cannot unmap 2 MiB|the IOVAs are lost"));
	/* The kernel is not even asked to release it. */
	CU_ASSERT_EQUAL(model_total_calls(), 1);
	CU_ASSERT_EQUAL(model_pinned(), MIB(2));
}

/* Each call that creates a window or registers memory fails once: nothing is left behind. */
static void
power_failures(void)
{
	struct ioas_device *second;
	unsigned int n = 0;
	int ret;

	create_spapr(true);
	unit_map(0, MIB(512));
	unit_map(GIB(1), MIB(768));
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(256)), MIB(128), MIB(64)), 0);
	ioas_detach(nic);
	nic = NULL;
	do {
		model_fail(++n, 0, -EIO);
		ret = ioas_attach(space, "0002:00:00.0", NULL, &second);
		if (ret < 0) {
			CU_ASSERT_EQUAL(ret, -EIO);
			CU_ASSERT_EQUAL(model_open_files(), 0);
			CU_ASSERT_EQUAL(model_pinned(), 0);
		}
	} while (ret < 0);
	CU_ASSERT_TRUE(n > 10);
	model_fail(0, 0, 0);
	CU_ASSERT_EQUAL(model_areas(), 3);
}

UNIT_MAIN("backends",
	  { "auto takes iommufd", auto_takes_iommufd },
	  { "auto falls back", auto_falls_back },
	  { "auto finds none", auto_finds_none },
	  { "a forced one", forced },
	  { "type1: versions", versions },
	  { "type1: an iommufd in disguise", emulated },
	  { "type1: two devices of a group", one_group },
	  { "type1: several groups", several_groups },
	  { "type1: a group that is not viable", not_viable },
	  { "type1: DMA entries run out", entries_run_out },
	  { "type1: maps come back", maps_come_back },
	  { "type1: ranges from sysfs", ranges_from_sysfs },
	  { "type1: reserved regions that touch", touching_regions },
	  { "type1: a short unmap", short_unmap },
	  { "type1: page sizes", page_sizes },
	  { "spapr: on POWER, and nowhere else", power },
	  { "spapr: a device that stays open", power_held },
	  { "spapr: windows", windows },
	  { "spapr: no further window", no_window },
	  { "spapr: one window", one_window },
	  { "spapr: no further window for small pages", no_window_for_small_pages },
	  { "spapr: several groups", power_groups },
	  { "spapr: one group", power_one_group },
	  { "spapr: memory is registered once", registered_once },
	  { "spapr: memory is registered in part", registered_in_part },
	  { "spapr: memory that stays mapped", registered_if_mapped },
	  { "spapr: each call fails", power_failures })
