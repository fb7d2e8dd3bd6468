/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Nodes that the caller has opened, and the library must not open. */

#include <fcntl.h>
#include <stdio.h>

#include "unit.h"
#include <linux/iommufd.h>

#define NIC2 "0000:00:03.0"

static int backend_fd, device_fd;

static const char *
backend_node(void)
{
	return unit_backend_is("type1") ? "/dev/vfio/vfio" : "/dev/iommu";
}

static int
create(const struct ioas_descriptor *descriptors, unsigned int n)
{
	struct ioas_options options = unit_options();

	options.descriptors = descriptors;
	options.n_descriptors = n;
	return ioas_create(&options, &space);
}

/* Opens both nodes, and prevents further opens. */
static void
open_both(void)
{
	backend_fd = ioas_sys->open(backend_node(), O_RDWR);
	device_fd = ioas_sys->open(unit_node(), O_RDWR);
	CU_ASSERT_TRUE_FATAL(backend_fd >= 0 && device_fd >= 0);
	model.iommu_error = model.container_error = -EACCES;
	nic_model->open_error = -EACCES;
}

static void
close_both(void)
{
	ioas_sys->close(device_fd);
	ioas_sys->close(backend_fd);
}

static void
use(const char *device_name)
{
	const struct ioas_descriptor given[] = {
		{ backend_node(), backend_fd },
		{ device_name, device_fd },
	};

	CU_ASSERT_EQUAL_FATAL(create(given, 2), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), unit_map(0, MIB(2))));
}

static void
handed_in(void)
{
	open_both();
	use(unit_node());
	/* The descriptors belong to the caller: a detached device can come back, */
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_attached(), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	ioas_destroy(space);
	space = NULL;
	/* and a destroyed space leaves nothing behind. */
	CU_ASSERT_EQUAL(model_areas(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(model_open_files(), 2);
	close_both();
}

static void
by_address(void)
{
	open_both();
	use(NIC);
	ioas_destroy(space);
	space = NULL;
	close_both();
}

/* A descriptor that was handed in and used stays in use, here and not in another process, until the node is
 * opened again. */
static void
used_before(void)
{
	struct ioas_descriptor given[] = { { backend_node(), 0 }, { unit_node(), 0 } };
	struct ioas_options options = unit_options();
	struct ioas *first;

	open_both();
	given[0].fd = backend_fd;
	given[1].fd = device_fd;
	options.descriptors = given;
	options.n_descriptors = 2;
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &first), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(first, NIC, NULL, &nic), 0);
	CU_ASSERT_EQUAL_FATAL(create(given, 2), 0);
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, unit_backend_is("iommufd")
		? NIC "|/dev/vfio/devices/vfio0 that was handed in has been used before|open the device again"
		: NIC "|its group 0 that was handed in is in use elsewhere in this process");
	ioas_destroy(first);
	/* The kernel forgets the use of a group, but a character device stays bound. */
	if (unit_backend_is("iommufd")) {
		REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, "handed in has been used before");
		ioas_destroy(space);
		ioas_sys->close(device_fd);
		nic_model->open_error = 0;
		given[1].fd = device_fd = ioas_sys->open(unit_node(), O_RDWR);
		CU_ASSERT_EQUAL_FATAL(create(given, 2), 0);
	}
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	ioas_destroy(space);
	space = NULL;
	close_both();
}

/* Nodes that were not handed in are opened. */
static void
only_one(void)
{
	struct ioas_descriptor given = { backend_node(), 0 };

	open_both();
	given.fd = backend_fd;
	ioas_sys->close(device_fd);
	CU_ASSERT_EQUAL_FATAL(create(&given, 1), 0);
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EACCES, NIC "|no permission|hand in a descriptor");
	nic_model->open_error = 0;
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	ioas_destroy(space);
	space = NULL;
	ioas_sys->close(backend_fd);
}

