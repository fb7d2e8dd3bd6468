/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Each failure logs the request, the kernel's answer, and the remedy. */

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "sys.h"

static void
cannot_open(void)
{
	const struct ioas_options options = unit_options();
	const bool type1 = unit_backend_is("type1");
	int *const error = type1 ? &model.container_error : &model.iommu_error;

	*error = -ENOENT;
	REFUSED(ioas_create(&options, &space), -ENOENT,
		type1 ? "/dev/vfio/vfio does not exist|modprobe vfio-pci|CONFIG_VFIO_CONTAINER"
		      : "/dev/iommu does not exist|modprobe iommufd|CONFIG_IOMMUFD");
	*error = -EACCES;
	REFUSED(ioas_create(&options, &space), -EACCES,
		type1 ? "no permission|/dev/vfio/vfio|udev rule"
		      : "no permission|/dev/iommu|udev rule");
	*error = -EMFILE;
	REFUSED(ioas_create(&options, &space), -EMFILE,
		type1 ? "cannot open /dev/vfio/vfio|Too many open|ulimit -n"
		      : "cannot open /dev/iommu|Too many open|ulimit -n");
}

static void
wrong_options(void)
{
	struct ioas_options options = unit_options();

	options.backend = "vfio";
	REFUSED(ioas_create(&options, &space), -EINVAL, "no backend 'vfio'|use auto");
	options.backend = NULL;
	options.window = (struct ioas_range){ GIB(2), GIB(1) - 1 };
	REFUSED(ioas_create(&options, &space), -EINVAL, "0x80000000-0x3fffffff|whole 4 KiB pages");
	options.window = (struct ioas_range){ GIB(1), GIB(2) };
	REFUSED(ioas_create(&options, &space), -EINVAL, "whole 4 KiB pages");
	options.window = (struct ioas_range){ GIB(1) + 1, GIB(2) - 1 };
	REFUSED(ioas_create(&options, &space), -EINVAL, "whole 4 KiB pages");
	options.window = (struct ioas_range){ 0 };
	options.size = 8;
	REFUSED(ioas_create(&options, &space), -EINVAL, "ioas_options.size is 8");
}

static void
no_device(void)
{
	unit_create(false);
	REFUSED(ioas_attach(space, "0000:99:00.0", NULL, &nic), -ENODEV,
		"0000:99:00.0|no such device|dpdk-devbind.py");
	REFUSED(ioas_attach(space, "/sys/nowhere/0000:99:00.0", NULL, &nic), -ENODEV, "no such device");
	REFUSED(ioas_attach(space, "", NULL, &nic), -ENODEV, "no such device");
}

/* PCI addresses are short, but a folder of sysfs can have any name. */
static void
long_name(void)
{
	char folder[256], name[65];

	unit_create(false);
	for (unsigned int length = 63; length <= 64; length++) {
		memset(name, 'x', length);
		name[length] = 0;
		snprintf(folder, sizeof(folder), "%s/bus/pci/devices/%s", ioas_sys->sysfs, name);
		CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0777), 0);
		if (length == 63) {
			REFUSED(ioas_attach(space, folder, NULL, &nic), -ENODEV, "bound to no driver");
		} else {
			REFUSED(ioas_attach(space, folder, NULL, &nic), -ENAMETOOLONG,
				"cannot read|File name too long");
		}
		CU_ASSERT_FALSE(ioas_device_is_usable(folder));
	}
}

static void
wrong_driver(void)
{
	unit_create(false);
	model_device_driver(nic_model, "e1000e");
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -ENODEV,
		NIC "|bound to e1000e|dpdk-devbind.py -b vfio-pci " NIC);
	model_device_driver(nic_model, NULL);
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -ENODEV,
		NIC "|bound to no driver|dpdk-devbind.py -b vfio-pci " NIC);
}

static void
no_iommu(void)
{
	struct model_device *const other = model_device_add("0000:00:03.0", &model_intel39);

	unit_create(false);
	model_device_no_iommu(other);
	CU_ASSERT_TRUE(ioas_device_is_usable(NIC));
	CU_ASSERT_FALSE(ioas_device_is_usable("0000:00:03.0"));
	REFUSED(ioas_attach(space, "0000:00:03.0", NULL, &nic), -ENOENT,
		"0000:00:03.0|no IOMMU translates for it|intel_iommu=on");
	CU_ASSERT_FALSE(ioas_device_is_untranslated(NIC));
	CU_ASSERT_FALSE(ioas_device_is_untranslated("0000:00:03.0"));
	CU_ASSERT_FALSE(ioas_device_is_untranslated("0000:00:1f.0"));
}

