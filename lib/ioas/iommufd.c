/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The iommufd interface of the kernel: one IOAS in one /dev/iommu descriptor, devices through
 * their VFIO character devices.
 *
 * The kernel searches for a chosen IOVA first-fit from the bottom, linearly in the number of areas
 * that it passes; therefore the allowed list is narrowed to the window of each map. An attach fails
 * if an allowed range would be lost by it, so the list is cleared before one.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

#define DEV_IOMMU "/dev/iommu"

struct iommufd {
	struct backend backend;
	int fd;
	__u32 ioas;
	bool narrowed; /* the allowed list is not empty */
};

static struct iommufd *
to_iommufd(struct backend *backend)
{
	return container_of(backend, struct iommufd, backend);
}

static int
call(const struct iommufd *fd, unsigned long request, void *arg)
{
	const int ret = fd->backend.sys->ioctl(fd->fd, request, arg);

	return ret < 0 ? ret : 0;
}

static void
log_open_failure(const struct ioas_log *log, int error)
{
	if (error == -ENOENT || error == -ENODEV || error == -ENXIO)
		ioas_log(log, IOAS_LOG_ERR,
			 DEV_IOMMU " does not exist: run `modprobe iommufd`, or use a kernel with "
			 "CONFIG_IOMMUFD (Linux 6.2 or newer)");
	else if (error == -EACCES || error == -EPERM)
		ioas_log(log, IOAS_LOG_ERR,
			 "no permission to open " DEV_IOMMU ": give this user read and write access "
			 "to it (a udev rule, or chown)");
	else
		ioas_log(log, IOAS_LOG_ERR, "cannot open " DEV_IOMMU ": %s", strerror(-error));
}

static int
iommufd_open(const struct ioas_log *log, struct backend **backend)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommufd *fd;
	int ret;

	fd = malloc(sizeof(*fd));
	if (fd == NULL)
		return -ENOMEM;
	*fd = (struct iommufd){
		.backend = { .ops = &iommufd_ops, .sys = ioas_sys, .log = log },
	};
	fd->fd = ioas_sys->open(DEV_IOMMU, O_RDWR | O_CLOEXEC);
	if (fd->fd < 0) {
		ret = fd->fd;
		log_open_failure(log, ret);
		goto err_free;
	}
	ret = call(fd, IOMMU_IOAS_ALLOC, &alloc);
	if (ret < 0) {
		ioas_log(log, IOAS_LOG_ERR, "cannot allocate an I/O address space: %s",
			 strerror(-ret));
		goto err_close;
	}
	fd->ioas = alloc.out_ioas_id;
	*backend = &fd->backend;
	return 0;

err_close:
	ioas_sys->close(fd->fd);
err_free:
	free(fd);
	return ret;
}

static void
iommufd_close(struct backend *backend)
{
	struct iommufd *const fd = to_iommufd(backend);

	/* The kernel takes the IOAS and its maps away with the last descriptor. */
	backend->sys->close(fd->fd);
	free(fd);
}

/* An empty window allows everything. */
static int
allow(struct iommufd *fd, const struct ioas_range *window)
{
	struct iommu_iova_range range = { 0 };
	struct iommu_ioas_allow_iovas allow_iovas = {
		.size = sizeof(allow_iovas),
		.ioas_id = fd->ioas,
		.allowed_iovas = (uintptr_t)&range,
	};
	int ret;

	if (window != NULL) {
		range.start = window->first;
		range.last = window->last;
		allow_iovas.num_iovas = 1;
	} else if (!fd->narrowed) {
		return 0;
	}
	ret = call(fd, IOMMU_IOAS_ALLOW_IOVAS, &allow_iovas);
	if (ret == 0)
		fd->narrowed = window != NULL;
	return ret;
}

static int
open_cdev(struct backend *backend, struct ioas_device *device)
{
	const int fd = backend->sys->open(device->cdev, O_RDWR | O_CLOEXEC);

	if (fd == -EACCES || fd == -EPERM)
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "%s: no permission to open %s: give this user read and write access to it "
			 "(a udev rule, or chown)", device->name, device->cdev);
	else if (fd == -EBUSY)
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "%s: %s is in use by another process: stop it (see `fuser -v %s`)",
			 device->name, device->cdev, device->cdev);
	else if (fd < 0)
		ioas_log(backend->log, IOAS_LOG_ERR, "%s: cannot open %s: %s", device->name,
			 device->cdev, strerror(-fd));
	return fd;
}

