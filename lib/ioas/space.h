/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SPACE_H
#define IOAS_SPACE_H

#include <pthread.h>

#include "backend.h"
#include "ledger.h"
#include "placement.h"
#include "table.h"

struct ioas {
	struct table table;
	pthread_mutex_t lock;
	struct ioas_log log;
	struct backend *backend;
	struct nodes nodes;
	struct ioas_device *devices;
	unsigned int n_devices;
	struct ledger ledger;
	struct placement placement;
};

#endif /* IOAS_SPACE_H */
