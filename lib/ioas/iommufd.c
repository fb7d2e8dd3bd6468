/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The iommufd interface of the kernel: one IOAS in one /dev/iommu descriptor, devices through
 * their VFIO character devices, or through their groups where they have none (Linux 6.2 to 6.5, and
 * later without CONFIG_VFIO_DEVICE_CDEV): then the descriptor takes the place of the container.
 *
 * The kernel searches for a chosen IOVA first-fit from the bottom, linearly in the number of areas
 * that it passes; therefore the allowed list is narrowed to the window of each map. An attach fails
 * if an allowed range would be lost by it, so the list is cleared before one.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "pasid.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

#define DEV_IOMMU "/dev/iommu"

/* More than there are others who attach at the same time. */
#define MAX_ATTEMPTS 100

struct iommufd {
	struct backend backend;
	int fd;
	__u32 ioas;
	bool narrowed; /* the allowed list is not empty */
	struct group *groups;
};

static struct iommufd *
to_iommufd(struct backend *backend)
{
	return container_of(backend, struct iommufd, backend);
}

static int
iommufd_request(const struct iommufd *fd, unsigned long request, void *arg)
{
	return sys_request(fd->backend.sys, fd->fd, request, arg);
}

/* The descriptor, or a negative errno after a log line. */
static int
open_iommu(const struct backend *with)
{
	if (with->beside == NULL)
		return node_open(with->nodes, DEV_IOMMU, NULL, "run `modprobe iommufd`, or use a "
				 "kernel with CONFIG_IOMMUFD (Linux 6.2 or newer)", with->log);
	return node_duplicate(with->sys, to_iommufd(with->beside)->fd, DEV_IOMMU, with->log);
}

static int
iommufd_open(const struct backend *with, struct backend **backend)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommufd *fd;
	int ret;

	fd = malloc(sizeof(*fd));
	if (fd == NULL)
		return ioas_no_memory(with->log, "open backend iommufd");
	*fd = (struct iommufd){ .backend = *with };
	fd->backend.ops = &iommufd_ops;
	if (spapr_is_here(with->sys)) {
		ioas_log(with->log, IOAS_LOG_ERR,
			 "iommufd cannot translate for devices on POWER: use backend spapr");
		ret = -EOPNOTSUPP;
		goto err_free;
	}
	fd->fd = open_iommu(with);
	if (fd->fd < 0) {
		ret = fd->fd;
		goto err_free;
	}
	ret = iommufd_request(fd, IOMMU_IOAS_ALLOC, &alloc);
	if (ret < 0) {
		ioas_log(with->log, IOAS_LOG_ERR, "cannot allocate an I/O address space: %s",
			 strerror(-ret));
		goto err_close;
	}
	fd->ioas = alloc.out_ioas_id;
	*backend = &fd->backend;
	return 0;

err_close:
	with->sys->close(fd->fd);
err_free:
	free(fd);
	return ret;
}

static void
destroy(const struct iommufd *fd, uint32_t id)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = id };

	iommufd_request(fd, IOMMU_DESTROY, &arg);
}

static void
iommufd_close(struct backend *backend)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_unmap all = {
		.size = sizeof(all),
		.ioas_id = fd->ioas,
		.length = UINT64_MAX,
	};

	/* A device that the application keeps open, through a descriptor or a map of its registers, can
	 * keep the IOAS: then it is empty. The kernel would take it away with the last descriptor
	 * only, which may be the caller's, or that of a space that goes on. */
	iommufd_request(fd, IOMMU_IOAS_UNMAP, &all);
	destroy(fd, fd->ioas);
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
	ret = iommufd_request(fd, IOMMU_IOAS_ALLOW_IOVAS, &allow_iovas);
	if (ret == 0)
		fd->narrowed = window != NULL;
	return ret;
}

/* The other causes of EINVAL: no cache coherency, or one that is not known here. */
#define KERNEL_REFUSES "or the kernel cannot give it to user space, and says why in its log (see `dmesg`)"

/* Says why a character device cannot be bound, and returns the error. */
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
	/* What was handed in stays bound when we close our duplicate. */
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
	/* Closing the descriptor also unbinds, and detaches. */
	if (device->fd >= 0)
		fd->backend.sys->close(device->fd);
	device->fd = -1;
}

static int
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

/* A hardware page table of the IOAS for this device alone. */
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
		destroy(fd, device->hwpt);
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

/* Names the IOAS that the kernel attaches devices of groups to when it opens them. */
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

/* Whether the IOAS is still the one that was named: 1, 0 or a negative errno. Only this space names this one, so
 * no other one was named in between. */
static int
is_named(const struct iommufd *fd)
{
	uint32_t id = 0;
	const int ret = vfio_ioas(fd, IOMMU_VFIO_IOAS_GET, &id);

	/* ENODEV: another one was named, and has been destroyed. */
	return ret == -ENODEV ? 0 : ret < 0 ? ret : id == fd->ioas;
}

