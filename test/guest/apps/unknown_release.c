/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* For --wrap=rte_version: a static DPDK of an unknown release. */

const char *__wrap_rte_version(void);

const char *
__wrap_rte_version(void)
{
	return "DPDK 99.11.0";
}
