/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef EDU_H
#define EDU_H

#include <stdbool.h>
#include <stdint.h>

/* The part of its buffer of 4 KiB that the examples use. */
#define EDU_BUFFER 2048
/* The reach of QEMU's "-device edu"; its option dma_mask extends it. */
#define EDU_LAST_IOVA ((UINT64_C(1) << 28) - 1)

/*
 * QEMU's device "edu", opened through VFIO. It has a buffer, and copies between the buffer and any IOVA on
 * command, one DMA at a time. A DMA takes a tenth of a second.
 */
struct edu {
	volatile uint8_t *bar;
	uint64_t bar_size;
};

/* Maps the registers of an open VFIO device and enables DMA. Returns NULL, or what is wrong. */
const char *edu_open(struct edu *edu, int fd);

/* Stops its DMA and unmaps its registers. */
void edu_close(struct edu *edu, int fd);

/* Starts a copy between the buffer, from byte at on, and an IOVA. Not while the device is busy. */
void edu_start(const struct edu *edu, unsigned int at, uint64_t iova, unsigned int length,
	       bool to_memory);

/* Whether a copy is in progress. */
bool edu_busy(const struct edu *edu);

/* Starts a copy and waits for its end; false if it does not end. */
bool edu_dma(const struct edu *edu, unsigned int at, uint64_t iova, unsigned int length,
	     bool to_memory);

#endif /* EDU_H */
