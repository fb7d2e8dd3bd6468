/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Devices of backend iommufd. An attach fails if it would make a range of the allowed list unusable, so the
 * list is cleared before.
 */

#include <errno.h>
#include <string.h>

#include "iommufd.h"
#include "pasid.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

/* More than the number of spaces that attach at the same time. */
#define MAX_ATTEMPTS 100

/* The other causes of EINVAL: no cache coherency, or a cause that the library does not know. */
#define KERNEL_REFUSES "or the kernel cannot give it to user space, and says why in its log (see `dmesg`)"

/* Logs why a character device cannot be bound, and returns the error. */
static int
refuse_bind(const struct ioas_device *device, bool handed_in, const struct ioas_log *log, int error)
{
	struct ioas_range region;

	if (error == -EINVAL && device_is_firmware_bound(device, &region)) {
		device_log_attach_failure(device, log, error);
		return error;
	}
	if (error == -EBUSY)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: its group is in use, by another process or elsewhere in this one: stop that "
			 "(see `fuser -v /dev/vfio/*`); or a device of its group is bound to a kernel "
			 "driver: bind all of them to vfio-pci", device->name);
	else if (error == -EINVAL && handed_in)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: the descriptor of %s that was handed in has been used before, and stays bound "
			 "to an iommufd as long as it is open: open the device again, and hand in that "
			 "descriptor; " KERNEL_REFUSES, device->name, device->cdev);
	else if (error == -EINVAL)
		ioas_log(log, IOAS_LOG_ERR,
			 "%s: it is in use, by another process or elsewhere in this one: stop that (see "
			 "`fuser -v %s`); " KERNEL_REFUSES, device->name, device->cdev);
	else
		device_log_attach_failure(device, log, error);
	return error == -EINVAL ? -EBUSY : error;
}

static int
bind_cdev(struct iommufd *fd, struct ioas_device *device)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = fd->fd };
	const struct ioas_log *const log = fd->backend.log;
	struct node *given;
	int ret;

	device->fd = node_open(fd->backend.nodes, device->cdev, device->name, NULL, log);
	if (device->fd < 0)
		return device->fd;
	/* A descriptor that was handed in stays bound when the duplicate is closed. */
	given = node_given(fd->backend.nodes, device->cdev, device->name);
	if (given != NULL && given->bound) {
		device->id = given->id;
		return 0;
	}
	ret = fd->backend.sys->ioctl(device->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	if (ret < 0)
		return refuse_bind(device, given != NULL, log, ret);
	device->id = bind.out_devid;
	if (given != NULL) {
		given->bound = true;
		given->id = bind.out_devid;
	}
	return 0;
}

static void
close_device(const struct iommufd *fd, struct ioas_device *device)
{
	/* Closing the descriptor also unbinds and detaches the device. */
	if (device->fd >= 0)
		fd->backend.sys->close(device->fd);
	device->fd = -1;
}

int
iommufd_open_device(struct backend *backend, struct ioas_device *device)
{
	struct iommufd *const fd = to_iommufd(backend);
	int ret;

	if (device->cdev[0] == '\0')
		return 0;
	ret = bind_cdev(fd, device);
	if (ret < 0)
		close_device(fd, device);
	return ret;
}

/* Creates a hardware page table of the IOAS for this device alone. */
static int
alloc_hwpt(struct iommufd *fd, struct ioas_device *device, uint32_t flags)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_id = device->id,
		.pt_id = fd->ioas,
	};
	const int ret = iommufd_request(fd, IOMMU_HWPT_ALLOC, &arg);

	if (ret == -EOPNOTSUPP)
		ioas_log(fd->backend.log, IOAS_LOG_ERR,
			 "%s: the kernel or the IOMMU has no hardware page table with flags 0x%x: leave "
			 "flags out", device->name, flags);
	else if (ret < 0)
		device_log_attach_failure(device, fd->backend.log, ret);
	else
		device->hwpt = arg.out_hwpt_id;
	return ret;
}

static int
attach_pt(const struct iommufd *fd, const struct ioas_device *device, uint32_t pt)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = pt };
	const int ret = sys_request(fd->backend.sys, device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);

	if (ret < 0)
		device_log_attach_failure(device, fd->backend.log, ret);
	return ret;
}

static int
attach_cdev(struct iommufd *fd, struct ioas_device *device,
	    const struct ioas_attach_options *options)
{
	int ret = 0;

	if (options->hwpt)
		ret = alloc_hwpt(fd, device, options->hwpt_flags);
	if (ret == 0)
		ret = attach_pt(fd, device, device->hwpt != 0 ? device->hwpt : fd->ioas);
	if (ret < 0 && device->hwpt != 0)
		iommufd_destroy(fd, device->hwpt);
	if (ret < 0)
		close_device(fd, device);
	return ret;
}

