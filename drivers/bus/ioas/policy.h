/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_POLICY_H
#define IOAS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_bus.h>

/* Sets the user's mode: RTE_IOVA_PA (kernel-chosen), RTE_IOVA_VA, or RTE_IOVA_DC (no preference). */
void policy_user_wants(enum rte_iova_mode mode);
/* The mode for EAL. wanted: the mode that the drivers demand according to the buses; VA if one of them needs
 * IOVA=VA. */
enum rte_iova_mode policy_mode(enum rte_iova_mode wanted);
/* Whether a driver demands IOVA=VA, but IOVAs are chosen. */
bool policy_refuses_drivers(void);
/* Applies the earlier demands, before memory is mapped and after EAL's mode is known. 0 or -1. */
int policy_start(void);
/* Whether these addresses can be IOVAs (IOVA=VA). 0, or -1 after a log line. */
int policy_check_va(uint64_t va, uint64_t length);
/* Maps memory at the IOVA that EAL's mode demands: equal to the address if the user has asked for that, by
 * the plugin's option or by EAL's. 0, or negative after a log line. */
int policy_map(void *va, uint64_t length);
/* The seams for DMA masks; original is EAL's check. */
void policy_set_mask(uint8_t bits);
/* For roles in which memory is mapped; will be mapped; is not mapped by this process. */
int policy_check_mask(uint8_t bits, int (*original)(uint8_t bits));
int policy_note_mask(uint8_t bits, int (*original)(uint8_t bits));
int policy_check_mask_of_stock(uint8_t bits, int (*original)(uint8_t bits));

#endif /* IOAS_POLICY_H */
