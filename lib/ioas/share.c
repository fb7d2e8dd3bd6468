/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "share.h"

void
share_create(struct share *share, const struct ioas_sys *sys, uint64_t pages, int node)
{
	const uint64_t page_size = sysconf(_SC_PAGESIZE);

	*share = (struct share){ .sys = sys, .fd = -1, .node = node,
				.page_size = page_size };
	share->template_of = sys->reserve(pages * sizeof(*share->template_of),
					  PROT_READ | PROT_WRITE);
	if (share->template_of == NULL)
		return;
	share->fd = sys->memory_file(SHARE_TEMPLATES * page_size, (void **)&share->templates);
	if (share->fd >= 0 && node >= 0)
		sys->bind(share->templates, SHARE_TEMPLATES * page_size, node);
}

void
share_destroy(struct share *share, uint64_t pages)
{
	if (share->fd >= 0) {
		munmap(share->templates, SHARE_TEMPLATES * share->page_size);
		close(share->fd);
	}
	if (share->template_of != NULL)
		munmap(share->template_of, pages * sizeof(*share->template_of));
}

/* The template of a word, filled if it is new; SHARE_TEMPLATES if all are in use. */
static unsigned int
find_template(struct share *share, uint64_t word)
{
	const uint64_t words = share->page_size / sizeof(word);
	unsigned int unused = SHARE_TEMPLATES;

	for (unsigned int i = 0; i < SHARE_TEMPLATES; i++) {
		if (share->users[i] == 0 && unused == SHARE_TEMPLATES)
			unused = i;
		else if (share->users[i] > 0 && share->templates[i * words] == word)
			return i;
	}
	for (uint64_t i = 0; unused < SHARE_TEMPLATES && i < words; i++)
		share->templates[unused * words + i] = word;
	return unused;
}

bool
share_page(struct share *share, void *page, uint64_t index, uint64_t word)
{
	unsigned int template;

	if (share->fd < 0)
		return false;
	template = find_template(share, word);
	if (template == SHARE_TEMPLATES ||
	    share->sys->map_file(page, share->page_size, share->fd,
				 template * share->page_size) < 0)
		return false;
	share->users[template]++;
	share->template_of[index] = template + 1;
	return true;
}

bool
share_end(struct share *share, void *page, uint64_t index)
{
	if (share->fd < 0 || share->template_of[index] == 0)
		return false;
	/* Should the kernel have no new page to put there, the old one becomes private. */
	if (share->sys->map_zeros(page, share->page_size) < 0) {
		mprotect(page, share->page_size, PROT_READ | PROT_WRITE);
		memset(page, 0, share->page_size);
	} else {
		madvise(page, share->page_size, MADV_NOHUGEPAGE);
		if (share->node >= 0)
			share->sys->bind(page, share->page_size, share->node);
	}
	share->users[share->template_of[index] - 1]--;
	share->template_of[index] = 0;
	return true;
}
