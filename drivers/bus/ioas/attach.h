/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ATTACH_H
#define IOAS_ATTACH_H

#include "devices.h"

/* Attaches recorded devices, with the lock of the list held. A failure is kept with its device. */
void attach_devices(struct owned_device **list, unsigned int count);

#endif /* IOAS_ATTACH_H */