/*
 * Opens a device whose group has been entered, after the IOAS was named.
 *
 * The name belongs to the open file /dev/iommu. Other spaces that have it, under a lock of their own, and other
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

static int
iommufd_attach(struct backend *backend, struct ioas_device *device,
	       const struct ioas_attach_options *options)
{
	struct iommufd *const fd = to_iommufd(backend);
	int ret;

	ret = allow(fd, NULL);
	if (ret < 0) {
		device_log_attach_failure(device, backend->log, ret);
		close_device(fd, device);
		return ret;
	}
	return device->cdev[0] != '\0' ? attach_cdev(fd, device, options)
				       : attach_group(fd, device, options);
}

static void
iommufd_detach(struct backend *backend, struct ioas_device *device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	/* Closing would do, but a descriptor that the application has duplicated keeps the file
	 * open; DMA must end here all the same. A device of a group does not know the call. */
	pasid_detach_all(device);
	if (device->group == NULL)
		backend->sys->ioctl(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	backend->sys->close(device->fd);
	device->fd = -1;
	/* Now nothing uses it, even if the kernel has refused to detach. */
	if (device->hwpt != 0)
		destroy(to_iommufd(backend), device->hwpt);
	if (device->group != NULL)
		group_leave(backend, &to_iommufd(backend)->groups, group_part(device));
}

static int
iommufd_attach_pasid(struct backend *backend, struct ioas_device *device, uint32_t pasid)
{
	if (device->group != NULL)
		return -EOPNOTSUPP;
	return pasid_attach(device, device->hwpt != 0 ? device->hwpt : to_iommufd(backend)->ioas, pasid);
}

static void
iommufd_detach_pasid(struct backend *backend, struct ioas_device *device, uint32_t pasid)
{
	(void)backend;
	pasid_detach(device, pasid);
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
	const int ret = iommufd_request(fd, IOMMU_IOAS_MAP, &arg);

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
iommufd_unmap(struct backend *backend, uint64_t va, uint64_t length, uint64_t iova)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = fd->ioas,
		.iova = iova,
		.length = length,
	};

	(void)va;
	return iommufd_request(fd, IOMMU_IOAS_UNMAP, &unmap);
}

static int
iommufd_ranges(struct backend *backend, struct ioas_range *ranges, uint64_t *pages, unsigned int n,
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
	ret = iommufd_request(fd, IOMMU_IOAS_IOVA_RANGES, &arg);
	if (ret < 0 && ret != -EMSGSIZE)
		return ret;
	*alignment = arg.out_iova_alignment;
	(void)pages;
	return arg.num_iovas;
}

static int
iommufd_copy(struct backend *backend, struct backend *from, uint64_t from_iova, uint64_t length,
	     uint64_t iova)
{
	struct iommufd *const fd = to_iommufd(backend);
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.dst_ioas_id = fd->ioas,
		.src_ioas_id = to_iommufd(from)->ioas,
		.length = length,
		.dst_iova = iova,
		.src_iova = from_iova,
	};

	return iommufd_request(fd, IOMMU_IOAS_COPY, &arg);
}

/* As in Linux 6.13; the imported header is older. */
#define MAP_FILE _IO(IOMMUFD_TYPE, 0x8f)
#define CHANGE_PROCESS _IO(IOMMUFD_TYPE, 0x92)

/* Whether the kernel has a call: with an argument that has no room for anything it does nothing. */
static bool
knows(const struct iommufd *fd, unsigned long request)
{
	__u32 size = sizeof(size);

	return iommufd_request(fd, request, &size) == -EINVAL;
}

static bool
tracks_dirty(const struct iommufd *fd, const struct ioas_device *device)
{
	struct iommu_hw_info info = { .size = sizeof(info), .dev_id = device->id };

	return device->group == NULL && iommufd_request(fd, IOMMU_GET_HW_INFO, &info) == 0 &&
	       (info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING) != 0;
}

static unsigned int
iommufd_features(struct backend *backend, const struct ioas_device *devices)
{
	const struct iommufd *const fd = to_iommufd(backend);
	unsigned int features = devices == NULL ? 0 : IOAS_FEATURE_DIRTY_TRACKING;

	if (knows(fd, MAP_FILE))
		features |= IOAS_FEATURE_MAP_FILE;
	if (knows(fd, CHANGE_PROCESS))
		features |= IOAS_FEATURE_CHANGE_PROCESS;
	for (; devices != NULL; devices = devices->next)
		if (!tracks_dirty(fd, devices))
			features &= ~IOAS_FEATURE_DIRTY_TRACKING;
	return features;
}

const struct backend_ops iommufd_ops = {
	.name = "iommufd",
	.kernel_chooses = true,
	.unmappable = ", or it is a device's registers (a BAR), which iommufd does not map by their address: "
		"use backend type1",
	.open = iommufd_open,
	.close = iommufd_close,
	.open_device = iommufd_open_device,
	.attach = iommufd_attach,
	.detach = iommufd_detach,
	.attach_pasid = iommufd_attach_pasid,
	.detach_pasid = iommufd_detach_pasid,
	.map = iommufd_map,
	.map_fixed = iommufd_map_fixed,
	.unmap = iommufd_unmap,
	.copy = iommufd_copy,
	.features = iommufd_features,
	.ranges = iommufd_ranges,
};
