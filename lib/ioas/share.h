/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SHARE_H
#define IOAS_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

/*
 * Pages of the flat array that are alike share one page of memory.
 *
 * A page (of 4 KiB) has the entries for 1 GiB. Where one area covers all of it, and its IOVAs are
 * linear, the page is one word 512 times over; all pages with the same word, 1,024 of them for a
 * TiB that is linear, can be one page of memory, a template. The CPU's caches then hold 4 KiB
 * where they had to hold 4 MiB, at no cost to a lookup.
 *
 * The array's page is replaced as a whole while nothing in its GiB is mapped: a reader that looks
 * there all the same reads zeros or words. It stays writable: the kernel copies it when it is stored to,
 * so that what is shared can always be taken out of the table, without a call that could fail.
 */

#define SHARE_TEMPLATES 1024

struct share {
	const struct ioas_sys *sys;
	int fd;                              /* the templates' memory; -1: no sharing */
	int node;                            /* where the array's memory shall be; -1: anywhere */
	uint64_t page_size;                  /* of the CPU, in bytes */
	uint64_t words[SHARE_TEMPLATES];     /* what each template is full of */
	uint32_t users[SHARE_TEMPLATES];     /* pages of the array that are this template */
	uint64_t *shared;                    /* a bit for each page of the array */
};

/* For an array of that many pages, on that node (-1: any). Sharing is a gain that may fail: then
 * share_page() will say no. */
void share_create(struct share *share, const struct ioas_sys *sys, uint64_t pages, int node);
void share_destroy(struct share *share);

/* Makes the index-th page of the array, which reads as zeros, read as words. Whether it does. */
bool share_page(struct share *share, void *page, uint64_t index, uint64_t word);

/* The page is shared no more, if it was, and entries can be stored one by one. With zero it is to read as
 * zeros: true if it does already. */
bool share_end(struct share *share, void *page, uint64_t index, bool zero);

/* Whether the index-th page of the array is a template. */
bool share_has(const struct share *share, uint64_t index);

/* In a child of fork(), where no page is shared any more: the templates are the parent's. */
void share_reset(struct share *share, uint64_t pages);

#endif /* IOAS_SHARE_H */
