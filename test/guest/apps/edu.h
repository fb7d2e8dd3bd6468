/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef EDU_H
#define EDU_H

#include <stdbool.h>
#include <stdint.h>

/*
 * QEMU's device "edu", opened through VFIO: it has a buffer of 4 KiB, and copies between that and any
 * IOVA on demand.
 */
struct edu {
	volatile uint8_t *bar;
};

/* Maps the registers of an open VFIO device and lets it do DMA; what failed, or NULL. */
const char *edu_open(struct edu *edu, int fd);

/* Copies 64 bytes between the buffer and an IOVA; false if the device does not end. */
bool edu_dma(const struct edu *edu, uint64_t iova, bool to_memory);

#endif /* EDU_H */
