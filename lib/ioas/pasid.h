/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_PASID_H
#define IOAS_PASID_H

#include "backend.h"

/*
 * PASIDs of devices with a character device. The kernel forgets them when the device is unbound, but not when
 * it is detached. A detached device that stays bound would keep its PASIDs in the space that it has left.
 */

/* Attaches a PASID to an IOAS or a HWPT of the iommufd that the device is bound to. -EINVAL, -EOPNOTSUPP,
 * -ENOMEM, or the kernel's answer. */
int pasid_attach(struct ioas_device *device, uint32_t pt, uint32_t pasid);

/* Detaches a PASID that was attached; ignores any other. */
void pasid_detach(struct ioas_device *device, uint32_t pasid);

void pasid_detach_all(struct ioas_device *device);

#endif /* IOAS_PASID_H */
