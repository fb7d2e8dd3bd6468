/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_ADDRESSES_H
#define IOAS_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_memory.h>

#include "ioas.h"

/* Queries about addresses that depend on no other part of the plugin. */

/* Notes the addresses of EAL's memory. With EAL's memory lock held. */
void addresses_note_eal(void);
/* Whether an address belongs to EAL's own memory. */
bool address_is_eal(uint64_t va);
/* Whether [va, va + length) is mapped linearly at iova, in a space. */
bool addresses_are_mapped_at(const struct ioas *space, uint64_t va, uint64_t length, rte_iova_t iova);

#endif /* IOAS_ADDRESSES_H */
