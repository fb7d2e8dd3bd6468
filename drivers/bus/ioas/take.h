/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_TAKE_H
#define IOAS_TAKE_H

#include "ioas_bus.h"
#include "role.h"

/* After the buses were scanned: opens and attaches what EAL allows. The role that the plugin plays then. */
const struct role *take_devices(const struct bus_ioas_options *options);
/* After the probe: notes which driver has which device. */
void take_note_drivers(void);
/* Then: gives back what no driver wanted. */
void take_give_back(void);

#endif /* IOAS_TAKE_H */
