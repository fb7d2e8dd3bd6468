/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include "role.h"

const struct role *role_current = &role_new;

static void
change(const struct role *to)
{
	__atomic_store_n(&role_current, to, __ATOMIC_RELEASE);
}

void
role_choose(const struct role *chosen)
{
	change(chosen);
}

void
role_start(void)
{
	change(&role_starting);
}

void
role_stand_aside(void)
{
	change(&role_stock);
}

void
role_run(void)
{
	change(&role_primary);
}

void
role_fork(void)
{
	if (role() == &role_primary)
		change(&role_child);
}

void
role_refuse(void)
{
	change(role()->refusal);
}
