/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TAKE_H
#define IOAS_TAKE_H

#include "ioas_bus.h"
#include "role.h"

/* After the bus scan: opens and attaches the devices that EAL allows. Returns the role of this process. */
const struct role *take_devices(const struct bus_ioas_options *options);
/* After the probe: notes the driver of each device. */
void take_note_drivers(void);
/* After that: gives back the devices that no driver wanted. */
void take_give_back(void);

#endif /* IOAS_TAKE_H */
