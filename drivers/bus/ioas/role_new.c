/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The first scan of the buses chooses the role. Until then the plugin does nothing.
 */

#include <rte_eal.h>

#include "ioas_bus.h"
#include "role.h"
#include "role_stock.h"
#include "secondary.h"
#include "take.h"

static int
scan(void)
{
	struct bus_ioas_options options;
	const struct role *chosen;
	int ret;

	if (bus_ioas_parse_options(bus_ioas_environment(), &options) < 0) {
		role_refuse();
		return -1;
	}
	ret = stock_scan();
	if (ret != 0) {
		role_refuse();
		return ret;
	}
	chosen = rte_eal_process_type() == RTE_PROC_SECONDARY ? secondary_join() : take_devices(&options);
	role_choose(chosen);
	return chosen == &role_refused ? -1 : 0;
}

const struct role role_new = {
	STOCK_SEAMS,
	.refusal = &role_refused,
	.scan = scan,
	.probe = stock_probe,
	.setup = stock_setup,
};
