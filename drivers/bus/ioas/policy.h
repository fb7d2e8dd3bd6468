/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_POLICY_H
#define IOAS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_bus.h>

/* What the user demands: RTE_IOVA_PA (chosen), RTE_IOVA_VA, or RTE_IOVA_DC: nothing. */
void policy_user_wants(enum rte_iova_mode mode);
/* The mode for EAL. wanted: what the drivers demand, as the buses say it, VA if one of them needs IOVAs equal
 * to addresses. */
enum rte_iova_mode policy_mode(enum rte_iova_mode wanted);
/* Whether such a driver is there, but IOVAs are chosen. */
bool policy_refuses_drivers(void);
/* Before memory is mapped, once EAL's mode is known: what was demanded until then. 0 or -1. */
int policy_start(void);
/* Whether IOVAs equal to these addresses can be had. 0, or -1 after a log line. */
int policy_check_va(uint64_t va, uint64_t length);
/* Maps memory at the IOVA that EAL's mode asks for: equal to the address if the user wants that, by our option
 * or by EAL's. 0, or negative after a log line. */
int policy_map(void *va, uint64_t length);
/* The seams for DMA masks; original is EAL's check. */
void policy_set_mask(uint8_t bits);
/* Where memory is mapped; where it is going to be; where the plugin does nothing. */
int policy_check_mask(uint8_t bits, int (*original)(uint8_t bits));
int policy_note_mask(uint8_t bits, int (*original)(uint8_t bits));
int policy_check_mask_of_stock(uint8_t bits, int (*original)(uint8_t bits));

#endif /* IOAS_POLICY_H */