static void
wrong(void)
{
	struct ioas_descriptor given[] = { { backend_node(), 0 }, { unit_node(), 0 } };
	const struct ioas_descriptor nameless = { "", 0 }, closed = { backend_node(), -1 };
	struct model_device *const other = unit_add_device(NIC2, &model_intel39);
	char words[128];

	CU_ASSERT_PTR_NOT_NULL(other);
	open_both();
	REFUSED(create(&nameless, 1), -EINVAL, "handed in for ''|/dev/vfio/devices/vfioN");
	REFUSED(create(&closed, 1), -EINVAL, "descriptor -1");
	given[0].fd = device_fd;
	snprintf(words, sizeof(words), "descriptor %d handed in for %s is of something else", device_fd,
		 backend_node());
	REFUSED(create(given, 1), -EINVAL, words);
	given[0].fd = 12345;
	snprintf(words, sizeof(words), "descriptor 12345 handed in for %s is not open",
		 backend_node());
	REFUSED(create(given, 1), -EBADF, words);
	given[0].fd = backend_fd;
	model_fail(1, 1u << MODEL_OTHER, -EMFILE);
	snprintf(words, sizeof(words), "cannot duplicate the descriptor of %s|Too many open|ulimit -n",
		 backend_node());
	REFUSED(create(given, 1), -EMFILE, words);
	model_fail(0, 0, 0);
	/* The node of another device. */
	given[1].fd = device_fd;
	given[1].name = unit_backend_is("iommufd") ? "/dev/vfio/devices/vfio1" : "/dev/vfio/1";
	CU_ASSERT_EQUAL_FATAL(create(given, 2), 0);
	REFUSED(ioas_attach(space, NIC2, NULL, &nic), -EINVAL, "of something else|hand in one of");
	ioas_destroy(space);
	space = NULL;
	close_both();
}

/* A device that was handed in stays bound after a detach, and the kernel keeps its PASIDs as long. */
static void
pasids_go_with_the_device(void)
{
	struct ioas_attach_options options = { .size = sizeof(options), .hwpt = true, .hwpt_flags = 1u << 3 };

	if (!unit_backend_is("iommufd"))
		return;
	model.pasid = true;
	model.hwpt_flags = options.hwpt_flags;
	open_both();
	use(NIC);
	ioas_detach(nic);
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, &options, &nic), 0);
	for (uint32_t pasid = 1; pasid <= 3; pasid++)
		CU_ASSERT_EQUAL(ioas_attach_pasid(nic, pasid), 0);
	ioas_detach_pasid(nic, 2);
	CU_ASSERT_EQUAL(nic_model->pasids, 2);
	ioas_detach(nic);
	CU_ASSERT_EQUAL(nic_model->pasids, 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	/* It comes back without any PASID. */
	CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, NULL, &nic), 0);
	CU_ASSERT_TRUE(unit_translates(0, MIB(2), ioas_lookup(ioas_table(space), VA(0))));
	ioas_destroy(space);
	space = NULL;
	CU_ASSERT_EQUAL(model_areas(), 0);
	close_both();
}

/* Two spaces use one /dev/iommu. Another thread (or process) attaches a device to one of them whenever a
 * device of a group is about to be opened for the other. */
static const struct ioas_sys *kernel;
static struct ioas *other_space;
static unsigned int others;

static int
ioctl_beside_another(int fd, unsigned long request, void *arg)
{
	struct iommu_vfio_ioas *const ioas = arg;
	struct ioas_device *device;
	const int ret = kernel->ioctl(fd, request, arg);

	if (request == IOMMU_VFIO_IOAS && ioas->op == IOMMU_VFIO_IOAS_SET && others > 0) {
		others--;
		device = ioas_device_find(other_space, NIC2);
		ioas_detach(device);
		CU_ASSERT_EQUAL(ioas_attach(other_space, NIC2, NULL, &device), 0);
	}
	return ret;
}

