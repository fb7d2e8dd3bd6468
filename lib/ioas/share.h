/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SHARE_H
#define IOAS_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

/*
 * Equal pages of the flat array share one page of memory.
 *
 * A page (of 4 KiB) has the entries for 1 GiB. If one area covers all of it with linear IOVAs, the page
 * repeats one word 512 times. All pages with the same word can be one page of memory, a template: 1,024 pages
 * for a linear TiB. The CPU's caches then hold 4 KiB instead of 4 MiB, at no cost to a lookup.
 *
 * The page is replaced as a whole while nothing in its GiB is mapped: a reader that looks there nevertheless
 * reads zeros or words. The page stays writable: the kernel copies it at the first store. Therefore shared
 * entries can always be removed from the table without a call that could fail.
 */

#define SHARE_TEMPLATES 1024

struct share {
	const struct ioas_sys *sys;
	int fd;                              /* memory of the templates; -1: no sharing */
	int node;                            /* node for the array's memory; -1: any */
	uint64_t page_size;                  /* of the CPU, in bytes */
	uint64_t words[SHARE_TEMPLATES];     /* the word that fills each template */
	uint32_t users[SHARE_TEMPLATES];     /* number of pages of the array that are this template */
	uint64_t *shared;                    /* one bit for each page of the array */
};

/* For an array of that many pages, on that node (-1: any). Sharing is optional: if this fails, share_page()
 * returns false. */
void share_create(struct share *share, const struct ioas_sys *sys, uint64_t pages, int node);
void share_destroy(struct share *share);

/* Makes the index-th page of the array, which reads as zeros, read as words. Returns whether it does. */
bool share_page(struct share *share, void *page, uint64_t index, uint64_t word);

/* Ends the sharing of a page, so that entries can be stored one by one. With zero, a page that was shared
 * also reads as zeros afterwards. Returns whether it was shared and reads as zeros now. */
bool share_end(struct share *share, void *page, uint64_t index, bool zero);

/* Whether the index-th page of the array is a template. */
bool share_has(const struct share *share, uint64_t index);

/* In a child of fork(): no page is shared any more, because the templates belong to the parent. */
void share_reset(struct share *share, uint64_t pages);

#endif /* IOAS_SHARE_H */
