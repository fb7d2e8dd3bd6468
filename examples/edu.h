/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef EDU_H
#define EDU_H

#include <stdbool.h>
#include <stdint.h>

/* How much of its buffer of 4 KiB is used here. */
#define EDU_BUFFER 2048
/* What QEMU's "-device edu" reaches; more with its option dma_mask. */
#define EDU_LAST_IOVA ((UINT64_C(1) << 28) - 1)

/*
 * QEMU's device "edu", opened through VFIO: it has a buffer, and copies between that and any IOVA on
 * demand, one DMA at a time, which takes it a tenth of a second.
 */
struct edu {
	volatile uint8_t *bar;
	uint64_t bar_size;
};

/* Maps the registers of an open VFIO device and lets it do DMA; what is wrong, or NULL. */
const char *edu_open(struct edu *edu, int fd);

/* Stops its DMA and unmaps its registers. */
void edu_close(struct edu *edu, int fd);

/* Starts a copy between the buffer, from this byte on, and an IOVA. Not while it is busy. */
void edu_start(const struct edu *edu, unsigned int at, uint64_t iova, unsigned int length,
	       bool to_memory);

/* Whether a copy is under way. */
bool edu_busy(const struct edu *edu);

/* Starts a copy and waits for its end; false if the device does not end. */
bool edu_dma(const struct edu *edu, unsigned int at, uint64_t iova, unsigned int length,
	     bool to_memory);

#endif /* EDU_H */