static void
two_spaces(void)
{
	struct ioas_sys beside;
	struct ioas_descriptor given = { "/dev/iommu", 0 };
	struct ioas_options options = unit_options();
	uint64_t iova;

	if (!unit_backend_is("groups"))
		return;
	unit_add_device(NIC2, &model_intel39);
	kernel = ioas_sys;
	beside = *kernel;
	beside.ioctl = ioctl_beside_another;
	ioas_sys = &beside;
	given.fd = ioas_sys->open("/dev/iommu", O_RDWR);
	options.descriptors = &given;
	options.n_descriptors = 1;
	CU_ASSERT_EQUAL_FATAL(ioas_create(&options, &other_space), 0);
	CU_ASSERT_EQUAL_FATAL(ioas_map(other_space, VA(GIB(8)), MIB(2), NULL), 0);
	unit_create_with(&options, false);
	/* Nothing disturbs the inner attach: the outer one must notice. */
	for (unsigned int times = 0; times <= 3; times++) {
		others = times > 0;
		CU_ASSERT_EQUAL_FATAL(ioas_attach(space, NIC, NULL, &nic), 0);
		CU_ASSERT_EQUAL(others, 0);
		iova = unit_map(0, MIB(2));
		CU_ASSERT_TRUE(unit_translates(0, MIB(2), iova));
		CU_ASSERT_EQUAL(model_attached(), times > 0 ? 2 : 1);
		CU_ASSERT_PTR_NOT_EQUAL(nic_model->ioas, NULL);
		ioas_detach(nic);
		CU_ASSERT_EQUAL(ioas_unmap(space, VA(0), MIB(2)), 1);
	}
	ioas_destroy(other_space);
	ioas_destroy(space);
	space = NULL;
	ioas_sys->close(given.fd);
	ioas_sys = kernel;
}

/* Another process names its IOAS each time. */
static uint32_t other_ioas;

static int
ioctl_always_late(int fd, unsigned long request, void *arg)
{
	const struct iommu_vfio_ioas *const ioas = arg;
	struct iommu_vfio_ioas theirs = {
		.size = sizeof(theirs),
		.ioas_id = other_ioas,
		.op = other_ioas != 0 ? IOMMU_VFIO_IOAS_SET : IOMMU_VFIO_IOAS_CLEAR,
	};
	const int ret = kernel->ioctl(fd, request, arg);

	if (request == IOMMU_VFIO_IOAS && ioas->op == IOMMU_VFIO_IOAS_SET)
		CU_ASSERT_EQUAL(kernel->ioctl(fd, request, &theirs), 0);
	return ret;
}

static void
never_the_last(void)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct ioas_sys late;
	struct ioas_descriptor given = { "/dev/iommu", 0 };

	if (!unit_backend_is("groups"))
		return;
	kernel = ioas_sys;
	late = *kernel;
	late.ioctl = ioctl_always_late;
	ioas_sys = &late;
	given.fd = ioas_sys->open("/dev/iommu", O_RDWR);
	CU_ASSERT_EQUAL_FATAL(kernel->ioctl(given.fd, IOMMU_IOAS_ALLOC, &alloc), 0);
	other_ioas = alloc.out_ioas_id;
	CU_ASSERT_EQUAL_FATAL(create(&given, 1), 0);
	unit_map(0, MIB(2));
	REFUSED(ioas_attach(space, NIC, NULL, &nic), -EBUSY, NIC "|the same /dev/iommu|of its own");
	ioas_destroy(space);
	space = NULL;
	ioas_sys->close(given.fd);
	ioas_sys = kernel;
}

UNIT_MAIN("descriptors",
	  { "PASIDs go with the device", pasids_go_with_the_device },
	  { "two spaces on one /dev/iommu", two_spaces },
	  { "another names its IOAS all the time", never_the_last },
	  { "handed in", handed_in },
	  { "for a device by its address", by_address },
	  { "used before", used_before },
	  { "only one", only_one },
	  { "wrong ones", wrong })