static int
vfio_ioas(const struct iommufd *fd, uint32_t op, uint32_t *id)
{
	struct iommu_vfio_ioas arg = { .size = sizeof(arg), .ioas_id = *id, .op = op };
	const int ret = iommufd_request(fd, IOMMU_VFIO_IOAS, &arg);

	*id = arg.ioas_id;
	return ret;
}

/* Names the IOAS to which the kernel attaches devices of groups when it opens them. */
static int
name_ioas(const struct iommufd *fd, const struct ioas_device *device)
{
	uint32_t id = fd->ioas;
	const int ret = vfio_ioas(fd, IOMMU_VFIO_IOAS_SET, &id);

	if (ret < 0)
		ioas_log(fd->backend.log, IOAS_LOG_ERR,
			 "%s: it has no character device, and iommufd takes no groups: %s: use a "
			 "kernel with CONFIG_VFIO_DEVICE_CDEV or CONFIG_VFIO_GROUP, or backend type1",
			 device->name, strerror(-ret));
	return ret;
}

/* Whether the named IOAS is still this one: 1, 0 or a negative errno. No other space names this IOAS, so 1
 * means that no other one was named in between. */
static int
is_named(const struct iommufd *fd)
{
	uint32_t id = 0;
	const int ret = vfio_ioas(fd, IOMMU_VFIO_IOAS_GET, &id);

	/* ENODEV: another IOAS was named, and has been destroyed. */
	return ret == -ENODEV ? 0 : ret < 0 ? ret : id == fd->ioas;
}

/*
 * Opens a device whose group has been entered, after the IOAS was named.
 *
 * The name belongs to the open file /dev/iommu. Other spaces that use the file, under another lock, and other
 * processes name their IOAS there too. If one does so before the open, the kernel attaches the device to the
 * wrong IOAS. Then close the device, before it can do DMA, and open it again. The last one to name its IOAS
 * succeeds.
 */
static int
open_group_device(struct iommufd *fd, struct ioas_device *device,
		  const struct ioas_attach_options *options)
{
	struct backend *const backend = &fd->backend;
	int ret, named;

	for (unsigned int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		ret = group_try_open(backend, device, options);
		named = is_named(fd);
		if (named < 0 && ret == 0)
			ret = named;
		if (named != 0 && ret < 0)
			device_log_attach_failure(device, backend->log, ret);
		if (named > 0)
			return ret;
		close_device(fd, device);
		if (named == 0)
			ret = name_ioas(fd, device);
		if (ret < 0)
			return ret;
	}
	ioas_log(backend->log, IOAS_LOG_ERR,
		 "%s: others attach devices of groups through the same /dev/iommu all the time: give each "
		 "process a /dev/iommu of its own", device->name);
	return -EBUSY;
}

static int
attach_group(struct iommufd *fd, struct ioas_device *device,
	     const struct ioas_attach_options *options)
{
	struct backend *const backend = &fd->backend;
	int ret;

	ret = group_check_options(backend, device, options);
	if (ret == 0)
		ret = name_ioas(fd, device);
	if (ret == 0)
		ret = group_enter(backend, &fd->groups, fd->fd, device);
	if (ret < 0)
		return ret;
	ret = open_group_device(fd, device, options);
	if (ret < 0)
		group_leave(backend, &fd->groups, group_part(device));
	return ret;
}

int
iommufd_attach(struct backend *backend, struct ioas_device *device,
	       const struct ioas_attach_options *options)
{
	struct iommufd *const fd = to_iommufd(backend);
	int ret;

	ret = iommufd_allow(fd, NULL);
	if (ret < 0) {
		device_log_attach_failure(device, backend->log, ret);
		close_device(fd, device);
		return ret;
	}
	return device->cdev[0] != '\0' ? attach_cdev(fd, device, options)
				       : attach_group(fd, device, options);
}

void
iommufd_detach(struct backend *backend, struct ioas_device *device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	/* Closing is not enough: a duplicate of the descriptor in the application keeps the file open, but
	 * DMA must end here. The kernel does not know this call for a device of a group. */
	pasid_detach_all(device);
	if (device->group == NULL)
		backend->sys->ioctl(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	backend->sys->close(device->fd);
	device->fd = -1;
	/* No device uses it any more, even if the kernel has refused to detach. */
	if (device->hwpt != 0)
		iommufd_destroy(to_iommufd(backend), device->hwpt);
	if (device->group != NULL)
		group_leave(backend, &to_iommufd(backend)->groups, group_part(device));
}

int
iommufd_attach_pasid(struct backend *backend, struct ioas_device *device, uint32_t pasid)
{
	if (device->group != NULL)
		return -EOPNOTSUPP;
	return pasid_attach(device, device->hwpt != 0 ? device->hwpt : to_iommufd(backend)->ioas, pasid);
}

void
iommufd_detach_pasid(struct backend *backend, struct ioas_device *device, uint32_t pasid)
{
	(void)backend;
	pasid_detach(device, pasid);
}
