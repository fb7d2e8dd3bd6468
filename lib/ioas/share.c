/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "share.h"

void
share_create(struct share *share, const struct ioas_sys *sys, uint64_t pages, int node)
{
	*share = (struct share){
		.sys = sys,
		.fd = -1,
		.node = node,
		.page_size = sysconf(_SC_PAGESIZE),
	};
	share->shared = calloc((pages + 63) / 64, sizeof(uint64_t));
	if (share->shared != NULL)
		share->fd = sys->memory_file(SHARE_TEMPLATES * share->page_size, node);
}

void
share_destroy(struct share *share)
{
	if (share->fd >= 0)
		close(share->fd);
	free(share->shared);
}

/* The template of a word, or an unused one; SHARE_TEMPLATES if all are used. */
static unsigned int
find_template(const struct share *share, uint64_t word)
{
	unsigned int unused = SHARE_TEMPLATES;

	for (unsigned int i = 0; i < SHARE_TEMPLATES; i++) {
		if (share->users[i] > 0 && share->words[i] == word)
			return i;
		if (share->users[i] == 0 && unused == SHARE_TEMPLATES)
			unused = i;
	}
	return unused;
}

static bool
fill_template(struct share *share, unsigned int template, uint64_t word)
{
	for (uint64_t at = 0; at < share->page_size; at += sizeof(word) * 512) {
		uint64_t words[512];

		for (unsigned int i = 0; i < 512; i++)
			words[i] = word;
		if (share->sys->write_file(share->fd, words, sizeof(words),
					   template * share->page_size + at) < 0)
			return false;
	}
	share->words[template] = word;
	return true;
}

bool
share_page(struct share *share, void *page, uint64_t index, uint64_t word)
{
	unsigned int template;

	if (share->fd < 0)
		return false;
	template = find_template(share, word);
	if (template == SHARE_TEMPLATES ||
	    (share->users[template] == 0 && !fill_template(share, template, word)) ||
	    share->sys->map_file(page, share->page_size, share->fd,
				 template * share->page_size) < 0)
		return false;
	share->users[template]++;
	share->shared[index / 64] |= UINT64_C(1) << index % 64;
	return true;
}

bool
share_has(const struct share *share, uint64_t index)
{
	return share->fd >= 0 && (share->shared[index / 64] & UINT64_C(1) << index % 64) != 0;
}

bool
share_end(struct share *share, void *page, uint64_t index, bool zero)
{
	const uint64_t bit = UINT64_C(1) << index % 64;

	if (!share_has(share, index))
		return false;
	share->users[find_template(share, *(uint64_t *)page)]--;
	share->shared[index / 64] &= ~bit;
	if (!zero || share->sys->map_zeros(page, share->page_size) < 0)
		return false;
	madvise(page, share->page_size, MADV_NOHUGEPAGE);
	if (share->node >= 0)
		share->sys->bind(page, share->page_size, share->node);
	return true;
}

void
share_reset(struct share *share, uint64_t pages)
{
	if (share->fd < 0)
		return;
	close(share->fd);
	memset(share->users, 0, sizeof(share->users));
	memset(share->shared, 0, (pages + 63) / 64 * sizeof(uint64_t));
	share->fd = share->sys->memory_file(SHARE_TEMPLATES * share->page_size, share->node);
}