static int
iommufd_attach(struct backend *backend, struct ioas_device *device)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = fd->fd };
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = fd->ioas,
	};
	int ret;

	device->fd = open_cdev(backend, device);
	if (device->fd < 0)
		return device->fd;
	ret = backend->sys->ioctl(device->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	/* EBUSY is for a group that is open; a cdev that another descriptor has bound is EINVAL. */
	if (ret == -EINVAL)
		ret = -EBUSY;
	if (ret < 0) {
		if (ret == -EBUSY)
			ioas_log(backend->log, IOAS_LOG_ERR,
				 "%s: the device or its group is in use by another process: stop it "
				 "(see `fuser -v %s /dev/vfio/*`); or a device of its group is bound "
				 "to a kernel driver: bind all of them to vfio-pci", device->name,
				 device->cdev);
		else if (ret == -EPERM)
			ioas_log(backend->log, IOAS_LOG_ERR,
				 "%s: the kernel refuses to bind it to iommufd (EPERM): a device of "
				 "its IOMMU group is bound to a kernel driver or held by another "
				 "process (bind all of them to vfio-pci), or the platform does not "
				 "isolate interrupts (iommufd.allow_unsafe_interrupts=1 accepts "
				 "that)", device->name);
		else
			ioas_log(backend->log, IOAS_LOG_ERR, "%s: cannot bind it to iommufd: %s",
				 device->name, strerror(-ret));
		goto err_close;
	}
	ret = allow(fd, NULL);
	if (ret == 0)
		ret = backend->sys->ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (ret < 0) {
		if (ret == -EADDRINUSE)
			ioas_log(backend->log, IOAS_LOG_ERR,
				 "%s: it reserves IOVAs that are mapped already: attach it before "
				 "memory is mapped, or keep them free with a window", device->name);
		else if (ret == -ENOMEM)
			ioas_log(backend->log, IOAS_LOG_ERR,
				 "%s: cannot attach it: not enough memory, or RLIMIT_MEMLOCK is too "
				 "small for what is mapped: raise it (`ulimit -l`)", device->name);
		else
			ioas_log(backend->log, IOAS_LOG_ERR,
				 "%s: cannot attach it to the I/O address space: %s", device->name,
				 strerror(-ret));
		goto err_close;
	}
	return 0;

err_close:
	/* Closing the descriptor also unbinds. */
	backend->sys->close(device->fd);
	device->fd = -1;
	return ret;
}

static void
iommufd_detach(struct backend *backend, struct ioas_device *device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	/* Closing would do, but a descriptor that the application has duplicated keeps the file
	 * open; DMA must end here all the same. */
	backend->sys->ioctl(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	backend->sys->close(device->fd);
	device->fd = -1;
}

static int
map(struct iommufd *fd, uint64_t va, uint64_t length, __u32 flags, uint64_t *iova)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE | flags,
		.ioas_id = fd->ioas,
		.user_va = va,
		.length = length,
		.iova = *iova,
	};
	const int ret = call(fd, IOMMU_IOAS_MAP, &arg);

	*iova = arg.iova;
	return ret;
}

static int
iommufd_map(struct backend *backend, uint64_t va, uint64_t length, struct ioas_range window,
	    uint64_t *iova)
{
	struct iommufd *const fd = to_iommufd(backend);
	int ret;

	ret = allow(fd, &window);
	if (ret < 0)
		return ret;
	*iova = 0;
	return map(fd, va, length, 0, iova);
}

static int
iommufd_map_fixed(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	return map(to_iommufd(backend), va, length, IOMMU_IOAS_MAP_FIXED_IOVA, &iova);
}

static int
iommufd_unmap(struct backend *backend, uint64_t iova, uint64_t length)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = fd->ioas,
		.iova = iova,
		.length = length,
	};

	return call(fd, IOMMU_IOAS_UNMAP, &unmap);
}

static int
iommufd_ranges(struct backend *backend, struct ioas_range *ranges, unsigned int n,
	       uint64_t *alignment)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = fd->ioas,
		.num_iovas = n,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret;

	_Static_assert(sizeof(struct ioas_range) == sizeof(struct iommu_iova_range) &&
		       offsetof(struct ioas_range, last) == offsetof(struct iommu_iova_range, last),
		       "struct ioas_range has the kernel's layout");
	/* EMSGSIZE: filled as far as it went, and num_iovas says how many there are. */
	ret = call(fd, IOMMU_IOAS_IOVA_RANGES, &arg);
	if (ret < 0 && ret != -EMSGSIZE)
		return ret;
	*alignment = arg.out_iova_alignment;
	return arg.num_iovas;
}

const struct backend_ops iommufd_ops = {
	.name = "iommufd",
	.open = iommufd_open,
	.close = iommufd_close,
	.attach = iommufd_attach,
	.detach = iommufd_detach,
	.map = iommufd_map,
	.map_fixed = iommufd_map_fixed,
	.unmap = iommufd_unmap,
	.ranges = iommufd_ranges,
};