/* VFIO offers the device nevertheless: by its group, since Linux 7.3 by a character device. */
static void
vfio_no_iommu(void)
{
	static const char *const names[] = { "0000:00:03.0", "0000:00:05.0" };
	char folder[128];

	unit_create(false);
	for (unsigned int i = 0; i < 2; i++) {
		model_device_vfio_no_iommu(model_device_add(names[i], &model_intel39), i == 1);
		CU_ASSERT_FALSE(ioas_device_is_usable(names[i]));
		CU_ASSERT_TRUE(ioas_device_is_untranslated(names[i]));
		snprintf(folder, sizeof(folder), "%s/bus/pci/devices/%s", ioas_sys->sysfs, names[i]);
		CU_ASSERT_TRUE(ioas_device_is_untranslated(folder));
		REFUSED(ioas_attach(space, names[i], NULL, &nic), -ENOENT, "no IOMMU translates for it");
	}
	CU_ASSERT_FALSE(ioas_device_is_untranslated(NIC));
	/* A folder that cannot be read. */
	snprintf(folder, sizeof(folder), "%s/bus/pci/devices/loop", ioas_sys->sysfs);
	CU_ASSERT_EQUAL(symlink("loop", folder), 0);
	CU_ASSERT_TRUE(ioas_device_is_untranslated("loop"));
}

static void
name_group(const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/" NIC "/iommu_group/name", ioas_sys->sysfs);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fprintf(file, "%s\n", name);
	fclose(file);
}

/* Groups can have names. Only groups that VFIO makes up without an IOMMU do not count. */
static void
made_up_group(void)
{
	if (!unit_backend_is("groups"))
		model_device_no_cdev(nic_model);
	unit_create(false);
	name_group("vfio-noiommu");
	CU_ASSERT_FALSE(ioas_device_is_usable(NIC));
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -ENOENT, NIC "|no IOMMU translates for it");
	name_group("vfio");
	CU_ASSERT_TRUE(ioas_device_is_usable(NIC));
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
}

static void
node_not_ours(void)
{
	char words[128];

	unit_create(false);
	nic_model->open_error = -EACCES;
	snprintf(words, sizeof(words), NIC "|no permission|%s|udev rule", unit_node());
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EACCES, words);
	nic_model->open_error = -EBUSY;
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, NIC "|in use|fuser");
	nic_model->open_error = -ENODEV;
	snprintf(words, sizeof(words), NIC "|cannot open %s", unit_node());
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -ENODEV, words);
	nic_model->open_error = -ENOENT;
	snprintf(words, sizeof(words), NIC "|%s does not exist|to the container", unit_node());
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -ENOENT, words);
	nic_model->open_error = -EMFILE;
	snprintf(words, sizeof(words), NIC "|cannot open %s|Too many open|ulimit -n", unit_node());
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EMFILE, words);
}

static void
held(void)
{
	const struct ioas_options options = unit_options();
	struct ioas *other;

	unit_create(false);
	nic_model->holder = MODEL_HELD_BY_GROUP;
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY,
		NIC "|is in use, by another process or elsewhere in this one|fuser -v /dev/vfio/");
	/* The kernel has other reasons for the same answer, which it logs. */
	nic_model->holder = MODEL_HELD_BY_CDEV;
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, unit_backend_is("iommufd")
		? NIC "|is in use, by another process or elsewhere in this one|fuser -v /dev/vfio/devices/vfio0|dmesg"
		: NIC "|is in use, by another process or elsewhere in this one|fuser -v /dev/vfio/0");
	nic_model->holder = MODEL_HELD_BY_NEIGHBOUR;
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EPERM, NIC "|to a kernel driver|vfio-pci");
	nic_model->holder = MODEL_HELD_BY_NOBODY;
	CU_ASSERT_EQUAL(ioas_create(&options, &other), 0);
	CU_ASSERT_EQUAL(ioas_attach(other, NIC, NULL, &nic), 0);
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, NIC "|or elsewhere in this one");
	ioas_destroy(other);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
}

/* No kernel gives the device to a program. */
static void
firmware_bound(void)
{
	struct model_device *const other = model_device_add("0000:00:03.0", &model_intel39);

	unit_create(true);
	model_device_demands(other, (struct ioas_range){ 0x7b800000, 0x7bffffff });
	REFUSED(ioas_attach(space, "0000:00:03.0", NULL, &nic), -EINVAL,
		"0000:00:03.0|demands that it reaches 0x7b800000-0x7bffffff|RMRR|dmesg");
	/* The same with mapped memory, for which a group's container returns the same error. */
	CU_ASSERT_EQUAL(ioas_map(space, VA(0), MIB(2), NULL), 0);
	REFUSED(ioas_attach(space, "0000:00:03.0", NULL, &nic), -EINVAL, "0000:00:03.0|RMRR");
}

