/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Nodes that the caller has opened, and the library must not. */

#include <fcntl.h>
#include <stdio.h>

#include "unit.h"

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

/* Opens both nodes, and makes them impossible to open for whoever comes later. */
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
	/* The descriptors are the caller's: a device that has gone can come back, */
	ioas_detach(nic);
	CU_ASSERT_EQUAL(model_attached(), 0);
	CU_ASSERT_EQUAL(ioas_attach(space, NIC, NULL, &nic), 0);
	ioas_destroy(space);
	space = NULL;
	/* and nothing of a space that has gone stays behind. */
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

/* What was handed in and has been used is in use, here and not in another process, until it is opened anew. */
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
	/* The kernel forgets what a group was used for; a character device stays bound. */
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

/* What was not handed in is opened. */
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

UNIT_MAIN("descriptors",
	  { "handed in", handed_in },
	  { "for a device by its address", by_address },
	  { "used before", used_before },
	  { "only one", only_one },
	  { "wrong ones", wrong })
