/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "ledger.h"
#include <linux/vfio.h>

static int
check_group(struct backend *backend, const struct ioas_device *device, int fd)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int ret;

	ret = backend->sys->ioctl(fd, VFIO_GROUP_GET_STATUS, &status);
	if (ret < 0) {
		ioas_log(backend->log, IOAS_LOG_ERR, "%s: cannot read the state of its group: %s",
			 device->name, strerror(-ret));
		return ret;
	}
	if ((status.flags & VFIO_GROUP_FLAGS_CONTAINER_SET) != 0) {
		ioas_log(backend->log, IOAS_LOG_ERR,
			 "%s: the descriptor of its group %d that was handed in is in use elsewhere in this "
			 "process, or by another one, or a device of the group is still open there: end that",
			 device->name, device->group_number);
		return -EBUSY;
	}
	if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) != 0)
		return 0;
	ioas_log(backend->log, IOAS_LOG_ERR,
		 "%s: its IOMMU group %d is not viable: a device of it is bound to a kernel driver: "
		 "bind all of %s/iommu_group/devices to vfio-pci, or to no driver", device->name,
		 device->group_number, device->sysfs);
	return -EPERM;
}

static int
set_container(struct backend *backend, const struct ioas_device *device, int fd, int container)
{
	struct ioas_range region;
	int ret;

	ret = backend->sys->ioctl(fd, VFIO_GROUP_SET_CONTAINER, &container);
	if (ret >= 0)
		return 0;
	/* type1 returns EINVAL if the group's reserved regions contain a map. */
	if (ret == -EINVAL && backend->ledger->areas > 0 && !device_is_firmware_bound(device, &region))
		ret = -EADDRINUSE;
	device_log_attach_failure(device, backend->log, ret);
	return ret;
}

int
group_enter(struct backend *backend, struct group **groups, int container,
	    struct ioas_device *device)
{
	struct group *group = *groups;
	char path[32];
	int ret;

	while (group != NULL && group->number != device->group_number)
		group = group->next;
	if (group == NULL) {
		group = calloc(1, sizeof(*group));
		if (group == NULL)
			return ioas_no_memory(backend->log, "open a group");
		group->number = device->group_number;
		snprintf(path, sizeof(path), "/dev/vfio/%d", group->number);
		group->fd = node_open(backend->nodes, path, device->name, NULL, backend->log);
		if (group->fd < 0) {
			ret = group->fd;
			goto err_free;
		}
		ret = check_group(backend, device, group->fd);
		if (ret == 0)
			ret = set_container(backend, device, group->fd, container);
		if (ret < 0)
			goto err_close;
		group->next = *groups;
		*groups = group;
	}
	group->n_devices++;
	device->group = group;
	return 0;

err_close:
	backend->sys->close(group->fd);
err_free:
	free(group);
	return ret;
}

int
group_check_options(struct backend *backend, const struct ioas_device *device,
		    const struct ioas_attach_options *options)
{
	if (!options->hwpt)
		return 0;
	ioas_log(backend->log, IOAS_LOG_ERR,
		 "%s: a hardware page table of its own takes backend iommufd and a character device",
		 device->name);
	return -EOPNOTSUPP;
}

/* The kernel expects a VF token after the name. */
static int
open_with_token(struct backend *backend, const struct ioas_device *device, const unsigned char *token)
{
	char name[sizeof(device->name) + 48];
	size_t n;

	n = snprintf(name, sizeof(name), "%s vf_token=", device->name);
	for (unsigned int i = 0; i < 16; i++)
		n += snprintf(name + n, sizeof(name) - n, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", token[i]);
	return backend->sys->ioctl(device->group->fd, VFIO_GROUP_GET_DEVICE_FD, name);
}

int
group_try_open(struct backend *backend, struct ioas_device *device,
	       const struct ioas_attach_options *options)
{
	int ret = -EINVAL;

	if (options->vf_token != NULL)
		ret = open_with_token(backend, device, options->vf_token);
	/* The kernel refuses a token for a device that needs none. */
	if (ret < 0)
		ret = backend->sys->ioctl(device->group->fd, VFIO_GROUP_GET_DEVICE_FD, device->name);
	if (ret < 0)
		return ret;
	device->fd = ret;
	return 0;
}

int
group_open_device(struct backend *backend, struct ioas_device *device,
		  const struct ioas_attach_options *options)
{
	const int ret = group_try_open(backend, device, options);

	if (ret < 0)
		device_log_attach_failure(device, backend->log, ret);
	return ret;
}

struct group *
group_part(struct ioas_device *device)
{
	struct group *const group = device->group;

	device->group = NULL;
	return --group->n_devices == 0 ? group : NULL;
}

void
group_leave(struct backend *backend, struct group **groups, struct group *group)
{
	struct group **link = groups;

	if (group == NULL)
		return;
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	/* The kernel refuses while the application has the device's registers mapped. It then does so itself
	 * with the last of these maps. */
	backend->sys->ioctl(group->fd, VFIO_GROUP_UNSET_CONTAINER, NULL);
	backend->sys->close(group->fd);
	free(group);
}
