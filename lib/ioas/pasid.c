/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <stdlib.h>

#include "pasid.h"
#include <linux/vfio.h>

#define MAX_PASID ((1u << 20) - 1)

/* As in Linux 6.15; the imported header is older. A kernel that does not know the flag returns EINVAL. */
#define WITH_PASID (1u << 0)

struct attach_pasid {
	__u32 argsz, flags, pt_id, pasid;
};

struct detach_pasid {
	__u32 argsz, flags, pasid;
};

/* An attached PASID. */
struct pasid {
	struct pasid *next;
	uint32_t number;
};

/* The link to that PASID, or the end of the list. */
static struct pasid **
find_pasid(struct ioas_device *device, uint32_t number)
{
	struct pasid **link = &device->pasids;

	while (*link != NULL && (*link)->number != number)
		link = &(*link)->next;
	return link;
}

int
pasid_attach(struct ioas_device *device, uint32_t pt, uint32_t number)
{
	struct attach_pasid arg = {
		.argsz = sizeof(arg),
		.flags = WITH_PASID,
		.pt_id = pt,
		.pasid = number,
	};
	struct pasid **const link = find_pasid(device, number), *pasid = *link;
	int ret;

	if (number == 0 || number > MAX_PASID)
		return -EINVAL;
	if (pasid == NULL)
		pasid = calloc(1, sizeof(*pasid));
	if (pasid == NULL)
		return -ENOMEM;
	ret = device->sys->ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);
	if (ret >= 0) {
		pasid->number = number;
		*link = pasid;
		return 0;
	}
	if (*link == NULL)
		free(pasid);
	return ret == -EINVAL || ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

void
pasid_detach(struct ioas_device *device, uint32_t number)
{
	struct detach_pasid arg = { .argsz = sizeof(arg), .flags = WITH_PASID, .pasid = number };
	struct pasid **const link = find_pasid(device, number), *const pasid = *link;

	if (pasid == NULL)
		return;
	device->sys->ioctl(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
	*link = pasid->next;
	free(pasid);
}

void
pasid_detach_all(struct ioas_device *device)
{
	while (device->pasids != NULL)
		pasid_detach(device, device->pasids->number);
}