/* The message names the limit of the process, and the need of the space. */
static void
memlock(void)
{
	struct rlimit before, now;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	now = before;
	now.rlim_cur = KIB(32);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_MEMLOCK, &now), 0);
	model.memlock = KIB(32);
	unit_create(true);
	unit_map(0, KIB(16));
	REFUSED(ioas_map(space, VA(MIB(2)), KIB(64), NULL), -ENOMEM,
		"64 KiB|RLIMIT_MEMLOCK is 32 KiB, 80 KiB is needed|ulimit -l");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), KIB(64), GIB(1)), -ENOMEM, "RLIMIT_MEMLOCK");
	unit_map(MIB(2), KIB(16));
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

/* The limit is large enough for this space, but others have used it up. */
static void
memlock_of_others(void)
{
	struct rlimit before, now;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	now = before;
	now.rlim_cur = KIB(32);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_MEMLOCK, &now), 0);
	model.memlock = KIB(4);
	unit_create(true);
	REFUSED(ioas_map(space, VA(0), KIB(8), NULL), -ENOMEM,
		"RLIMIT_MEMLOCK|used up by other processes");
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

static void
memlock_at_attach(void)
{
	model.memlock = MIB(1);
	unit_create(false);
	unit_map(0, MIB(2));
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -ENOMEM, NIC "|RLIMIT_MEMLOCK|ulimit -l");
	model.memlock = MIB(2);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
}

static void
not_memory(void)
{
	unit_create(true);
	model.bad = (struct ioas_range){ BASE + MIB(2), BASE + MIB(4) - 1 };
	REFUSED(ioas_map(space, VA(0), MIB(4), NULL), -EFAULT, "4 MiB|not readable and writable");
	REFUSED(ioas_map_fixed(space, VA(MIB(2)), PAGE, GIB(1)), -EFAULT, unit_backend_is("type1")
		? "not readable" : "not readable|device's registers|iommufd does not map|use backend type1");
	unit_map(0, MIB(2));
}

/* An error without a known cause. */
static void
other_failure(void)
{
	unit_create(true);
	model_fail(1, 1u << MODEL_MAP, -EIO);
	REFUSED(ioas_map(space, VA(0), MIB(2), NULL), -EIO, "cannot map 2 MiB at 0x100000000000: Input/output error");
	model_fail(1, 1u << MODEL_MAP, -EIO);
	REFUSED(ioas_map_fixed(space, VA(0), MIB(2), GIB(1)), -EIO, "Input/output error");
}

/* Every map, unmap, attach and detach logs one line of level DEBUG, and no other. */
static void
no_lines_without_errors(void)
{
	unit_create(true);
	CU_ASSERT_TRUE(unit_last_line(IOAS_LOG_DEBUG, NIC " (vfio-pci) attached through "));
	CU_ASSERT_TRUE(unit_last_line(IOAS_LOG_DEBUG,
				      unit_backend_is("iommufd") ? "/dev/vfio/devices/vfio0" : "its group"));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 1);
	unit_map(0, MIB(2));
	CU_ASSERT_TRUE(unit_last_line(IOAS_LOG_DEBUG, "mapped 2 MiB at 0x100000000000 to IOVA"));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 2);
	CU_ASSERT_EQUAL(ioas_map_fixed(space, VA(MIB(2)), PAGE, GIB(1)), 0);
	CU_ASSERT_TRUE(unit_last_line(IOAS_LOG_DEBUG,
				      "mapped 4 KiB at 0x100000200000 to IOVA 0x40000000 (fixed)"));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 3);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(4)), 2);
	CU_ASSERT_TRUE(unit_last_line(IOAS_LOG_DEBUG, "unmapped 4 KiB at 0x100000200000, IOVA 0x40000000"));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 5);
	CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(4)), 0);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 5);
	ioas_detach(nic);
	CU_ASSERT_TRUE(unit_last_line(IOAS_LOG_DEBUG, NIC " detached"));
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_DEBUG), 6);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_ERR), 0);
	CU_ASSERT_EQUAL(unit_lines(IOAS_LOG_WARNING), 0);
}

UNIT_MAIN("errors",
	  { "no kernel support, no permission", cannot_open },
	  { "wrong options", wrong_options },
	  { "no device", no_device },
	  { "a name that is too long", long_name },
	  { "not bound to vfio-pci", wrong_driver },
	  { "no IOMMU", no_iommu },
	  { "no IOMMU, but VFIO", vfio_no_iommu },
	  { "a group without an IOMMU", made_up_group },
	  { "its node cannot be opened", node_not_ours },
	  { "somebody else holds it", held },
	  { "the firmware holds it", firmware_bound },
	  { "RLIMIT_MEMLOCK", memlock },
	  { "RLIMIT_MEMLOCK used up by others", memlock_of_others },
	  { "RLIMIT_MEMLOCK at an attach", memlock_at_attach },
	  { "not memory", not_memory },
	  { "another failure", other_failure },
	  { "no lines without errors", no_lines_without_errors })
