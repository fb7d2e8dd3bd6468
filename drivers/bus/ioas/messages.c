/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <rte_string_fns.h>

#include "messages.h"

void
message_sign(struct message *message)
{
	message->version = MESSAGE_VERSION;
	strlcpy(message->release, BUS_IOAS_RELEASE, sizeof(message->release));
}
