/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_IOMMUFD_H
#define IOAS_IOMMUFD_H

#include "group.h"

/* Shared by the two parts of backend iommufd: iommufd.c has the IOAS and its maps, iommufd_devices.c the
 * devices. */

struct iommufd {
	struct backend backend;
	int fd;
	uint32_t ioas;
	bool narrowed; /* the allowed list is not empty */
	struct group *groups;
};

static inline struct iommufd *
to_iommufd(struct backend *backend)
{
	return container_of(backend, struct iommufd, backend);
}

static inline int
iommufd_request(const struct iommufd *fd, unsigned long request, void *arg)
{
	return sys_request(fd->backend.sys, fd->fd, request, arg);
}

/* Restricts the IOVAs that the kernel chooses to a window; NULL: to none. */
int iommufd_allow(struct iommufd *fd, const struct ioas_range *window);

/* Destroys an object of the iommufd. */
void iommufd_destroy(const struct iommufd *fd, uint32_t id);

/* Operations of the backend. */
int iommufd_open_device(struct backend *backend, struct ioas_device *device);
int iommufd_attach(struct backend *backend, struct ioas_device *device, const struct ioas_attach_options *options);
void iommufd_detach(struct backend *backend, struct ioas_device *device);
int iommufd_attach_pasid(struct backend *backend, struct ioas_device *device, uint32_t pasid);
void iommufd_detach_pasid(struct backend *backend, struct ioas_device *device, uint32_t pasid);

#endif /* IOAS_IOMMUFD_H */
